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

inline constexpr int32_t kLogNothing = WM_LOG_ERROR + 1;

/// Where lines go while the host has set no function of its own.
struct LogSinks {
    int file = -1;                        ///< appended to, with one write(2) a line; -1: none. Not owned
    int32_t console_level = WM_LOG_DEBUG; ///< from this level on standard error too
    /// Told when the file has grown over max_size bytes (0: no limit), once until the sinks are set again.
    int64_t max_size = 0;
    void (*full)(void *owner) = nullptr;
    void *owner = nullptr;
};

void set_log_sinks(const LogSinks &sinks);
const LogSinks &log_sinks();

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
