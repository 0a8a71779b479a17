#include "worker/client.h"

#include "conn/datagram_port.h"
#include "core/error.h"
#include "core/random.h"
#include "session/sessions.h"
#include "worker/app.h"
#include "worker/clients.h"
#include "worker/handles.h"
#include "worker/shares.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <optional>
#include <utility>

namespace wm {

namespace {

constexpr int64_t kRetryMs = 200;    // of an attempt for which there was no memory
constexpr uint32_t kInOneTurn = 100; // attempts; more wait for the next

} // namespace

Client::Client(App &app, const ClientAddress &address, const Scheme &scheme)
    : Endpoint(app.reactor, options, static_cast<uint8_t>(scheme.client), nullptr, handle(this)), app_(app), address_(address),
      is_websocket_(scheme.client == CodecRow::kWebsocketRequest), question_(&Client::resolved, this),
      connector_(app.reactor.loop, &Client::dialed, this), scheme_codec_(codec), scheme_datagrams_(scheme.datagrams),
      scheme_tls_(scheme.tls)
{
    display = address_.text;
}

Client::~Client()
{
    callbacks.each([](auto &callback) {
        if (callback.destroy)
            callback.destroy(callback.user);
    });
    if (destroy_user)
        destroy_user(user);
}

int Client::set_option(const char *name, int64_t value)
{
    tls_outdated_ = true;
    return wm::set_option(Scope::kClient, &options, false, name, value);
}

int Client::set_option(const char *name, const char *value)
{
    app_.reactor.status_changed = true;
    tls_outdated_ = true;
    if (strcmp(name, "proxy") == 0)
        return set_proxy(value);
    return wm::set_option(Scope::kClient, &options, false, name, value);
}

int Client::set_proxy(const char *text)
{
    ProxyAddress parsed;
    std::string given = text;
    if (!given.empty())
        if (int result = parsed.parse(given))
            return result;
    if (!given.empty() && address_.unix_socket)
        return fail(WM_EINVAL, "option 'proxy': no proxy connects to a unix socket: %s", display.c_str());
    if (int result = wm::set_option(Scope::kClient, &options, false, "proxy", parsed.shown.c_str()))
        return result;
    proxy_address_ = parsed;
    return 0;
}

void Client::set_preface(const TransportKind &kind, void *settings)
{
    preface_ = &kind;
    preface_settings_ = settings;
}

// ---- what the host asks for

int Client::may_connect() const
{
    if (released_)
        return fail(WM_ESTATE, "the client has been freed: %s", display.c_str());
    if (app_.freeing())
        return App::being_freed();
    if (app_.clients->stopped())
        return fail(WM_ESTOPPED, "the app stops, and connects no more: %s", display.c_str());
    return 0;
}

int Client::connect()
{
    if (int result = may_connect())
        return result;
    if (conn_ && conn_->state <= ConnState::kOpen)
        return fail(WM_ESTATE, "the client %s already: %s", conn_->state == ConnState::kOpen ? "is connected" : "connects",
                    display.c_str());
    return reconnect(0);
}

int Client::reconnect(int64_t delay_ms)
{
    if (int result = may_connect())
        return result;
    cancel_reconnect();
    if (conn_ && conn_->state != ConnState::kClosed) { // one connection at a time
        reactor.lifecycle.close(*conn_, WM_REASON_LOCAL, 0, {});
        if (conn_->state != ConnState::kClosed) {
            after_close_ms_ = delay_ms;
            return 0;
        }
    }
    conn_ = nullptr; // its close event is due, or is being delivered
    if (delay_ms == 0 && at_once_ < kInOneTurn)
        return attempt();
    wait(delay_ms); // where each close event closes an attempt and begins another the turn would have no end
    return 0;
}

void Client::cancel_reconnect()
{
    after_close_ms_ = kNone;
    if (!conn_ || conn_->state == ConnState::kClosed)
        due_ms_ = Loop::kNever;
    if (conn_ && conn_->state == ConnState::kClosed && !(conn_->todo & kTodoClose) && !conn_->has(kEventsDeferred))
        conn_->set(kByHost); // its close event is being delivered: what would follow is cancelled
}

void Client::close()
{
    cancel_reconnect();
    if (conn_)
        reactor.lifecycle.close(*conn_, WM_REASON_LOCAL, 0, {});
}

void Client::release()
{
    if (released_)
        return;
    released_ = true;
    cancel_reconnect();
    app_.endpoint_released();
    for (size_t i = connections().size(); i-- > 0;)
        reactor.lifecycle.destroy(*connections()[i], WM_REASON_LOCAL, 0);
    reactor.has_work();
}

void Client::stop()
{
    cancel_reconnect();
}

// ---- an attempt

/// Makes of the address and the options what the connection says first.
void Client::prepare()
{
    bool tls = transport->make != nullptr;
    if (address_.default_port)
        address_.port = tls ? 443 : 80;
    if (is_websocket_) {
        const std::string &target = options.ws_path.empty() ? address_.target : options.ws_path;
        std::string fields = options.ws_headers;
        std::optional<websocket::DeflateWish> deflate = app_.sessions->deflates.offer_of(options);
        if (deflate)
            fields += websocket::deflate_offer(*deflate);
        websocket_.reset(new WebsocketClient{{target, address_.authority(tls), options.ws_subprotocol, fields}, deflate, {}, {}});
        codec_settings = websocket_.get();
    }
    proxy = options.proxy.empty() ? preface_ : &kProxyTransport;
    if (through_proxy())
        via_ = {proxy_address_.request_for(address_), static_cast<size_t>(options.max_header_bytes),
                static_cast<size_t>(options.max_headers)};
    proxy_settings = through_proxy() ? &via_ : preface_settings_;
}

void Client::wait(int64_t delay_ms)
{
    reactor.loop.update_now();
    due_ms_ = reactor.loop.now_ms() + delay_ms;
    app_.clients->moved(due_ms_);
}

int Client::attempt()
{
    if (int result = choose_transport())
        return tls_failed(result);
    give_up();
    prepare();
    at_once_++;
    due_ms_ = Loop::kNever;
    close_datagrams();
    failed_code_ = 0;
    peer_.len = 0;
    connected_ms_ = 0;
    begun_ = false;
    conn_ = reactor.lifecycle.make(*this);
    if (!conn_)
        return fail(WM_ENOMEM, "out of memory for a connection to %s", display.c_str());
    app_.clients->made();
    if (reactor.loop.is_open())
        begin();
    return 0;
}

void Client::begin()
{
    if (!conn_ || begun_ || conn_->state != ConnState::kResolving)
        return;
    begun_ = true;
    conn_->phase_deadline = reactor.expiry.tick_after(options.connect_timeout_ms);
    reactor.expiry.update(*conn_);
    step([this] { find_addresses(); });
}

/// Where memory runs out the attempt fails, in the next turn.
template <class Step> void Client::step(Step step)
{
    try {
        step();
    } catch (const std::bad_alloc &) {
        if (conn_ && conn_->state < ConnState::kSecuring)
            fail_later(WM_ENOMEM, ENOMEM, {});
    }
}

void Client::find_addresses()
{
    SocketAddress address;
    app_.shares->read_limit();
    if (ReachedLimit limit = app_.shares->reached_by_client()) {
        fail_later(WM_EMFILE, EMFILE, cannot_connect() + limit.name + " is " + std::to_string(limit.value));
        return;
    }
    const Address &hop = next_hop();
    if (hop.unix_socket) {
        if (int result = make_unix_address(hop.path, address))
            fail_later(result, 0, last_error());
        else
            dial({address});
    } else if (parse_ip(hop.host.c_str(), hop.port, address)) {
        dial({address});
    } else if (int result = app_.clients->resolve(question_, hop.host)) {
        fail_later(result, 0, cannot_connect() + last_error());
    }
}

void Client::resolved(void *client, const std::vector<SocketAddress> &addresses, const std::string &why_not)
{
    Client &self = *static_cast<Client *>(client);
    self.at_once_ = 0;
    if (!self.conn_ || self.conn_->state != ConnState::kResolving || self.reactor.forked)
        return;
    self.step([&] {
        if (addresses.empty()) {
            self.fail_attempt(WM_REASON_ERROR, WM_EDNS, 0, self.cannot_connect() + why_not);
            return;
        }
        std::vector<SocketAddress> with_port = addresses;
        for (SocketAddress &address : with_port)
            set_port(address, self.next_hop().port);
        self.dial(std::move(with_port));
    });
}

void Client::dial(std::vector<SocketAddress> addresses)
{
    ConnectOptions how = {options.tcp_nodelay != 0, options.keepalive != 0, {}};
    if (!options.source_address.empty() && !address_.unix_socket)
        parse_source(options.source_address, how.source);
    auto other_family = [&how](const SocketAddress &each) { return each.storage.ss_family != how.source.storage.ss_family; };
    if (how.source.len > 0 && std::erase_if(addresses, other_family) > 0 && addresses.empty()) {
        fail_later(WM_EADDRNOTAVAIL, EADDRNOTAVAIL,
                   cannot_connect() + "source_address is " + options.source_address + ", and the host has none of that family");
        return;
    }
    if (datagrams) {
        dial_datagrams(addresses, how.source);
        return;
    }
    conn_->state = ConnState::kConnecting;
    connector_.start(std::move(addresses), how);
    app_.clients->moved(connector_.due_ms());
}

void Client::give_up()
{
    question_.withdraw();
    connector_.stop();
}

/// The beginning of an error text.
std::string Client::cannot_connect() const
{
    return "cannot connect to " + display + (through_proxy() ? " through " + proxy_address_.shown : "") + ": ";
}

/// In the next turn, as the host may be in wm_client_connect.
void Client::fail_later(int32_t code, int32_t number, std::string text)
{
    failed_code_ = code;
    failed_number_ = number;
    failed_text_ = std::move(text);
    due_ms_ = 0;
    app_.clients->moved(due_ms_);
}

void Client::fail_attempt(int32_t reason, int32_t code, int32_t number, const std::string &text)
{
    reactor.callback_watch.begin(this, "error");
    reactor.lifecycle.fail_attempt(*conn_, reason, code, number, text.c_str());
    reactor.callback_watch.end();
}

void Client::failed(const Connection &conn, int32_t code, const char *text)
{
    if (&conn != conn_ || (conn.state >= ConnState::kOpen && !(conn.todo & kTodoOpen)))
        return;
    error_code = code;
    try {
        error = text;
    } catch (const std::bad_alloc &) {
        error.clear();
    }
}

void Client::run()
{
    at_once_ = 0;
    bool due = due_ms_ <= reactor.loop.now_ms();
    if (due)
        due_ms_ = Loop::kNever;
    if (!conn_) {
        if (due)
            come_back_now();
    } else if (conn_->state < ConnState::kSecuring) {
        if (due && failed_code_ != 0)
            fail_attempt(WM_REASON_ERROR, failed_code_, failed_number_, failed_text_);
        else if (due && socket_)
            open_datagrams();
        else
            connector_.run();
    }
}

void Client::come_back_now()
{
    int result = 0;
    try {
        result = attempt();
    } catch (const std::bad_alloc &) {
        result = WM_ENOMEM;
    }
    if (result != 0)
        wait(kRetryMs);
}

void Client::dialed(void *client)
{
    Client &self = *static_cast<Client *>(client);
    self.at_once_ = 0;
    if (!self.conn_ || self.conn_->state != ConnState::kConnecting)
        return;
    if (!self.connector_.finished()) {
        self.app_.clients->moved(self.connector_.due_ms());
        return;
    }
    self.connected_ms_ = Loop::clock_ms();
    int fd = self.connector_.take(self.peer_);
    if (fd < 0) {
        self.connected_ms_ = 0;
        self.step([&] {
            int number = self.connector_.number();
            self.fail_attempt(WM_REASON_ERROR, code_of_errno(number), number, self.cannot_connect() + self.connector_.causes());
        });
        return;
    }
    self.error.clear();
    self.error_code = 0;
    self.reactor.callback_watch.begin(&self, "connect");
    self.reactor.lifecycle.connected(*self.conn_, fd);
    self.reactor.callback_watch.end();
}

void Client::timed_out(Connection &conn)
{
    ConnState state = conn.state;
    step([&] {
        std::string after = " within " + std::to_string(options.connect_timeout_ms) + " ms (connect_timeout_ms)";
        if (state == ConnState::kResolving)
            fail_attempt(WM_REASON_TIMEOUT, WM_EDNS, 0,
                         cannot_connect() + next_hop().host + ": no DNS server has answered" + after + ", asked " +
                             app_.clients->dns_servers());
        else if (state == ConnState::kConnecting)
            fail_attempt(WM_REASON_TIMEOUT, WM_ETIMEDOUT, 0, cannot_connect() + "no answer" + after + " of " + connector_.waits_for());
        else
            fail_attempt(WM_REASON_TIMEOUT, WM_ETIMEDOUT, 0, cannot_connect() + "the handshake was not complete" + after);
    });
    if (conn.state >= ConnState::kSecuring)
        reactor.lifecycle.destroy(conn, WM_REASON_TIMEOUT, 0); // also where there was no memory to say why
}

void Client::refused(Connection &conn, int32_t code, const char *text)
{
    int32_t reason = code == WM_EPROTOCOL ? WM_REASON_PROTOCOL : code == WM_ECLOSED ? WM_REASON_PEER : WM_REASON_ERROR;
    std::string whole;
    try {
        whole = cannot_connect() + text;
    } catch (const std::bad_alloc &) {
        whole.clear(); // the attempt ends all the same
    }
    reactor.lifecycle.fail_attempt(conn, reason, code, 0, whole.empty() ? text : whole.c_str());
}

void Client::reset_on_close(const Connection &conn)
{
    if (&conn == conn_)
        connector_.reset_on_close();
}

void Client::remove(Connection &conn)
{
    Endpoint::remove(conn);
    app_.clients->gone();
    if (&conn != conn_)
        return;
    give_up();
    close_datagrams();
    conn_ = nullptr;
    due_ms_ = Loop::kNever; // a failure that was to be told
    int64_t delay = std::exchange(after_close_ms_, kNone);
    if (released_ || reactor.forked || app_.freeing() || app_.clients->stopped())
        return;
    bool by_host = conn.has(kByHost) || conn.close_reason == WM_REASON_STOP;
    if (delay >= 0)
        wait(delay);
    else if (options.reconnect_min_ms > 0 && !by_host)
        come_back(connected_ms_ != 0 && Loop::clock_ms() - connected_ms_ > longest_delay_ms());
}

int64_t Client::longest_delay_ms() const
{
    int64_t most = std::max(options.reconnect_max_ms, options.reconnect_min_ms), delay = options.reconnect_min_ms;
    for (uint32_t i = 0; i < tries_ && delay < most; i++)
        delay *= 2;
    return std::min(delay, most);
}

/// Full jitter: many clients whose server has gone do not come back at once, whatever they have done before.
void Client::come_back(bool lasted)
{
    if (lasted)
        tries_ = 0;
    uint64_t random;
    random_bytes(&random, sizeof random);
    wait(static_cast<int64_t>(random % static_cast<uint64_t>(longest_delay_ms() + 1)));
    tries_ = std::min<uint32_t>(tries_ + 1, 63);
}

bool Client::peer_of(const Connection &conn, SocketAddress &out) const
{
    if (&conn != conn_ || peer_.len == 0)
        return Endpoint::peer_of(conn, out);
    out = peer_;
    return true;
}

} // namespace wm
