/**
 * @file
 * The strict JSON scan of wm-serve push and wm-push: what a line of the inner port means, and what kind of text a body is.
 *
 * RFC 8259, one text with nothing after it, valid UTF-8, at most kMaxDepth nested containers. The text is borrowed and never written;
 * all views point into it or into the caller's buffers. Nothing is allocated. Any thread.
 */
#ifndef WM_CLI_JSON_SCAN_H
#define WM_CLI_JSON_SCAN_H

#include "shared/json_reader.h"
#include "shared/scan_error.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm {

/// Buffer for a uid with escapes, which has to be decoded.
using UidScratch = char[kMaxUidBytes];

/// What a line of the inner port, or the body of a POST /push, means.
struct PushLine {
    PushLine() = default;
    PushLine(const PushLine &) = delete; // its views may point into it
    PushLine &operator=(const PushLine &) = delete;

    enum class Kind : uint8_t {
        kInvalid,   ///< none of the others; see error and offset
        kPush,      ///< send the whole line, or `data` if there is one, to the pages of `uid` or `uids`
        kGroup,     ///< send `data` to the pages of `group`, but not to those of `except`
        kBroadcast, ///< send `data` to every page
        kJoin,      ///< the pages of `uid` or `uids` join `group`
        kLeave,     ///< they leave it
        kOnline,    ///< count the pages of `uid` or `uids`
        kKick,      ///< close them with `code` and `text`
        kTicket,    ///< make a ticket for the page of `uid`
        kExplain,   ///< from here on, say why a line fails
        kNotifyEnd, ///< say `end` before the connection ends
    };
    /// What happens to it at a page that reads too slowly.
    enum class Slow : uint8_t {
        kDefault,    ///< what --slow says
        kClose,      ///< once its queue is full, the page is closed
        kDropOldest, ///< once its queue is full, the oldest that waits is dropped
    };
    Kind kind = Kind::kInvalid;
    Slow slow = Slow::kDefault; ///< of what is sent, without a key
    ScanError error = ScanError::kNone;
    bool plain = false;      ///< kPush of the whole line to one uid, and nothing more
    bool json_reply = false; ///< "wm" has "reply":"json", whatever else the line is, if it was read so far
    int32_t code = 0;        ///< a close code that an endpoint may send; 0: none was given
    size_t offset = 0;       ///< of the error, in bytes from the start of the line
    std::string_view uid;    ///< decoded, 1 to 255 bytes of UTF-8, NUL allowed
    std::string_view uids;   ///< in place of uid: the list as written, of 1 to kMaxUids elements, for each_uid
    std::string_view group;  ///< as uid
    std::string_view except; ///< as uid; empty: nobody
    std::string_view key;    ///< as uid, of what is sent: of those that wait for a page the newest alone is kept; empty: none
    std::string_view text;   ///< decoded, at most kMaxCloseText bytes
    std::string_view data;   ///< a VALUE, byte for byte, without surrounding blanks

    /// Why the line is kInvalid. Static text.
    const char *reason() const { return scan_error_text(error); }

    UidScratch uid_buffer; ///< for those strings that have escapes
    UidScratch group_buffer;
    UidScratch except_buffer;
    UidScratch key_buffer;
    char text_buffer[kMaxCloseText];
};

/// Parses one line without its LF into `out`, a new one; blanks around the object are allowed. Names may contain escapes. An integer uid
/// stands for its digits as written. Beside a uid "wm" may have "reply", and "slow" or "key"; a "wm" with a cmd holds all but "data", which
/// stands beside it.
void scan_push_line(const char *text, size_t len, PushLine &out);

/// Reads the value of a uid, which has been checked. kNone, or its error.
ScanError read_uid(const JsonValue &value, UidScratch &scratch, std::string_view &uid);

/// Calls visit(uid) for each uid of a list that scan_push_line has taken, also for those that come twice.
template <class Visit> void each_uid(std::string_view list, Visit visit)
{
    UidScratch scratch;
    JsonReader<JsonBounds::kGuarded>(list.data(), list.size()).read_array([&](const JsonValue &value) {
        std::string_view uid;
        read_uid(value, scratch, uid);
        visit(uid);
    });
}

/// The uid in the top-level member `key`, 1 to 64 bytes, of a text that must be one object. The rules are those of a push line; its
/// other members are not looked at.
ScanError scan_uid_member(const char *text, size_t len, std::string_view key, UidScratch &scratch, std::string_view &uid);

/// The kind and the relevant members of a JSON text.
struct TextShape {
    ScanError error = ScanError::kNone; ///< kNone: valid JSON
    size_t offset = 0;                  ///< of the error
    JsonKind kind = JsonKind::kLiteral;
    size_t start = 0; ///< offset of the value
    size_t len = 0;   ///< length of the value without surrounding blanks
    bool empty_object = false;
    bool has_uid = false; ///< an object with a top-level "uid" of any type
    bool has_wm = false;
    size_t name_offset = 0; ///< offset of the first of these names
};

/// Checks and classifies a text.
TextShape scan_text(const char *text, size_t len);

} // namespace wm

#endif
