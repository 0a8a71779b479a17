#include "core/log.h"

#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <mutex>
#include <unistd.h>

namespace wm {

namespace {

std::mutex sink_mutex;
wm_log_fn sink = nullptr;
void *sink_user = nullptr;
wm_destroy_fn sink_destroy = nullptr;

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

void to_standard_error(int32_t level, const char *text)
{
    char stamp[40];
    time_t now = time(nullptr);
    struct tm local;
    localtime_r(&now, &local);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S%z", &local);
    fprintf(stderr, "%s %d %s: %s\n", stamp, static_cast<int>(getpid()), level_name(level), text);
}

} // namespace

void log(int32_t level, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (written < 0)
        return;
    size_t len = static_cast<size_t>(written) < sizeof text ? static_cast<size_t>(written) : sizeof text - 1;
    std::lock_guard<std::mutex> lock(sink_mutex);
    if (sink)
        sink(level, text, len, sink_user);
    else
        to_standard_error(level, text);
}

int set_log(wm_log_fn fn, void *user, wm_destroy_fn destroy)
{
    wm_destroy_fn old_destroy;
    void *old_user;
    {
        std::lock_guard<std::mutex> lock(sink_mutex);
        old_destroy = sink_destroy;
        old_user = sink_user;
        sink = fn;
        sink_user = user;
        sink_destroy = destroy;
    }
    if (old_destroy)
        old_destroy(old_user);
    return 0;
}

bool LogThrottle::due(int64_t now_ms, uint64_t *suppressed)
{
    if (now_ms - last_ms_ < 1000) {
        suppressed_++;
        return false;
    }
    last_ms_ = now_ms;
    *suppressed = suppressed_;
    suppressed_ = 0;
    return true;
}

} // namespace wm
