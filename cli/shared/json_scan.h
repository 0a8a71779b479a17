/**
 * @file
 * The strict JSON scan of wm-serve push and wm-push: what a line of the inner port means, and what kind of text a body is.
 *
 * RFC 8259, one text with nothing after it, valid UTF-8, at most kMaxDepth nested containers. The text is borrowed and never written;
 * all views point into it or into the caller's scratch. Nothing is allocated. Any thread.
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
    enum class Kind : uint8_t {
        kInvalid,   ///< not a JSON object with exactly one valid uid; see error and offset
        kPush,      ///< send the whole line to the pages of `uid`
        kBroadcast, ///< send `data` to every page
        kNotifyEnd, ///< say `end` before the connection ends
        kReserved,  ///< any other use of a top-level "wm"; error is kReserved, offset its position
    };
    Kind kind = Kind::kInvalid;
    ScanError error = ScanError::kNone;
    bool json_reply = false; ///< "wm" has "reply":"json", whatever else the line is, if it was read so far
    size_t offset = 0;       ///< of the error, in bytes from the start of the line
    std::string_view uid;    ///< decoded, 1 to 255 bytes of UTF-8, NUL allowed; may point into the scratch
    std::string_view data;   ///< the VALUE of a broadcast, byte for byte, without surrounding blanks

    /// Why the line is kInvalid or kReserved. Static text.
    const char *reason() const { return scan_error_text(error); }
};

/// Parses one line without its LF; blanks around the object are allowed. Names may contain escapes. An integer uid stands for its digits
/// as written. Beside a uid "wm" may be {"reply":"json"}; with {"cmd":"broadcast"} it may have that reply, too.
/// {"wm":{"cmd":"notify_end"}} stands alone.
PushLine scan_push_line(const char *line, size_t len, UidScratch &scratch);

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
