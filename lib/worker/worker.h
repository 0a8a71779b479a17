/**
 * @file
 * A worker: an address, a listener, callbacks, options and the connections that came through it. Owned by its
 * app; the app's thread.
 */
#ifndef WM_WORKER_WORKER_H
#define WM_WORKER_WORKER_H

#include "conn/endpoint.h"
#include "core/log.h"
#include "net/listener.h"
#include "net/tls/tls_server.h"
#include "session/schemes.h"
#include "worker/callbacks.h"
#include "worker/options.h"

#include <memory>
#include <string>
#include <vector>

namespace wm {

class App;
class DatagramPort;
struct ReachedLimit;

class Worker : public Endpoint {
public:
    Worker(App &app, const Address *address, const Scheme &scheme);
    Worker(const Worker &) = delete;
    Worker &operator=(const Worker &) = delete;
    ~Worker() override;

    int set_option(const char *name, int64_t value);
    int set_option(const char *name, const char *value);

    /// Binds now; accepts from the next turn on once the app's loop is open.
    int listen();
    /// Logs why it does not listen: at once in a process that serves, else when its start has succeeded. A start that fails has that text.
    void log_error() const;
    /// 0, or WM_ESTATE: max_requests is set where no master could replace the process.
    int check_max_requests() const;
    /// 0, or WM_EINVAL: proxy_protocol is set, and no proxy is trusted.
    int check_proxies() const;
    void unlisten();
    /// Stops accepting in this process, while a successor serves the address.
    void release_listener();
    /// The same where the process goes on for its connections: the peers of a datagram socket can be answered.
    void drain_listener();
    void pause_accept();
    /// 0 or WM_ENOMEM.
    int resume_accept();
    /// Takes a connected descriptor as if it had been accepted, and ownership of it. 0, or a WM_E... code with its detail: it stays the
    /// caller's.
    int adopt(int fd, wm_conn *conn);
    /// Has the end of the turn finish the stop, because the host may be in a callback.
    void stop();
    bool leave_proxy(Connection &conn) override;
    bool count_as(const Connection &conn, const SocketAddress *peer) override;
    void refused(Connection &conn, int32_t code, const char *text) override;
    void timed_out(Connection &conn) override;
    bool stop_is_due() const { return stop_due_; }
    /// Calls on_stop, stops listening, and closes every connection as its protocol does.
    void finish_stop();
    /// Calls on_stop once per start or listen; false when it has been called already.
    bool call_on_stop();
    /// As call_on_stop(); in pull mode, without a callback, the host gets a record. True when it has yet to
    /// see it.
    bool announce_stop();
    /// Calls on_reload, or makes its record.
    void announce_reload();
    /// Whether the overflow list still has the record of a stop.
    bool stop_record_is_pending() const;
    /// Sends one message to every open connection. Returns how many accepted it, or WM_ESTATE.
    int64_t broadcast(const void *data, size_t len, int32_t flags);
    /// Sends to the peer of that address, whether it has sent something or not. As wm_conn_send, or WM_EADDRESS or WM_ESTATE.
    int send_to(const char *address, std::string_view payload, int32_t flags);
    /// Marks it for deletion at the end of the turn; its connections are destroyed.
    void release();

    App &app() { return app_; }
    const char *address() const { return display.c_str(); }
    /// Adds a certificate: 0, or WM_EINVAL, WM_ESTATE or WM_E... of the files with the reason in the detail. While it listens it is
    /// in use at once.
    int add_certificate(const char *name, const char *cert, const char *key);
    /// Whether it listens with TLS, by its scheme or by option transport.
    bool wants_tls() const { return scheme_tls_ || options.transport == "ssl"; }
    /// Whether it has a datagram socket, by its scheme or by option transport.
    bool wants_datagrams() const { return scheme_datagrams_ || options.transport == "udp"; }
    /// What the master knows its socket by.
    std::string socket_name() const;
    /// Where its certificates are.
    TlsFileSet tls_files() const;
    TlsOptions tls_options() const;
    /// Replaces what new connections get by what the master has read, or, where it reads nothing for this worker, by the files: 0, or
    /// WM_E... with the reason; then all stays as it was.
    int load_tls();
    /// The master has something new.
    void reload_tls();
    /// Checks address and certificates without listening: 0, or a WM_E... code with its detail.
    int check() const;
    /// nullptr before it has listened with TLS.
    TlsServer *tls() { return tls_.get(); }

