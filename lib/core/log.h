/**
 * @file
 * The library's log: one line an event, to the file and console of LogSinks or to the host's function. Any
 * thread.
 */
#ifndef WM_CORE_LOG_H
#define WM_CORE_LOG_H

#include "wm/log.h"

#include <cstddef>
#include <cstdint>

namespace wm {

/// A line's text is cut there, its NUL included.
inline constexpr size_t kMaxLogText = 1024;

void log(int32_t level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// Drops lines below that level from here on, in the whole process. Any thread.
void set_log_level(int32_t level);

inline constexpr int32_t kLogNothing = WM_LOG_ERROR + 1;

/// Where lines go while the host has no log function of its own.
struct LogSinks {
    int file = -1;                        ///< receives each line by one write(2); -1: none. Not owned
    int32_t console_level = WM_LOG_DEBUG; ///< lines of this level and above go to standard error too
    /// `full` is called once the file is larger than max_size bytes (0: no limit), and not again until the
    /// sinks are set.
    int64_t max_size = 0;
    void (*full)(void *owner) = nullptr;
    void *owner = nullptr;
};

void set_log_sinks(const LogSinks &sinks);
const LogSinks &log_sinks();

/// Logs an exception that has ended some work early: at most one line a second. Any thread.
void log_exception(const char *where, const char *what);

int set_log(wm_log_fn fn, void *user, wm_destroy_fn destroy);

/// Limits a log line to one a second. The caller owns one for each event that a peer can cause at will.
class LogThrottle {
public:
    /// Whether a line may be logged now; the caller then calls log(), or leaves it.
    bool due(int64_t now_ms);
    /// Logs the line, with how many were not logged since the last one.
    void log(int32_t level, const char *format, ...) const __attribute__((format(printf, 3, 4)));

private:
    int64_t last_ms_ = -1000;
    uint64_t suppressed_ = 0; ///< since the last line
    uint64_t told_ = 0;       ///< by the line that is due
};

} // namespace wm

#endif
