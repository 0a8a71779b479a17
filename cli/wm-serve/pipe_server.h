/**
 * @file
 * `wm-serve pipe FROM TO`: each connection to FROM gets one of its own to TO, and the library passes on what comes between the two
 * (wm_conn_pipe).
 */
#ifndef WM_SERVE_PIPE_SERVER_H
#define WM_SERVE_PIPE_SERVER_H

#include "wm-serve/event_log.h"
#include "wm-serve/proxy_options.h"
#include "wm-serve/server.h"
#include "wm-serve/tls_options.h"

#include <cstdint>
#include <string>
#include <vector>

namespace wm::serve {

struct PipeOptions : InstanceOptions {
    std::string from;
    std::string to;
    int64_t connect_timeout_ms = 10000;
    int64_t idle_ms = 0;         ///< 0: no limit
    int64_t drain_ms = 60000;    ///< how long a reload leaves connections to their ends
    int64_t max_connections = 0; ///< 0: as many as the descriptor limit has room for
    int64_t max_per_ip = 0;      ///< 0: no limit
    int64_t count = 1;
    TlsOptions tls;                ///< of FROM
    ProxyOptions proxies;          ///< in front of FROM
    std::string tls_ca;            ///< for TO; empty: those of the system
    std::string tls_server_name;   ///< of TO; empty: its host
    std::string tls_verify = "on"; ///< of TO

    PipeOptions() : InstanceOptions("wm-serve-pipe") {}
    std::string error() const;
};

class PipeServer final : public Server {
public:
    ~PipeServer() override { free_app(); }

    void add_flags(CLI::App &command) override;
    InstanceOptions &instance() override { return options_; }
    void reset() override;
    std::string error() const override { return options_.error(); }
    std::string missing() const override;
    bool check() const override { return Server::check(worker_); }

private:
    bool make_workers() override;
    void announce(size_t part) const override;
    bool can_connect() const;
    bool set_limits();
    wm_client *make_client();
    wm_client *take_client();
    void give_back(wm_client *client);
    void join(wm_conn from);
    static int32_t started(wm_worker *worker, int32_t index, void *self);
    static void opened(wm_worker *worker, wm_conn conn, void *self);
    static void failed(wm_worker *worker, wm_conn conn, int32_t code, const void *text, size_t len, void *self);
    static void closed(wm_worker *worker, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *self);

    PipeOptions options_;
    wm_worker *worker_ = nullptr;
    std::vector<wm_client *> spare_; ///< closed, with the certificates that they have read and a TLS session to resume
    ThrottledWarning failures_;
};

} // namespace wm::serve

#endif