    const Address &given_address() const { return address_; }
    bool has_address() const { return has_address_; }
    bool listening() const { return listener_.is_open(); }
    /// Connections that a limit has refused, or ended while they were silent; datagrams that were dropped.
    uint64_t shed() const;
    /// The connection that goes first when room is needed; nullptr: none is silent.
    Connection *oldest_silent();
    bool accept_paused() const { return accept_paused_; }
    void begin() { began_ = true; }
    bool listen_failed() const { return !error.empty() && !listening(); }
    ListenOptions listen_options() const;
    bool released() const { return released_; }

    /// Starts accepting on an open listener; called again when the loop opens.
    /// 0 or WM_ENOMEM.
    int watch_listener();

    WorkerOptions options;
    WorkerCallbacks process_callbacks;
    std::string error; ///< of the last listen(), empty after one that has succeeded
    int error_code = 0;
    void *user = nullptr;
    wm_destroy_fn destroy_user = nullptr;

private:
    /// A peer that connects. The address is set if the limits, an access log or trusted_proxies need it.
    struct Newcomer {
        const SocketAddress &peer;
        uint64_t ip;   ///< that max_per_ip counts; 0: none
        bool is_proxy; ///< a trusted one
    };

    static constexpr size_t kRecords = 2; ///< of a stop and of a reload

    int set_trusted_proxies(const char *list);
    int set_proxy_protocol(int64_t value);
    void log_refused(const SocketAddress *peer, const char *why);
    bool is_over_limit(uint64_t ip) const;
    void note_limit(const ReachedLimit &limit, const SocketAddress *peer);
    int choose_transport();
    int check_transport() const;
    int choose_datagrams();
    int open_port();
    int open_or_close();
    int open_listener();
    int bind_or_adopt();
    static void acceptable(Worker *self, uint32_t);
    void accept_batch();
    void take_turns();
    bool accept_one();
    bool accept_without_descriptor();
    bool admit(int fd, const Newcomer &newcomer);
    Newcomer judge(const SocketAddress &peer) const;
    bool refuse_direct(int fd, const SocketAddress &peer);
    int check_adopts() const;
    bool is_connection(int fd) const;
    ReachedLimit make_room(uint64_t ip, bool *goes);
    Connection *take(int fd, const Newcomer &newcomer, bool adopted = false);
    bool refuse(int fd, const ReachedLimit &limit, const SocketAddress *peer);
    void end_silent(Connection &conn, const ReachedLimit &limit);
    void count_ip(const Connection &conn, uint64_t ip);
    static void keep_spare_fd();

    App &app_;
    Address address_;
    Listener listener_;
    WatchOf<Worker> accept_watch_;
    LogThrottle refused_throttle_;
    LogThrottle silent_throttle_;
    LogThrottle proxy_throttle_;
    uint64_t shed_ = 0;
    std::unique_ptr<TlsServer> tls_;
    std::vector<TlsIdentityFiles> certificates_; ///< beside tls_cert
    std::unique_ptr<DatagramPort> port_;         ///< nullptr: it has not listened for datagrams
    uint8_t scheme_codec_;
    bool scheme_tls_ = false;
    bool scheme_datagrams_ = false;
    bool has_address_ = false;
    bool accept_paused_ = false;
    bool shared_listener_ = false; ///< other processes accept from it too
    bool released_ = false;
    bool began_ = false; ///< started or listened in this process: on_stop is due
    bool stopped_ = false;
    bool stop_due_ = false;
    bool listens_again_ = false; ///< the host has called listen since that stop
    uint64_t stop_record_ = 0;   ///< its number in the overflow list
    uint64_t reload_record_ = 0; ///< likewise
};

} // namespace wm

#endif
