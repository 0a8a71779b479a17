#include "wm-serve/pipe_server.h"

#include "shared/printable.h"
#include "wm-serve/flags.h"
#include "wm-serve/listen_address.h"

#include <cstdio>

namespace wm::serve {

namespace {

constexpr size_t kSpareClients = 64;

/// The error of an address that is no stream of bytes.
std::string address_error(const char *flag, const std::string &address)
{
    std::string scheme = ListenAddress(address).scheme();
    if (address.empty() || scheme == "tcp" || scheme == "unix" || scheme == "ssl")
        return "";
    return std::string(flag) + " takes tcp://HOST:PORT, ssl://HOST:PORT or unix:///PATH, whose bytes are passed on as they come, not '" +
           printable(address) + "'";
}

bool is_tls(const std::string &address)
{
    return ListenAddress(address).scheme() == "ssl";
}

void drop_line(int32_t, const void *, size_t, void *) {}

} // namespace

std::string PipeOptions::error() const
{
    for (const std::string &wrong :
         {instance_error(), tls.error(), proxies.error(), address_error("--from", from), address_error("--to", to)})
        if (!wrong.empty())
            return wrong;
    if (is_tls(from) && !tls.given())
        return "--from " + from + " needs a certificate: --tls-cert FILE --tls-key FILE";
    if (!is_tls(from) && tls.given())
        return "--tls-cert is for --from ssl://HOST:PORT, not '" + from + "'";
    if (tls_verify != "on" && tls_verify != "off")
        return "--tls-verify takes on or off, not '" + printable(tls_verify) + "'";
    if (!is_tls(to) && (!tls_ca.empty() || !tls_server_name.empty() || tls_verify == "off"))
        return "--tls-ca, --tls-server-name and --tls-verify are for --to ssl://HOST:PORT, not '" + to + "'";
    if (!from.empty() && !to.empty() && ListenAddress(from).meets(ListenAddress(to)))
        return "--to " + to + " is where --from " + from + " listens: each connection would make another, without an end";
    return "";
}

std::string PipeServer::missing() const
{
    if (!options_.from.empty() && !options_.to.empty())
        return "";
    std::string what = options_.from.empty() && options_.to.empty() ? "FROM and TO are" : options_.from.empty() ? "FROM is" : "TO is";
    return what + " missing: wm-serve pipe tcp://127.0.0.1:8080 tcp://10.0.0.5:80";
}

void PipeServer::add_flags(CLI::App &command)
{
    add_text(command, "--from", "ADDRESS", options_.from, "where it listens: tcp, unix or ssl");
    add_text(command, "--to", "ADDRESS", options_.to, "where it connects: tcp, unix or ssl");
    add_duration(command, "--connect-timeout", {}, options_.connect_timeout_ms, "time to connect, with all addresses of a name");
    add_duration(command, "--idle-timeout", kOrZero, options_.idle_ms,
                 "time without a byte either way that ends a connection; 0s: no limit");
    add_duration(command, "--drain", kOrZero, options_.drain_ms, "time that a reload leaves to the connections it finds");
    add_number(command, "--max-connections", options_.max_connections, "at a time (default: what the descriptor limit allows)");
    add_number(command, "--max-per-ip", options_.max_per_ip, "connections of one IP address, IPv6: of a /64 (default: no limit)");
    add_proxy_flags(command, options_.proxies, false);
    add_tls_flags(command, options_.tls, "certificate of --from ssl and its chain, PEM");
    add_text(command, "--tls-ca", "FILE", options_.tls_ca, "certificates that --to ssl is verified with (default: the system's)");
    add_text(command, "--tls-server-name", "NAME", options_.tls_server_name, "name in the certificate of --to ssl (default: its host)");
    add_text(command, "--tls-verify", "SWITCH", options_.tls_verify, "on or off: verify --to ssl");
    add_count(command, options_.count, "processes");
    add_instance_flags(command, options_);
}

void PipeServer::reset()
{
    PipeOptions defaults;
    defaults.name = options_.name;
    defaults.run_dir = options_.run_dir;
    options_ = defaults;
}

bool PipeServer::make_workers()
{
    if (!missing().empty())
        return true;
    worker_ = wm_worker_new(app_, options_.from.c_str());
    return worker_ && can_connect() && wm_worker_set_str(worker_, "name", "pipe") == 0 && set_identity(worker_) && set_limits() &&
           (!options_.tls.given() || options_.tls.apply(worker_)) && options_.proxies.apply(worker_) &&
           wm_worker_on_start(worker_, started, this, nullptr) == 0 && wm_worker_on_open(worker_, opened, this, nullptr) == 0;
}

/// Whether a client for TO can be made. It is made in an app of its own, which never runs: so the address is parsed and the file of
/// --tls-ca read, and nothing is connected. False with the error in wm_last_error.
bool PipeServer::can_connect() const
{
    wm_app *trial = wm_app_new();
    wm_client *client = trial ? wm_client_new(trial, options_.to.c_str()) : nullptr;
    bool fits = client != nullptr;
    if (fits && !options_.tls_ca.empty()) {
        wm_log_set(drop_line, nullptr, nullptr); // the caller tells
        fits = wm_client_set_str(client, "tls_ca", options_.tls_ca.c_str()) == 0 && wm_client_connect(client) == 0;
        wm_log_set(nullptr, nullptr, nullptr);
    }
    wm_app_free(trial);
    return fits;
}

bool PipeServer::set_limits()
{
    int64_t most = options_.max_connections > 0 ? options_.max_connections : connections_within_limit(2);
    for (const char *deadline : {"reload_timeout_ms", "graceful_timeout_ms"})
        if (wm_app_set_int(app_, deadline, options_.drain_ms > 0 ? options_.drain_ms : 1) != 0)
            return false;
    return wm_worker_set_int(worker_, "count", options_.count) == 0 && wm_worker_set_int(worker_, "max_connections", most) == 0 &&
           wm_worker_set_int(worker_, "max_per_ip", options_.max_per_ip) == 0 &&
           wm_worker_set_int(worker_, "idle_timeout_ms", options_.idle_ms) == 0;
}

void PipeServer::announce(size_t) const
{
    printf("wm-serve pipe %s\n  from    %s\n  to      %s\n", wm_version(), url(worker_).c_str(), options_.to.c_str());
    fflush(stdout);
}

int32_t PipeServer::started(wm_worker *, int32_t, void *self)
{
    static_cast<PipeServer *>(self)->serves();
    return 0;
}

// ---- a connection

/// A client for one connection; nullptr, with the error in wm_last_error.
wm_client *PipeServer::make_client()
{
    wm_client *client = wm_client_new(app_, options_.to.c_str());
    if (!client)
        return nullptr;
    bool made = wm_client_set_int(client, "connect_timeout_ms", options_.connect_timeout_ms) == 0 &&
                wm_client_set_int(client, "idle_timeout_ms", options_.idle_ms) == 0 && wm_client_set_str(client, "name", "pipe to") == 0 &&
                (options_.tls_ca.empty() || wm_client_set_str(client, "tls_ca", options_.tls_ca.c_str()) == 0) &&
                (options_.tls_server_name.empty() || wm_client_set_str(client, "tls_server_name", options_.tls_server_name.c_str()) == 0) &&
                (options_.tls_verify == "on" || wm_client_set_int(client, "tls_verify", 0) == 0) &&
                wm_client_on_error(client, failed, this, nullptr) == 0 && wm_client_on_close(client, closed, this, nullptr) == 0;
    if (made)
        return client;
    wm_client_free(client);
    return nullptr;
}

wm_client *PipeServer::take_client()
{
    if (spare_.empty())
        return make_client();
    wm_client *client = spare_.back();
    spare_.pop_back();
    return client;
}

void PipeServer::give_back(wm_client *client)
{
    if (spare_.size() < kSpareClients)
        spare_.push_back(client);
    else
        wm_client_free(client);
}

void PipeServer::join(wm_conn from)
{
    wm_client *client = take_client();
    bool joined = client && wm_client_connect(client) == 0;
    wm_conn to = joined ? wm_client_conn(client) : 0;
    if (joined && wm_conn_pipe(from, to) == 0 && wm_conn_pipe(to, from) == 0)
        return;
    if (failures_.due())
        failures_.log("closed " + peer_name(from) + ": " + wm_last_error());
    wm_client_free(client);
    wm_conn_destroy(from);
}

void PipeServer::opened(wm_worker *, wm_conn conn, void *self)
{
    static_cast<PipeServer *>(self)->join(conn);
}

void PipeServer::failed(wm_worker *, wm_conn, int32_t, const void *text, size_t len, void *user)
{
    PipeServer &self = *static_cast<PipeServer *>(user);
    if (!self.failures_.due())
        return;
    std::string line(static_cast<const char *>(text), len);
    bool names_it = line.find(self.options_.to) != std::string::npos;
    self.failures_.log(names_it ? line : self.options_.to + ": " + line);
}

void PipeServer::closed(wm_worker *, wm_conn conn, int32_t, int32_t, const void *, size_t, void *self)
{
    static_cast<PipeServer *>(self)->give_back(wm_conn_client(conn));
}

} // namespace wm::serve
