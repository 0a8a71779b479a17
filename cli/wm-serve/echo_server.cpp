#include "wm-serve/echo_server.h"

#include "wm-serve/flags.h"
#include "wm-serve/listen_address.h"

#include <algorithm>
#include <cstdio>

namespace wm::serve {

namespace {

bool is_http(const std::string &address)
{
    std::string scheme = ListenAddress(address).scheme();
    return scheme == "http" || scheme == "https";
}

bool is_tls(const std::string &address)
{
    std::string scheme = ListenAddress(address).scheme();
    return scheme == "https" || scheme == "wss" || scheme == "ssl";
}

/// The connection's own pipe: what it receives is sent, no faster than its peer reads, and its end is the end.
void pipe_to_itself(wm_worker *, wm_conn conn, void *)
{
    if (wm_conn_pipe(conn, conn) != 0)
        wm_conn_destroy(conn);
}

std::string text_of(wm_request request, int (*get)(wm_request, const void **, size_t *))
{
    const void *data = nullptr;
    size_t len = 0;
    return get(request, &data, &len) == 0 ? std::string(static_cast<const char *>(data), len) : "";
}

/// The body with its type; of a request without a body its method and target as a line.
void answer(wm_worker *, wm_conn conn, const void *data, size_t len, int32_t, void *)
{
    wm_request request = wm_message_request(conn);
    std::string line;
    if (len == 0) {
        line = text_of(request, wm_request_method) + " " + text_of(request, wm_request_target) + "\n";
        data = line.data();
        len = line.size();
    }
    const void *type = nullptr;
    size_t type_len = 0;
    std::string headers = "Content-Type: text/plain; charset=utf-8\r\n";
    if (line.empty() && wm_request_header(request, "Content-Type", &type, &type_len) == 1)
        headers = "Content-Type: " + std::string(static_cast<const char *>(type), type_len) + "\r\n";
    headers += "X-Content-Type-Options: nosniff\r\n"; // what is sent back is anybody's
    wm_request_respond(request, 200, headers.data(), headers.size(), data, len, 0);
}

} // namespace

std::string EchoOptions::error() const
{
    for (const std::string &wrong : {instance_error(), tls.error()})
        if (!wrong.empty())
            return wrong;
    for (size_t i = 0; i < listen.size(); i++) {
        if (is_tls(listen[i]) && !tls.given())
            return "--listen " + listen[i] + " needs a certificate: --tls-cert FILE --tls-key FILE";
        for (size_t other = 0; other < i; other++)
            if (ListenAddress(listen[i]).collides(ListenAddress(listen[other])))
                return "--listen " + listen[i] + " is where --listen " + listen[other] + " listens: each needs a port of its own";
    }
    if (!listen.empty() && tls.given() && std::none_of(listen.begin(), listen.end(), is_tls))
        return "--tls-cert is for --listen https, wss or ssl, and there is none";
    return "";
}

std::string EchoServer::missing() const
{
    return options_.listen.empty() ? "ADDRESS is missing: wm-serve echo tcp://127.0.0.1:7000" : "";
}

void EchoServer::add_flags(CLI::App &command)
{
    add_list(command, "--listen", "ADDRESS", options_.listen, "tcp, unix, ssl, text, frame, http, https, websocket or wss (repeatable)");
    add_tls_flags(command, options_.tls, "certificate for https, wss and ssl and its chain, PEM");
    add_count(command, options_.count, "processes for each address");
    add_instance_flags(command, options_);
}

void EchoServer::reset()
{
    EchoOptions defaults;
    defaults.name = options_.name;
    defaults.run_dir = options_.run_dir;
    options_ = defaults;
}

bool EchoServer::make_workers()
{
    for (const std::string &address : options_.listen) {
        wm_worker *worker = wm_worker_new(app_, address.c_str());
        if (!worker || !set_up(worker, address))
            return false;
        workers_.push_back(worker);
    }
    return true;
}

bool EchoServer::set_up(wm_worker *worker, const std::string &address)
{
    if (is_tls(address) && !options_.tls.apply(worker))
        return false;
    bool on = is_http(address) ? wm_worker_on_message(worker, answer, nullptr, nullptr) == 0
                               : wm_worker_on_open(worker, pipe_to_itself, nullptr, nullptr) == 0;
    return on && wm_worker_on_start(worker, started, this, nullptr) == 0 && set_identity(worker) &&
           wm_worker_set_int(worker, "count", options_.count) == 0 &&
           wm_worker_set_str(worker, "name", ("echo " + ListenAddress(address).scheme()).c_str()) == 0;
}

bool EchoServer::check() const
{
    return std::all_of(workers_.begin(), workers_.end(), [](wm_worker *worker) { return Server::check(worker); });
}

void EchoServer::announce(size_t part) const
{
    printf("wm-serve echo %s at %s\n", wm_version(), url(workers_[part]).c_str());
    fflush(stdout);
}

int32_t EchoServer::started(wm_worker *worker, int32_t, void *user)
{
    EchoServer &self = *static_cast<EchoServer *>(user);
    self.serves(static_cast<size_t>(std::find(self.workers_.begin(), self.workers_.end(), worker) - self.workers_.begin()));
    return 0;
}

} // namespace wm::serve
