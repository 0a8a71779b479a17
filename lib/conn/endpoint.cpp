#include "conn/endpoint.h"

#include "conn/reactor.h"
#include "core/reserve.h"
#include "net/transport.h"

namespace wm {

bool Endpoint::reserve_place()
{
    return reserve_in(connections_, connections_.size() + 1);
}

void Endpoint::add(Connection &conn)
{
    conn.owner_index = static_cast<uint32_t>(connections_.size());
    connections_.push_back(&conn);
    conn.set(kSilent);
    reactor.silent_links.push_back(silent, conn.slot);
    reactor.status_changed = true;
}

void Endpoint::remove(Connection &conn)
{
    Connection *last = connections_.back();
    connections_[conn.owner_index] = last;
    last->owner_index = conn.owner_index;
    connections_.pop_back();
    if (ip_counts)
        ip_counts->remove(conn.slot);
    reactor.status_changed = true;
}

void Endpoint::timed_out(Connection &conn)
{
    reactor.lifecycle.destroy(conn, WM_REASON_TIMEOUT, 0);
}

bool Endpoint::peer_of(const Connection &conn, SocketAddress &out) const
{
    if (conn.flags & (kProxied | kForwarded)) {
        const ToldPeer &told = reactor.told_peers[conn.slot];
        out = to_socket_address(conn.has(kForwarded) ? told.by_request : told.by_proxy);
        return true;
    }
    return conn.has_addresses() && io::remote_address(conn.io, conn.fd(), out);
}

void Endpoint::refused(Connection &conn, int32_t error, const char *text)
{
    reactor.lifecycle.fail_attempt(conn, WM_REASON_PROTOCOL, error, 0, text);
}

void Endpoint::heard(Connection &conn)
{
    if (!conn.has(kSilent))
        return;
    conn.unset(kSilent);
    reactor.silent_links.remove(silent, conn.slot);
}

} // namespace wm
