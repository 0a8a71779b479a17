/**
 * @file
 * The lines of an access log: what a request was, and how it was answered, as text that no peer can make two lines of. Any thread.
 */
#ifndef WM_SESSION_HTTP_ACCESS_LINE_H
#define WM_SESSION_HTTP_ACCESS_LINE_H

#include "session/http/access_time.h"

#include <climits>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string_view>

namespace wm {

/// What a request says of itself, as it came. Empty: it does not.
struct AccessRequest {
    std::string_view ip;      ///< "unix:" of a unix socket; empty: not known
    std::string_view method;  ///< empty: the target is a request line that is none, as far as it came
    std::string_view target;  ///< empty with an empty method: nothing came
    std::string_view version; ///< "HTTP/1.1"
    std::string_view referer, user_agent, host;
};

/// What the library knows of it and of its answer.
struct AccessAnswer {
    int status;
    uint64_t bytes;          ///< of the body
    int64_t duration_us;     ///< from the end of the request's head to the end of its answer
    struct timespec when;    ///< the end of its answer, in the time of the realtime clock
    std::string_view worker; ///< its name
    uint64_t conn;           ///< the connection's id
};

// The most bytes that a field takes in a line, with its escapes; a longer one ends in "...".
inline constexpr size_t kMaxAccessIp = 46;
inline constexpr size_t kMaxAccessMethod = 32;
inline constexpr size_t kMaxAccessTarget = 2048;
inline constexpr size_t kMaxAccessVersion = 16;
inline constexpr size_t kMaxAccessReferer = 768;
inline constexpr size_t kMaxAccessUserAgent = 512;
inline constexpr size_t kMaxAccessHost = 256;
inline constexpr size_t kMaxAccessWorker = 64;

/// The most bytes of a line: a pipe takes it whole or not at all.
inline constexpr size_t kMaxAccessLine = PIPE_BUF;

/// The request of an invalid head: its first line, taken apart if that can be done, and the fields as far as they came.
AccessRequest read_invalid_head(std::string_view seen);

/// Writes a line of the combined format with its newline into out of kMaxAccessLine bytes; returns its length. `time` has the texts of the
/// line before, and then of this one. Octets outside of printable ASCII, '"' and '\' are "\xHH", as nginx writes them.
size_t write_combined_line(char *out, const AccessRequest &request, const AccessAnswer &answer, AccessTime &time);
/// The same as a JSON object. Control characters, also those of Unicode, and octets that are not UTF-8 are "\u00XX".
size_t write_json_line(char *out, const AccessRequest &request, const AccessAnswer &answer, AccessTime &time);

} // namespace wm

#endif
