/**
 * @file
 * Server-sent events as bytes (WHATWG HTML §9.2.5): the lines of an event and of a comment.
 *
 * Pure functions, any thread, no allocation. Every text may hold what a peer has sent: none can begin a line of its own.
 */
#ifndef WM_PROTO_HTTP_EVENT_STREAM_H
#define WM_PROTO_HTTP_EVENT_STREAM_H

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm::http {

/// An event. A view without a pointer is a field that it does not have.
struct Event {
    std::string_view id = {};   ///< empty: the client forgets its last id
    std::string_view type = {}; ///< empty: none, which is "message"
    int64_t retry_ms = -1;      ///< < 0: none
    std::string_view data = {}; ///< each of its lines gets a field
};

/// nullptr, or the error (static text).
const char *check_event(const Event &event);
/// The size of what write_event() writes.
size_t event_size(const Event &event);
/// Writes the fields and the blank line. Returns the bytes written.
size_t write_event(char *out, const Event &event);

/// The same for a comment, which clients ignore.
const char *check_comment(std::string_view text);
size_t comment_size(std::string_view text);
size_t write_comment(char *out, std::string_view text);

/// An empty comment: what shows a silent connection to be alive.
inline constexpr std::string_view kEmptyComment = ":\n\n";

} // namespace wm::http

#endif
