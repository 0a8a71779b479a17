/**
 * @file
 * A client: an address, callbacks, options, and the one connection to it at a time. Each attempt to connect is a connection of its own,
 * with an id from its beginning and one close event at its end.
 *
 * Owned by its app (Clients); the app's thread.
 */
#ifndef WM_WORKER_CLIENT_H
#define WM_WORKER_CLIENT_H

#include "conn/endpoint.h"
#include "core/fd.h"
#include "core/loop.h"
#include "net/connector.h"
#include "net/resolver.h"
#include "net/tls/tls_client.h"
#include "session/client_address.h"
#include "session/proxy/proxy_address.h"
#include "session/proxy/proxy_transport.h"
#include "session/schemes.h"
#include "session/websocket/client.h"
#include "worker/options.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace wm {

class App;
class DatagramPort;

class Client final : public Endpoint {
public:
    Client(App &app, const ClientAddress &address, const Scheme &scheme);
    Client(const Client &) = delete;
    Client &operator=(const Client &) = delete;
    ~Client() override;

    int set_option(const char *name, int64_t value);
    int set_option(const char *name, const char *value);

    /// As wm_client_connect, wm_client_reconnect, wm_client_cancel_reconnect and wm_client_close.
    int connect();
    int reconnect(int64_t delay_ms);
    void cancel_reconnect();
    void close();
    /// What precedes its own transport where no proxy does: kind leads each connection there, as to TLS that begins behind what the server
    /// says first. The settings outlive its connections.
    void set_preface(const TransportKind &kind, void *settings);
    /// Marks it for deletion at the end of the turn; its connection is destroyed.
    void release();
    /// The app's loop has opened: connects what was to be connected.
    void begin();
    /// The app stops: it connects no more.
    void stop();

    /// When run() is to be called; Loop::kNever: not at all.
    int64_t due_ms() const { return due_ms_ < connector_.due_ms() ? due_ms_ : connector_.due_ms(); }
    void run();

    void remove(Connection &conn) override;
    void timed_out(Connection &conn) override;
    /// Also where its socket has lost it.
    bool peer_of(const Connection &conn, SocketAddress &out) const override;
    void failed(const Connection &conn, int32_t code, const char *text) override;
    void refused(Connection &conn, int32_t error, const char *text) override;
    void reset_on_close(const Connection &conn) override;

    /// Of a websocket, what the last handshake brought; nullptr: it is none.
    const WebsocketClient *websocket() const { return websocket_.get(); }

    App &app() { return app_; }
    /// Of the present attempt; nullptr: there is none.
    Connection *connection() const { return conn_; }
    bool released() const { return released_; }

    ClientOptions options;
    std::string error; ///< of the last attempt that failed; empty: the last one did not
    int error_code = 0;
    bool logs = true; ///< of its TLS, where nobody may have called; else its owner does
    void *user = nullptr;
    wm_destroy_fn destroy_user = nullptr;

private:
    int may_connect() const;
    int set_proxy(const char *text);
    bool through_proxy() const { return proxy == &kProxyTransport; }
    const Address &next_hop() const { return through_proxy() ? proxy_address_.address : address_; }
    void prepare();
    int attempt();
    int choose_transport();
    int choose_datagrams();
    void dial_datagrams(const std::vector<SocketAddress> &addresses, const SocketAddress &source);
    void open_datagrams();
    void close_datagrams();
    int load_tls(const TlsFileSet &files);
    void tell_unverified();
    int tls_failed(int code);
    void find_addresses();
    void dial(std::vector<SocketAddress> addresses);
    template <class Step> void step(Step step);
    void fail_later(int32_t code, int32_t number, std::string text);
    void fail_attempt(int32_t reason, int32_t code, int32_t number, const std::string &text);
    void give_up();
    std::string cannot_connect() const;
    void wait(int64_t delay_ms);
    int64_t longest_delay_ms() const;
    void come_back(bool lasted);
    void come_back_now();
    static void resolved(void *client, const std::vector<SocketAddress> &addresses, const std::string &why_not);
    static void dialed(void *client);

    App &app_;
    ClientAddress address_;
    bool is_websocket_;
    Resolver::Question question_;
    std::unique_ptr<WebsocketClient> websocket_; ///< of the present attempt and its connection
    ProxyAddress proxy_address_;                 ///< option proxy with its password, which `options` leaves out
    ProxySettings via_ = {};
    const TransportKind *preface_ = nullptr;
    void *preface_settings_ = nullptr;
    Connector connector_;
    std::unique_ptr<TlsClient> tls_;
    TlsFilesStamp tls_stamp_;
    std::unique_ptr<DatagramPort> port_; ///< nullptr: it has not had datagrams
    Fd socket_;                          ///< of datagrams, of conn_
    uint8_t scheme_codec_;
    bool scheme_datagrams_;
    bool scheme_tls_;
    bool tls_outdated_ = false; ///< by an option
    Connection *conn_ = nullptr;
    SocketAddress peer_ = {};        ///< of conn_; len 0: not known
    int64_t due_ms_ = Loop::kNever;  ///< of the next attempt, or of a failure
    int64_t after_close_ms_ = kNone; ///< the delay of an attempt that follows the close event of conn_
    int64_t connected_ms_ = 0;       ///< when the socket of conn_ was connected; 0: it is not
    uint32_t at_once_ = 0;           ///< attempts since the loop has come to this client
    uint32_t tries_ = 0;             ///< since a connection that has lasted
    int32_t failed_code_ = 0;        ///< of conn_: the host is told in the next turn
    int32_t failed_number_ = 0;
    std::string failed_text_;
    bool begun_ = false; ///< conn_ is being connected; else it waits for the app's start
    bool released_ = false;

    static constexpr int64_t kNone = -1;
};

} // namespace wm

#endif
