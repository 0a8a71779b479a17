#include "wm-serve/page_port.h"

#include "shared/json_scan.h"
#include "shared/printable.h"
#include "wm-serve/close_code.h"

#include <algorithm>
#include <new>
#include <string_view>

namespace wm::serve {

namespace {

// The user pointer of a connection: nullptr or `asking`, the page has no uid; `silent`, it has said no more than that; else the bucket of
// its messages.
int64_t asking; ///< it has a ticket, whose answer is pending
int64_t silent;

bool is_asking(wm_conn conn)
{
    return wm_conn_user(conn) == &asking;
}

bool is_named(wm_conn conn)
{
    return wm_conn_user(conn) != nullptr && !is_asking(conn);
}

int64_t slow_policy_of(const std::string &slow)
{
    return slow == "latest" ? WM_SLOW_LATEST : slow == "drop-oldest" ? WM_SLOW_DROP_OLDEST : WM_SLOW_CLOSE;
}

/// The bucket of a page that speaks; nullptr when out of memory.
int64_t *bucket_of(wm_conn conn)
{
    auto *bucket = static_cast<int64_t *>(wm_conn_user(conn));
    if (bucket != &silent)
        return bucket;
    bucket = new (std::nothrow) int64_t(0);
    if (bucket)
        wm_conn_set_user(conn, bucket, [](void *user) { delete static_cast<int64_t *>(user); });
    return bucket;
}

/// The ticket in the URL of a page, between its handshake and its open event, when the request is gone: then it is the user pointer.
struct UrlTicket {
    size_t len = 0;
    char text[kMaxTicketText] = {};

