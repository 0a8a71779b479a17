/**
 * @file
 * Makes lines of the push server's inner port out of what people type and pipe. The other direction of json_scan.h.
 *
 * A value is copied as it was written and never reprinted: 20 digit integers, 1.50 and \/ arrive unchanged. One object for one target;
 * it is not changed by building. One thread at a time for one `line`.
 */
#ifndef WM_CLI_PUSH_BODY_H
#define WM_CLI_PUSH_BODY_H

#include <cstddef>
#include <string>
#include <string_view>

namespace wm {

/// What the server takes as one line, without its LF.
inline constexpr size_t kMaxPushBytes = size_t{1} << 20;

class PushBody {
public:
    /// Lines for the pages of one uid: UTF-8 of 1 to 255 bytes, which the caller has checked.
    static PushBody to_uid(std::string_view uid);
    /// Lines for every page.
    static PushBody to_all();

    /// Makes a line, without LF, of one JSON value. An object gets the uid after its first brace, any other value goes into "data".
    /// A body between < and > may have < and > for its braces. False: error says what is wrong, where, and what would be right.
    bool build(std::string_view body, std::string &line, std::string &error) const;

    /// Makes a line of one line of input, of any text: an object is a body as above, anything else becomes {"line":TEXT}.
    bool build_from_text(std::string_view text, std::string &line, std::string &error) const;

private:
    explicit PushBody(std::string uid_member) : uid_member_(std::move(uid_member)) {}

    bool build_value(std::string_view body, bool angles, std::string &line, std::string &error) const;
    bool splice_uid(std::string_view object, bool empty, std::string &line, std::string &error) const;
    bool wrap_value(std::string_view value, std::string &line, std::string &error) const;

    std::string uid_member_; ///< "uid":"NAME", empty for every page
};

/// The braces of a body whose first and last non-blank bytes are < and >: every < and > outside JSON strings. Other bodies are copied.
/// Returns whether it was such a body. No byte moves.
bool convert_angles(std::string_view body, std::string &out);

} // namespace wm

#endif
