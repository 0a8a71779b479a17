/**
 * @file
 * Lines of the log about what peers do, through wm_log. One thread.
 */
#ifndef WM_SERVE_EVENT_LOG_H
#define WM_SERVE_EVENT_LOG_H

#include "wm/types.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace wm::serve {

void log_debug(const std::string &text);

/// "127.0.0.1:40404", or "a unix socket".
std::string peer_name(wm_conn conn);

/// Warns of an event that a peer can cause at will: at most one line a second. One object for each kind of event.
class ThrottledWarning {
public:
    /// Whether a line is due: only then its text needs to be made. Counts the event otherwise.
    bool due();
    /// Logs the line that is due, with how many were left out.
    void log(const std::string &text) const;

private:
    int64_t last_ms_ = -1000;
    uint64_t suppressed_ = 0; ///< since the last line
    uint64_t told_ = 0;       ///< by the line that is due
};

/// Warns of a head that the library has refused with 431, if `why`, the text of the error, says that; the flag is not known to the library.
void warn_of_long_head(ThrottledWarning &warning, wm_conn conn, std::string_view why, int64_t max_header);

} // namespace wm::serve

#endif
