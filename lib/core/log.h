/**
 * @file
 * The library's log: one line an event, to standard error or to the function that the host has set. Any thread.
 */
#ifndef WM_CORE_LOG_H
#define WM_CORE_LOG_H

#include "wm/log.h"

#include <cstdint>

namespace wm {

void log(int32_t level, const char *format, ...) __attribute__((format(printf, 2, 3)));

int set_log(wm_log_fn fn, void *user, wm_destroy_fn destroy);

/// Lets one line a second through; the caller's own, for events that a peer can cause at will.
class LogThrottle {
public:
    /// True when a line is due; *suppressed is how many were swallowed since the last.
    bool due(int64_t now_ms, uint64_t *suppressed);

private:
    int64_t last_ms_ = -1000;
    uint64_t suppressed_ = 0;
};

} // namespace wm

#endif
