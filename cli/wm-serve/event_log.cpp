#include "wm-serve/event_log.h"

#include "wm/conn.h"
#include "wm/log.h"

#include <ctime>
#include <utility>

namespace wm::serve {

void log_debug(const std::string &text)
{
    wm_log(WM_LOG_DEBUG, text.data(), text.size());
}

std::string peer_name(wm_conn conn)
{
    char address[128];
    int len = wm_conn_remote_address(conn, address, sizeof address);
    if (len > 0)
        return {address, static_cast<size_t>(len)};
    return len == 0 ? "a unix socket" : "a peer that has left";
}

bool ThrottledWarning::due()
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    int64_t now_ms = int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1000000;
    if (now_ms - last_ms_ < 1000) {
        suppressed_++;
        return false;
    }
    last_ms_ = now_ms;
    told_ = std::exchange(suppressed_, 0);
    return true;
}

void ThrottledWarning::log(const std::string &text) const
{
    std::string line = told_ == 0 ? text : text + " (" + std::to_string(told_) + " more since the last line)";
    wm_log(WM_LOG_WARN, line.data(), line.size());
}

void warn_of_long_head(ThrottledWarning &warning, wm_conn conn, std::string_view why, int64_t max_header)
{
    if (why.ends_with("max_header_bytes") && warning.due())
        warning.log("refused " + peer_name(conn) + ": the head of its request, with its cookies, is longer than " +
                    std::to_string(max_header) + " bytes: --max-header takes more");
}

} // namespace wm::serve