    std::string_view view() const { return {text, len}; }
};

/// The value of ticket= in a query, as it was written: a ticket needs no escapes. False: it has none.
bool find_ticket(std::string_view query, std::string_view &ticket)
{
    constexpr std::string_view kName = "ticket=";
    for (size_t at = 0, end = 0; at < query.size(); at = end + 1) {
        end = std::min(query.find('&', at), query.size());
        ticket = query.substr(at, end - at);
        if (ticket.starts_with(kName)) {
            ticket.remove_prefix(kName.size());
            return true;
        }
    }
    return false;
}

} // namespace

bool PagePort::setup(wm_worker *worker, wm_hub *hub, const PushOptions &options, TicketDesk *tickets)
{
    worker_ = worker;
    hub_ = hub;
    options_ = &options;
    debug_ = options.log_level == "debug";
    size_t equals = options.text_ping.find('=');
    if (equals != std::string::npos) {
        ping_ = options.text_ping.substr(0, equals);
        pong_ = options.text_ping.substr(equals + 1);
    }
    parse_rate(options.rate, rate_);
    handshake_.setup(options);
    auth_.setup(options);
    tickets_ = tickets;
    tickets_->setup(
        hub, options, [](wm_conn conn, const PageIdentity &page, void *self) { static_cast<PagePort *>(self)->admit(conn, page); }, this);
    wm_app *app = wm_worker_app(worker);
    unnamed_.setup(
        app, options.uid_timeout_ms, [](wm_conn conn, void *) { return !is_named(conn); },
        [](wm_conn conn, void *self) { static_cast<PagePort *>(self)->close(conn, kTryAgainLater, "no uid in time"); }, this);
    ends_.setup(
        app, [](wm_conn conn, void *self) { static_cast<PagePort *>(self)->close(conn, kNotAuthorized, "token has ended"); }, this);
    return wm_worker_set_int(worker, "max_message", options.max_page_message) == 0 &&
           wm_worker_set_int(worker, "max_header_bytes", options.max_header) == 0 &&
           wm_worker_set_int(worker, "max_send_buffer", std::max<int64_t>(options.max_push, 1 << 20)) == 0 &&
           wm_worker_set_int(worker, "slow_policy", slow_policy_of(options.slow)) == 0 &&
           wm_worker_set_int(worker, "max_connections", options.max_pages) == 0 &&
           wm_worker_set_int(worker, "max_per_ip", options.max_per_ip) == 0 &&
           wm_worker_set_str(worker, "deflate", options.deflate.c_str()) == 0 &&
           wm_worker_set_int(worker, "ping_interval_ms", options.ping_ms) == 0 &&
           wm_worker_set_int(worker, "pong_timeout_ms", options.pong_timeout_ms) == 0 && (options.one_port() || setup_callbacks(worker));
}

bool PagePort::setup_callbacks(wm_worker *worker)
{
    return wm_worker_on_handshake(worker, handshake, this, nullptr) == 0 && wm_worker_on_open(worker, open, this, nullptr) == 0 &&
           wm_worker_on_message(worker, message, this, nullptr) == 0 && wm_worker_on_error(worker, error, this, nullptr) == 0;
}

bool PagePort::any_named() const
{
    wm_conn conn = wm_worker_next_conn(worker_, 0);
    while (conn != 0 && !is_named(conn))
        conn = wm_worker_next_conn(worker_, conn);
    return conn != 0;
}

int32_t PagePort::handshake(wm_worker *, wm_conn conn, wm_request request, void *user)
{
    PagePort &self = *static_cast<PagePort *>(user);
    HandshakeAnswer answer = self.handshake_.judge(conn, request);
    if (answer.status != 101) {
        wm_handshake_reject(request, answer.status, answer.fields.data(), answer.fields.size(), answer.body.data(), answer.body.size());
        return -1;
    }
    if (self.options_->ticket_in_url)
        keep_ticket(conn, request);
    return answer.fields.empty() ? 0 : wm_handshake_accept(request, answer.fields.data(), answer.fields.size());
}

void PagePort::take_request(wm_conn conn, wm_request request)
{
    HandshakeAnswer answer = handshake_.judge(conn, request);
    if (answer.status == 101) {
        if (options_->ticket_in_url)
            keep_ticket(conn, request);
        int result = wm_request_upgrade(request, answer.fields.data(), answer.fields.size());
        if (result == 0)
            take(conn);
        if (result == 0 || result == WM_ECLOSED)
            return;
        answer = {400, "Sec-WebSocket-Version: 13\r\n", "400: " + std::string(wm_last_error()) + "\n"};
        if (result != WM_EPROTOCOL)
            answer = {503, "Retry-After: 1\r\n", "503: " + std::string(wm_last_error()) + "\n"};
    }
    answer.fields += "Content-Type: text/plain;charset=utf-8\r\nConnection: close\r\n";
    wm_request_respond(request, answer.status, answer.fields.data(), answer.fields.size(), answer.body.data(), answer.body.size(), 0);
}

/// Keeps the ticket of a URL until the page is open; one that is too long as an empty one, which is refused as well.
void PagePort::keep_ticket(wm_conn conn, wm_request request)
{
    const void *query = nullptr;
    size_t len = 0;
    std::string_view found;
    if (wm_request_query(request, &query, &len) != 0 || !find_ticket({static_cast<const char *>(query), len}, found))
        return;
    auto *kept = new (std::nothrow) UrlTicket;
    if (!kept)
        return; // it will have said nothing in time
    kept->len = found.size() <= sizeof kept->text ? found.copy(kept->text, found.size()) : 0;
    if (wm_conn_set_user(conn, kept, [](void *user) { delete static_cast<UrlTicket *>(user); }) != 0)
        delete kept;
}

void PagePort::close(wm_conn conn, int32_t code, std::string_view why) const
{
    if (debug_)
        log_debug("closed the page of " + peer_name(conn) + " with " + std::to_string(code) + ": " + std::string(why));
    wm_conn_close(conn, code, why.data(), why.size());
}

void PagePort::open(wm_worker *, wm_conn conn, void *user)
{
    static_cast<PagePort *>(user)->take(conn);
}

/// Waits for the uid of a page whose websocket is open.
void PagePort::take(wm_conn conn)
{
    if (!unnamed_.add(conn))
        close(conn, kTryAgainLater, "no room for another page");
    else if (const auto *kept = static_cast<const UrlTicket *>(wm_conn_user(conn)))
        redeem(conn, UrlTicket(*kept).view()); // a copy, as redeem() takes the place of it
}

void PagePort::message(wm_worker *, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    static_cast<PagePort *>(user)->take_message(conn, data, len, kind);
}

void PagePort::take_message(wm_conn conn, const void *data, size_t len, int32_t kind)
{
    std::string_view text = kind == WM_KIND_TEXT ? std::string_view(static_cast<const char *>(data), len) : std::string_view();
    bool first = !is_named(conn);
    if (!first && !within_rate(conn))
        return;
    if (answer_ping(conn, text) || !first || is_asking(conn))
        return; // of the others only the first has a meaning
    if (options_->uses_tickets()) {
        redeem(conn, text);
        return;
    }
    UidScratch scratch;
    admit(conn, auth_.identify(conn, text, scratch));
}

void PagePort::redeem(wm_conn conn, std::string_view ticket)
{
    if (wm_conn_set_user(conn, &asking, nullptr) == 0)
        tickets_->redeem(conn, ticket);
}

/// Gives a page the uid that it has proved to have, or closes it.
void PagePort::admit(wm_conn conn, const PageIdentity &page)
{
    if (page.uid.empty()) {
        close(conn, page.code, page.why);
        return;
    }
    bool kept = page.end_s == PageIdentity::kNever || ends_.add(conn, page.end_s);
    int bound = kept ? wm_hub_bind(hub_, page.uid.data(), page.uid.size(), conn) : WM_ENOMEM;
    if (bound == WM_ECLOSED)
        return; // it leaves while its ticket was asked about
    if (bound != 0) {
        close(conn, kTryAgainLater, "no room for another page");
        return;
    }
    if (debug_)
        log_debug("the page of " + peer_name(conn) + " has the uid '" + printable(page.uid, kMaxUidBytes) + "'");
    if (wm_conn_set_user(conn, &silent, nullptr) == 0)
        unnamed_.drop();
}

/// Counts a message of a page that has a uid, or closes the page.
bool PagePort::within_rate(wm_conn conn)
{
    if (!rate_.limits())
        return true;
    int64_t *bucket = bucket_of(conn);
    if (bucket && rate_.take(monotonic_us(), *bucket))
        return true;
    if (!bucket) {
        close(conn, kTryAgainLater, "no room for the messages of another page");
        return false;
    }
    if (too_many_.due())
        too_many_.log("closed the page of " + peer_name(conn) + ": it sends more than " + std::to_string(rate_.per_second()) +
                      " messages a second, behind " + std::to_string(rate_.burst()) + " at once: --rate");
    close(conn, kPolicyViolation, "too many messages");
    return false;
}

/// Some scripts of pages send a ping of their own as text, also before the uid. One answer waits for a page that reads slowly, by a key
/// that no push has, as it is no UTF-8.
bool PagePort::answer_ping(wm_conn conn, std::string_view text)
{
    if (ping_.empty() || text != ping_)
        return false;
    if (wm_conn_send_latest(conn, "\xff", 1, pong_.data(), pong_.size(), 0) == WM_EFULL)
        close(conn, kTryAgainLater, "too slow");
    return true;
}

void PagePort::error(wm_worker *, wm_conn conn, int32_t code, const void *text, size_t len, void *user)
{
    static_cast<PagePort *>(user)->take_error(conn, code, {static_cast<const char *>(text), len});
}

void PagePort::take_error(wm_conn conn, int32_t code, std::string_view why)
{
    // The page, or all of them, are over their memory, and by slow_policy the library has not closed it: a push is lost to it.
    if (code == WM_EFULL) {
        close(conn, kTryAgainLater, "too slow");
        return;
    }
    warn_of_long_head(long_head_, conn, why, options_->max_header);
    if (debug_)
        log_debug("refused " + peer_name(conn) + " at the port of pages: " + printable(why, 200));
}

} // namespace wm::serve
