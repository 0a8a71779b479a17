// The part of HttpRequests that reads whose request it is that a trusted proxy passes on.
#include "session/http/requests.h"

#include "conn/reactor.h"
#include "core/reserve.h"
#include "proto/ascii.h"

#include <cerrno>

namespace wm {

namespace {

http::Forwarded read(const Connection &conn, std::string_view fields)
{
    const std::string &header = conn.owner->options.proxy_header;
    if (header == "none")
        return {};
    auto contains = [](const void *list, const IpAddress &ip) { return static_cast<const Networks *>(list)->contains(ip); };
    http::ForwardedBy by = header == "Forwarded" ? http::ForwardedBy::kForwarded : http::ForwardedBy::kForwardedFor;
    return http::read_forwarded(fields, by, {contains, &conn.owner->trusted_proxies});
}

bool is_https_target(const http::Request &request)
{
    return !request.connect && ascii::equal_fold(request.target.substr(0, 6), "https:");
}

} // namespace

bool HttpRequests::take_forwarded(Connection &conn, const http::Request &request)
{
    http::Forwarded found = read(conn, request.fields);
    if (found.known && !reserve_slot(reactor_.told_peers, conn.slot)) {
        reactor_.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
        return false;
    }
    conn.unset(kForwarded);
    if (found.known) {
        reactor_.told_peers[conn.slot].by_request = found.client;
        reactor_.told_peers[conn.slot].counts = false;
        conn.set(kForwarded);
    }
    SocketAddress peer;
    bool known = conn.owner->peer_of(conn, peer);
    if (known)
        note_peer(conn, peer);
    if (found.malformed) { // else a client would hide behind the address of the proxy, which max_per_ip does not count
        refuse(conn, 400, "RFC 7239 §4: Forwarded is malformed, so that it tells of no client", WM_REASON_PROTOCOL, request.head,
               request.raw_head());
        return false;
    }
    if (is_https_target(request) && !found.https && !conn.io && !conn.has(kClientTls)) {
        const http::Failure &failure = http::failure_of(http::Error::kTargetSecure);
        refuse(conn, failure.status, failure.text, WM_REASON_PROTOCOL, request.head, request.raw_head());
        return false;
    }
    if (!conn.owner->count_as(conn, found.known ? &peer : nullptr)) {
        refuse(conn, 429, "RFC 6585 §4: more connections of one address than max_per_ip allows", WM_REASON_LIMIT, request.head,
               request.raw_head());
        return false;
    }
    if (found.known && conn.owner->ip_counts)
        reactor_.told_peers[conn.slot].counts = true;
    return true;
}

} // namespace wm
