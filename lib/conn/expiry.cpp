#include "conn/expiry.h"

#include "conn/reactor.h"
#include "core/random.h"
#include "net/transport.h"

#include <algorithm>

namespace wm {

uint32_t Expiry::tick_after(int64_t ms)
{
    reactor_.loop.update_now(); // the turn's clock is stale between polls and after a slow callback
    return reactor_.deadlines.tick_after(reactor_.loop.now_ms(), ms);
}

/// Adds 10 % of jitter either way, so that connections accepted together do not ping together.
uint32_t Expiry::next_ping(int64_t interval_ms)
{
    if (random_ == 0) {
        random_bytes(&random_, sizeof random_);
        random_ |= 1;
    }
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    int64_t tenth = interval_ms / 10;
    int64_t jitter = tenth > 0 ? static_cast<int64_t>(random_ % static_cast<uint64_t>(2 * tenth + 1)) - tenth : 0;
    return tick_after(interval_ms + jitter);
}

void Expiry::update(Connection &conn)
{
    uint32_t nearest = conn.phase_deadline;
    auto consider = [&nearest](uint32_t at) {
        if (at != 0 && (nearest == 0 || at < nearest))
            nearest = at;
    };
    if (conn.state == ConnState::kOpen) {
        consider(conn.ping_at);
        if (conn.cold)
            consider(conn.cold->send_by);
        if (reactor_.codec(conn).deadline)
            consider(reactor_.codec(conn).deadline(conn));
        int64_t idle = conn.options().idle_timeout_ms;
        idle > 0 ? conn.set(kIdleTimed) : conn.unset(kIdleTimed);
        if (idle > 0)
            consider(conn.last_active +
                     static_cast<uint32_t>(std::min<int64_t>((idle + Deadlines::kTickMs - 1) / Deadlines::kTickMs, INT32_MAX)) + 1);
    }
    reactor_.deadlines.set(conn.slot, nearest);
    reactor_.deadline_moved();
}

void Expiry::watch_send(Connection &conn, bool progress)
{
    if (conn.state != ConnState::kOpen || !conn.cold || (conn.cold->send_by != 0 && !progress))
        return;
    conn.cold->send_by = tick_after(conn.options().send_timeout_ms);
    update(conn);
}

void Expiry::expired(uint32_t slot)
{
    if (!reactor_.connections.live_at(slot))
        return;
    Connection &conn = *reactor_.connections.at(slot);
    reactor_.callback_watch.begin(conn.owner, "error");
    expire(conn, reactor_.tick());
    reactor_.callback_watch.end();
}

void Expiry::expire(Connection &conn, uint32_t now)
{
    switch (conn.state) {
    case ConnState::kResolving:
    case ConnState::kConnecting:
    case ConnState::kSecuring:
        conn.owner->timed_out(conn);
        break;
    case ConnState::kHandshake:
        if (conn.owner->client)
            conn.owner->timed_out(conn);
        else
            reactor_.codec(conn).timed_out(conn);
        break;
    case ConnState::kOpen:
        expired_open(conn, now);
        break;
    case ConnState::kCloseSent:
    case ConnState::kClosing:
    case ConnState::kLingering:
        if (conn.phase_deadline <= now) {
            io::reset_on_close(conn.io, conn.fd());
            reactor_.lifecycle.destroy(conn, WM_REASON_TIMEOUT, 0);
        }
        break;
    case ConnState::kClosed:
        return;
    }
    if (conn.state != ConnState::kClosed)
        update(conn);
}

void Expiry::expired_open(Connection &conn, uint32_t now)
{
    const ConnOptions &options = conn.options();
    auto passed = [now](uint32_t at) { return at != 0 && at <= now; };
    const Codec &codec = reactor_.codec(conn);
    if (codec.deadline && passed(codec.deadline(conn))) {
        codec.timed_out(conn);
        return;
    }
    if (conn.cold && passed(conn.cold->send_by)) {
        reactor_.lifecycle.reset(conn, WM_REASON_TIMEOUT);
        return;
    }
    if (passed(conn.phase_deadline)) {
        if (conn.has(kPeerEnded))
            reactor_.lifecycle.destroy(conn, WM_REASON_PEER, 0);
        else
            reactor_.codec(conn).timed_out(conn);
        return;
    }
    bool answers_due = conn.has(kInputBlocked) && !conn.has(kAboveHighWater);
    bool sending = codec.is_sending && codec.is_sending(conn) && conn.sent_all();
    if (conn.flags & (kPaused | kPipeHeld) || answers_due || sending)
        conn.last_active = now; // reading is paused, or the host's next part is awaited: silence says nothing about the peer
    int64_t idle_ticks = options.idle_timeout_ms / Deadlines::kTickMs;
    if (options.idle_timeout_ms > 0 && now > conn.last_active && now - conn.last_active > idle_ticks) {
        reactor_.lifecycle.close(conn, WM_REASON_TIMEOUT, 0, "idle timeout");
        return;
    }
    if (conn.ping_at == 0 || conn.ping_at > now)
        return;
    if (conn.flags & (kPaused | kPipeHeld)) {
        // Reading is paused, so a pong cannot be seen.
        restart_ping(conn);
        return;
    }
    if (conn.has(kAwaitPong)) {
        reactor_.lifecycle.destroy(conn, WM_REASON_TIMEOUT, 0);
        return;
    }
    send_ping(conn);
}

void Expiry::send_ping(Connection &conn)
{
    const ConnOptions &options = conn.options();
    if (options.ping_interval_ms == 0) {
        conn.ping_at = 0;
        return;
    }
    reactor_.codec(conn).ping(conn, {}); // a full queue: what the peer does not read, it does not answer
    conn.set(kAwaitPong);
    conn.ping_at = tick_after(options.pong_timeout_ms);
}

void Expiry::restart_ping(Connection &conn)
{
    int64_t interval = reactor_.codec(conn).ping ? conn.options().ping_interval_ms : 0;
    conn.ping_at = interval ? next_ping(interval) : 0;
    update(conn);
}

} // namespace wm
