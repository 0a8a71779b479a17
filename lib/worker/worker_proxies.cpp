// The part of Worker that is about proxies in front of it: which are trusted, and what their PROXY headers say.
#include "worker/worker.h"

#include "core/error.h"
#include "core/reserve.h"
#include "session/http/requests.h"
#include "session/proxy/header_transport.h"
#include "worker/app.h"
#include "worker/shares.h"

#include <cerrno>
#include <netinet/in.h>
#include <string>
#include <unistd.h>
#include <utility>

namespace wm {

int Worker::check_proxies() const
{
    if (options.proxy_protocol == 0)
        return 0;
    if (wants_datagrams())
        return fail(WM_EINVAL, "option 'proxy_protocol' is for connections, and %s takes datagrams: leave it 0", address());
    if (!trusted_proxies.empty())
        return 0;
    return fail(WM_EINVAL,
                "option 'proxy_protocol' of worker '%s' is set, but no proxy is trusted: set 'trusted_proxies' to the addresses of the "
                "proxies, as in '10.0.0.0/8', or to '*' where only they can reach %s",
                options.name.c_str(), address());
}

int Worker::set_trusted_proxies(const char *list)
{
    Networks parsed;
    if (int result = parsed.parse(list))
        return fail(result, "option 'trusted_proxies': %s", std::string(last_error()).c_str());
    std::swap(trusted_proxies, parsed);
    int result = listening() ? check_proxies() : 0;
    if (result == 0)
        result = wm::set_option(Scope::kWorker, &options, listening(), "trusted_proxies", list);
    if (result != 0)
        std::swap(trusted_proxies, parsed);
    return result;
}

int Worker::set_proxy_protocol(int64_t value)
{
    int64_t before = options.proxy_protocol;
    int result = wm::set_option(Scope::kWorker, &options, listening(), "proxy_protocol", value);
    if (result == 0 && listening())
        result = check_proxies();
    if (result != 0)
        options.proxy_protocol = before;
    proxy = options.proxy_protocol != 0 ? &kHeaderTransport : nullptr;
    return result;
}

void Worker::log_refused(const SocketAddress *peer, const char *why)
{
    if (!proxy_throttle_.due(app_.reactor.loop.now_ms()))
        return;
    char ip[INET6_ADDRSTRLEN] = "";
    if (peer)
        format_ip(peer->storage, ip);
    proxy_throttle_.log(WM_LOG_WARN, "worker %s (%s): connection from %s refused: %s", options.name.c_str(), address(),
                        ip[0] ? ip : "this machine", why);
}

/// Closes an accepted descriptor whose peer is no proxy; true, as there may be more to accept.
bool Worker::refuse_direct(int fd, const SocketAddress &peer)
{
    close(fd);
    log_refused(&peer, "proxy_protocol is set, and it is none of trusted_proxies");
    return true;
}

/// A proxy ends a connection before its header has come, or writes none. One that only looks whether the port is open is not logged.
void Worker::refused(Connection &conn, int32_t code, const char *text)
{
    SocketAddress peer;
    if (code == WM_EPROTOCOL)
        log_refused(peer_of(conn, peer) ? &peer : nullptr, text);
    app_.reactor.lifecycle.destroy(conn, WM_REASON_PROTOCOL, 0);
}

void Worker::timed_out(Connection &conn)
{
    SocketAddress peer;
    if (conn.has(kUnannounced))
        log_refused(peer_of(conn, peer) ? &peer : nullptr, "the PROXY header did not arrive within handshake_timeout_ms");
    Endpoint::timed_out(conn);
}

bool Worker::count_as(const Connection &conn, const SocketAddress *peer)
{
    if (ip_counts)
        ip_counts->remove(conn.slot);
    uint64_t ip = options.max_per_ip > 0 && peer ? IpCounts::key_of(peer->storage) : 0;
    if (is_over_limit(ip)) {
        note_limit({"max_per_ip", options.max_per_ip}, peer);
        return false;
    }
    if (ip != 0)
        count_ip(conn, ip);
    return true;
}

bool Worker::leave_proxy(Connection &conn)
{
    const proxy::Header &header = static_cast<const HeaderTransport &>(*conn.io).header();
    if (header.from == proxy::Header::From::kProxy)
        return true;
    bool known = header.from == proxy::Header::From::kClient;
    if (!known || !trusted_proxies.contains(header.client.ip))
        conn.unset(kTrustedPeer); // the proxy passes on what another peer says
    if (header.tls)
        conn.set(kClientTls);
    if (!known)
        return true;
    if (!reserve_slot(app_.reactor.told_peers, conn.slot)) {
        app_.reactor.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
        return false;
    }
    app_.reactor.told_peers[conn.slot].by_proxy = header.client;
    conn.set(kProxied);
    SocketAddress peer = to_socket_address(header.client);
    if (!count_as(conn, conn.has(kTrustedPeer) ? nullptr : &peer)) {
        app_.reactor.lifecycle.destroy(conn, WM_REASON_LIMIT, 0);
        return false;
    }
    if (access_log)
        HttpRequests::note_peer(conn, peer);
    return true;
}

} // namespace wm
