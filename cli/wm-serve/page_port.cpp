#include "wm-serve/page_port.h"

#include <algorithm>
#include <cstring>
#include <ctime>
#include <string_view>

namespace wm::serve {

namespace {

constexpr int32_t kPolicyViolation = 1008;
constexpr int32_t kTryAgainLater = 1013;
constexpr size_t kMaxUid = 255;

char named; // its address as a connection's user pointer: the page has a uid

int64_t now_ms()
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1000000;
}

void close_page(wm_conn conn, int32_t code, const char *why)
{
    wm_conn_close(conn, code, why, strlen(why));
}

} // namespace

bool PagePort::setup(wm_worker *worker, wm_hub *hub, const PushOptions &options)
{
    app_ = wm_worker_app(worker);
    hub_ = hub;
    options_ = &options;
    return wm_worker_set_int(worker, "max_message", options.max_page_message) == 0 &&
           wm_worker_set_int(worker, "max_send_buffer", std::max<int64_t>(options.max_push, 1 << 20)) == 0 &&
           wm_worker_set_int(worker, "max_connections", options.max_pages) == 0 &&
           wm_worker_set_int(worker, "max_per_ip", options.max_per_ip) == 0 &&
           wm_worker_set_int(worker, "ping_interval_ms", options.ping_ms) == 0 &&
           wm_worker_set_int(worker, "pong_timeout_ms", options.pong_timeout_ms) == 0 &&
           wm_worker_on_handshake(worker, handshake, this, nullptr) == 0 && wm_worker_on_open(worker, open, this, nullptr) == 0 &&
           wm_worker_on_message(worker, message, this, nullptr) == 0 && wm_worker_on_error(worker, error, this, nullptr) == 0;
}

/// Browsers always send Origin. A client without one is not a web page, and could send any origin.
bool PagePort::allows(wm_request request) const
{
    const void *origin = nullptr;
    size_t len = 0;
    if (options_->origins.empty() || wm_request_header(request, "Origin", &origin, &len) != 1)
        return true;
    std::string_view given(static_cast<const char *>(origin), len);
    return std::find(options_->origins.begin(), options_->origins.end(), given) != options_->origins.end();
}

int32_t PagePort::handshake(wm_worker *, wm_conn, wm_request request, void *self)
{
    return static_cast<PagePort *>(self)->allows(request) ? 0 : -1;
}

void PagePort::open(wm_worker *, wm_conn conn, void *user)
{
    PagePort &self = *static_cast<PagePort *>(user);
    self.unnamed_.push_back({conn, now_ms() + self.options_->uid_timeout_ms});
    if (self.timer_ == 0)
        self.timer_ = wm_timer_add(
            self.app_, self.options_->uid_timeout_ms, 0, [](wm_timer, void *port) { static_cast<PagePort *>(port)->close_unnamed(); }, user,
            nullptr);
}

/// Leaves out pages that have a uid or are closed, from the front, so that the queue does not keep all that opened within one timeout.
void PagePort::drop_named()
{
    auto waits = [](const Unnamed &page) { return wm_conn_worker(page.conn) && wm_conn_user(page.conn) != &named; };
    while (!unnamed_.empty() && !waits(unnamed_.front()))
        unnamed_.pop_front();
}

void PagePort::close_unnamed()
{
    int64_t now = now_ms();
    timer_ = 0;
    for (drop_named(); !unnamed_.empty(); drop_named()) {
        Unnamed first = unnamed_.front();
        if (first.due_ms > now) {
            timer_ = wm_timer_add(
                app_, first.due_ms - now, 0, [](wm_timer, void *port) { static_cast<PagePort *>(port)->close_unnamed(); }, this, nullptr);
            return;
        }
        unnamed_.pop_front();
        close_page(first.conn, kPolicyViolation, "no uid in time");
    }
}

void PagePort::message(wm_worker *, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    PagePort &self = *static_cast<PagePort *>(user);
    if (wm_conn_user(conn) == &named)
        return; // only the first message has a meaning
    if (kind != WM_KIND_TEXT || len == 0 || len > kMaxUid)
        close_page(conn, kPolicyViolation, "the first message is the uid: 1 to 255 bytes of text");
    else if (wm_hub_bind(self.hub_, data, len, conn) != 0)
        close_page(conn, kTryAgainLater, "no room for another page");
    else if (wm_conn_set_user(conn, &named, nullptr) == 0)
        self.drop_named();
}

void PagePort::error(wm_worker *, wm_conn conn, int32_t code, const void *, size_t, void *)
{
    // The page is over a megabyte behind: close it rather than drop a message.
    if (code == WM_EFULL)
        close_page(conn, kTryAgainLater, "too slow");
}

} // namespace wm::serve
