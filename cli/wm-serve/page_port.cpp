#include "wm-serve/page_port.h"

#include "shared/json_scan.h"
#include "shared/printable.h"

#include <algorithm>
#include <ctime>
#include <string_view>

namespace wm::serve {

namespace {

constexpr int32_t kPolicyViolation = 1008;
constexpr int32_t kTryAgainLater = 1013;

char named; // its address as a connection's user pointer: the page has a uid

int64_t now_ms()
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1000000;
}

} // namespace

bool PagePort::setup(wm_worker *worker, wm_hub *hub, const PushOptions &options)
{
    app_ = wm_worker_app(worker);
    worker_ = worker;
    hub_ = hub;
    options_ = &options;
    debug_ = options.log_level == "debug";
    size_t equals = options.text_ping.find('=');
    if (equals != std::string::npos) {
        ping_ = options.text_ping.substr(0, equals);
        pong_ = options.text_ping.substr(equals + 1);
    }
    handshake_.setup(options);
    return wm_worker_set_int(worker, "max_message", options.max_page_message) == 0 &&
           wm_worker_set_int(worker, "max_header_bytes", options.max_header) == 0 &&
           wm_worker_set_int(worker, "max_send_buffer", std::max<int64_t>(options.max_push, 1 << 20)) == 0 &&
           wm_worker_set_int(worker, "max_connections", options.max_pages) == 0 &&
           wm_worker_set_int(worker, "max_per_ip", options.max_per_ip) == 0 &&
           wm_worker_set_int(worker, "ping_interval_ms", options.ping_ms) == 0 &&
           wm_worker_set_int(worker, "pong_timeout_ms", options.pong_timeout_ms) == 0 &&
           wm_worker_on_handshake(worker, handshake, this, nullptr) == 0 && wm_worker_on_open(worker, open, this, nullptr) == 0 &&
           wm_worker_on_message(worker, message, this, nullptr) == 0 && wm_worker_on_error(worker, error, this, nullptr) == 0;
}

bool PagePort::any_named() const
{
    wm_conn conn = wm_worker_next_conn(worker_, 0);
    while (conn != 0 && wm_conn_user(conn) != &named)
        conn = wm_worker_next_conn(worker_, conn);
    return conn != 0;
}

int32_t PagePort::handshake(wm_worker *, wm_conn conn, wm_request request, void *self)
{
    return static_cast<PagePort *>(self)->handshake_.answer(conn, request);
}

void PagePort::close(wm_conn conn, int32_t code, const std::string &why) const
{
    if (debug_)
        log_debug("closed the page of " + peer_name(conn) + " with " + std::to_string(code) + ": " + why);
    wm_conn_close(conn, code, why.data(), why.size());
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
        close(first.conn, kTryAgainLater, "no uid in time");
    }
}

void PagePort::message(wm_worker *, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    PagePort &self = *static_cast<PagePort *>(user);
    std::string_view text = kind == WM_KIND_TEXT ? std::string_view(static_cast<const char *>(data), len) : std::string_view();
    if (self.answer_ping(conn, text) || wm_conn_user(conn) == &named)
        return; // of the others only the first has a meaning
    if (self.bind(conn, text) && wm_conn_set_user(conn, &named, nullptr) == 0)
        self.drop_named();
}

/// Takes the uid from the first message of a page, or closes it.
bool PagePort::bind(wm_conn conn, std::string_view first)
{
    UidScratch scratch;
    std::string_view uid = first;
    const std::string &key = options_->uid_key;
    if (!key.empty() && scan_uid_member(first.data(), first.size(), key, scratch, uid) != ScanError::kNone) {
        close(conn, kPolicyViolation, "the first message is a JSON object with the uid in \"" + key + "\"");
        return false;
    }
    if (uid.empty() || uid.size() > kMaxUidBytes) {
        close(conn, kPolicyViolation, "the first message is the uid: 1 to 255 bytes of text");
        return false;
    }
    if (wm_hub_bind(hub_, uid.data(), uid.size(), conn) != 0) {
        close(conn, kTryAgainLater, "no room for another page");
        return false;
    }
    if (key.empty() && uid.front() == '{' && json_uid_.due())
        json_uid_.log("the page of " + peer_name(conn) +
                      " has JSON as its uid: --uid-key NAME takes the uid from a member of it"); // it may hold a password
    if (debug_)
        log_debug("the page of " + peer_name(conn) + " has the uid '" + printable(uid, kMaxUidBytes) + "'");
    return true;
}

/// Some scripts of pages send a ping of their own as text, also before the uid.
bool PagePort::answer_ping(wm_conn conn, std::string_view text)
{
    if (ping_.empty() || text != ping_)
        return false;
    if (wm_conn_send(conn, pong_.data(), pong_.size(), 0) == WM_EFULL)
        close(conn, kTryAgainLater, "too slow");
    return true;
}

void PagePort::error(wm_worker *, wm_conn conn, int32_t code, const void *text, size_t len, void *user)
{
    PagePort &self = *static_cast<PagePort *>(user);
    // The page is over a megabyte behind: close it rather than drop a message.
    if (code == WM_EFULL) {
        self.close(conn, kTryAgainLater, "too slow");
        return;
    }
    std::string_view why(static_cast<const char *>(text), len);
    warn_of_long_head(self.long_head_, conn, why, self.options_->max_header);
    if (self.debug_)
        log_debug("refused " + peer_name(conn) + " at the port of pages: " + printable(why, 200));
}

} // namespace wm::serve
