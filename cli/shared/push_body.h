/**
 * @file
 * Builds lines for the push server's inner port from command line arguments and standard input: the counterpart of json_scan.h.
 *
 * Values are copied byte for byte, never reprinted: 20-digit integers, 1.50 and \/ arrive unchanged. One object per target. Any thread.
 */
#ifndef WM_CLI_PUSH_BODY_H
#define WM_CLI_PUSH_BODY_H

#include <cstddef>
#include <string>
#include <string_view>

namespace wm {

/// The longest line that the server accepts, without its LF.
inline constexpr size_t kMaxPushBytes = size_t{1} << 20;

class PushBody {
public:
    // The caller has checked uids, groups and keys: 1 to 255 bytes of UTF-8.

    /// What happens at a page that reads too slowly, as a member of "wm" with its comma; empty: what the server does.
    using Slow = std::string;
    /// The last message of the key alone waits for it.
    static Slow latest_of(std::string_view key);
    /// Once it is far behind, it is closed; or the oldest that waits for it is dropped.
    static Slow close_slow() { return R"(,"slow":"close")"; }
    static Slow drop_oldest() { return R"(,"slow":"drop_oldest")"; }

    /// Lines for the pages of one uid, which get the same with any `slow`.
    static PushBody to_uid(std::string_view uid, const Slow &slow = {});
    /// Lines for the pages of a group, but not for those of the uid `except`; empty: for all of them.
    static PushBody to_group(std::string_view group, std::string_view except, const Slow &slow = {});
    /// Lines for every page.
    static PushBody to_all(const Slow &slow = {});

    /// Builds a line, without LF, from one JSON value. An object gets the uid after its opening brace; any other value goes into "data".
    /// A body between < and > may use < and > as braces. On false, `error` names the mistake, its position and a remedy.
    bool build(std::string_view body, std::string &line, std::string &error) const;

    /// Builds a line from one line of text: an object is a body as above, anything else becomes {"line":TEXT}.
    bool build_from_text(std::string_view text, std::string &line, std::string &error) const;

private:
    PushBody(std::string target, bool is_uid) : target_(std::move(target)), is_uid_(is_uid) {}

    bool build_value(std::string_view body, bool angles, std::string &line, std::string &error) const;
    bool splice_uid(std::string_view object, bool empty, std::string &line, std::string &error) const;
    bool wrap_value(std::string_view value, std::string &line, std::string &error) const;
    bool wrap_line(std::string &line, std::string &error) const;

    std::string target_; ///< the member that names it: "uid":"NAME", or "wm":{...} beside "data"
    bool is_uid_;
    std::string outer_ = {}; ///< of a uid, with a wish in "wm": what stands before the line that its pages get
};

/// Copies a body. If its first and last non-blank bytes are < and >, replaces every < and > outside JSON strings by { and }, so that
/// offsets stay the same. Returns whether it did.
bool convert_angles(std::string_view body, std::string &out);

} // namespace wm

#endif
