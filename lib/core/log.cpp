#include "core/log.h"

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <mutex>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace wm {

namespace {

constexpr size_t kLine = kMaxLogText + 128;

std::mutex sink_mutex;
wm_log_fn sink = nullptr;
void *sink_user = nullptr;
wm_destroy_fn sink_destroy = nullptr;

LogSinks sinks;
std::atomic<int32_t> least_level{WM_LOG_INFO};
bool full_called = false;
uint64_t lost = 0; ///< lines that could not be written to the file
int lost_errno = 0;

const char *level_name(int32_t level)
{
    switch (level) {
    case WM_LOG_DEBUG:
        return "debug";
    case WM_LOG_INFO:
        return "info";
    case WM_LOG_WARN:
        return "warning";
    default:
        return "error";
    }
}

/// "2026-11-24T21:48:42+0000 4711 info: text\n"; the length.
size_t format_line(char *out, size_t size, int32_t level, const char *text)
{
    char stamp[40];
    time_t now = time(nullptr);
    struct tm local;
    localtime_r(&now, &local);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S%z", &local);
    int len = snprintf(out, size, "%s %d %s: %s\n", stamp, static_cast<int>(getpid()), level_name(level), text);
    return len < 0 ? 0 : static_cast<size_t>(len) < size ? static_cast<size_t>(len) : size - 1;
}

/// Writes a whole line; false with errno if it is lost.
bool append(const char *line, size_t len)
{
    ssize_t written = write(sinks.file, line, len);
    if (written == static_cast<ssize_t>(len))
        return true;
    if (written < 0)
        return false;
    ssize_t ended = write(sinks.file, "\n", 1); // the disk is full: end the partial line, so that the next one stands alone
    (void)ended;
    errno = ENOSPC;
    return false;
}

void to_file(const char *line, size_t len)
{
    if (lost > 0) {
        char text[200], note[kLine];
        snprintf(text, sizeof text, "%llu lines before this one were lost: %s", static_cast<unsigned long long>(lost),
                 strerror(lost_errno));
        if (append(note, format_line(note, sizeof note, WM_LOG_WARN, text)))
            lost = 0;
    }
    if (lost > 0 || !append(line, len)) {
        lost++;
        lost_errno = errno;
    }
}

/// Drops the line if standard error is not writable: a stopped terminal or a full pipe must not block the
/// loop.
void to_console(const char *line, size_t len)
{
    struct pollfd ready = {STDERR_FILENO, POLLOUT, 0};
    if (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT))
        return;
    ssize_t written = write(STDERR_FILENO, line, len);
    (void)written; // closed since poll: the line is lost
}

void to_sinks(int32_t level, const char *text)
{
    char line[kLine];
    size_t len = format_line(line, sizeof line, level, text);
    if (level >= sinks.console_level)
        to_console(line, len);
    if (sinks.file >= 0)
        to_file(line, len);
}

bool grew_over()
{
    struct stat status;
    return sinks.file >= 0 && sinks.max_size > 0 && !full_called && fstat(sinks.file, &status) == 0 && S_ISREG(status.st_mode) &&
           status.st_size > sinks.max_size;
}

/// Blanks control characters, so that text from a peer cannot start a second line.
void to_one_line(char *text)
{
    for (; *text; text++)
        if (static_cast<unsigned char>(*text) < ' ' || *text == 0x7f)
            *text = ' ';
}

} // namespace

void set_log_level(int32_t level)
{
    least_level.store(level, std::memory_order_relaxed);
}

void log(int32_t level, const char *format, ...)
{
    if (level < least_level.load(std::memory_order_relaxed))
        return;
    char text[kMaxLogText];
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (written < 0)
        return;
    to_one_line(text);
    void (*full)(void *) = nullptr;
    void *owner = nullptr;
    {
        std::lock_guard<std::mutex> lock(sink_mutex);
        if (sink) {
            sink(level, text, strlen(text), sink_user);
            return;
        }
        to_sinks(level, text);
        if (grew_over()) {
            full_called = true;
            full = sinks.full;
            owner = sinks.owner;
        }
    }
    if (full)
        full(owner);
}

void log_exception(const char *where, const char *what)
{
    static std::mutex mutex;
    static LogThrottle throttle;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    LogThrottle line;
    {
        std::lock_guard<std::mutex> lock(mutex);
        if (!throttle.due(int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000))
            return;
        line = throttle;
    }
    line.log(WM_LOG_ERROR, "%s in %s", what, where); // outside the lock: the host's log function may get here again
}

void set_log_sinks(const LogSinks &changed)
{
    std::lock_guard<std::mutex> lock(sink_mutex);
    sinks = changed;
    full_called = false;
}

const LogSinks &log_sinks()
{
    return sinks;
}

int set_log(wm_log_fn fn, void *user, wm_destroy_fn destroy)
{
    wm_destroy_fn old_destroy;
    void *old_user;
    {
        std::lock_guard<std::mutex> lock(sink_mutex);
        old_destroy = std::exchange(sink_destroy, destroy);
        old_user = std::exchange(sink_user, user);
        sink = fn;
    }
    if (old_destroy)
        old_destroy(old_user);
    return 0;
}

bool LogThrottle::due(int64_t now_ms)
{
    if (now_ms - last_ms_ < 1000) {
        suppressed_++;
        return false;
    }
    last_ms_ = now_ms;
    told_ = suppressed_;
    suppressed_ = 0;
    return true;
}

void LogThrottle::log(int32_t level, const char *format, ...) const
{
    char text[kMaxLogText];
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (written < 0)
        return;
    if (told_ == 0)
        wm::log(level, "%s", text);
    else
        wm::log(level, "%s (%llu more since the last line)", text, static_cast<unsigned long long>(told_));
}

} // namespace wm
