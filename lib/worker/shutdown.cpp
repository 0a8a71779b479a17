#include "worker/shutdown.h"

#include "core/random.h"
#include "net/transport.h"
#include "worker/app.h"
#include "worker/client.h"
#include "worker/clients.h"
#include "worker/commands.h"
#include "worker/peers.h"
#include "worker/worker.h"

#include <algorithm>

namespace wm {

namespace {

constexpr int64_t kScanIntervalMs = 50; // between two scans of all connections
constexpr int64_t kLingerMs = 250;      // at a stop, for EOF from peers that have been sent everything
constexpr int64_t kGraceMs = 500;       // for close frames and queues after a drain's deadline

/// The finaliser of splitmix64: maps adjacent slots to distant values.
uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

} // namespace

// ---- requests, and how each begins

void Shutdown::request_stop()
{
    stop_requested_.store(true, std::memory_order_relaxed);
    app_.reactor.shutting_down.store(true, std::memory_order_release);
}

void Shutdown::request_drain(int64_t spread_ms, int64_t timeout_ms, int32_t code)
{
    if (drain_requested_ || begun())
        return;
    drain_requested_ = true;
    code_ = code;
    spread_ms_ = spread_ms;
    timeout_ms_ = timeout_ms;
    app_.reactor.shutting_down.store(true, std::memory_order_release);
}

void Shutdown::begin_stop(int64_t timeout_ms)
{
    if (stopping())
        return;
    app_.reactor.shutting_down.store(true, std::memory_order_relaxed);
    deadline_ms_ = std::min(deadline_ms_, app_.reactor.loop.now_ms() + timeout_ms);
    phase_ = Phase::kStopping;
    next_scan_ms_ = app_.reactor.loop.now_ms();
    app_.reactor.ending.begin(websocket::kGoingAway, next_scan_ms_);
    app_.reactor.notify(ReactorObserver::kStopping);
    announce_stop();
}

void Shutdown::begin_drain(int64_t spread_ms, int64_t timeout_ms, int32_t code)
{
    if (begun())
        return;
    app_.reactor.shutting_down.store(true, std::memory_order_relaxed);
    phase_ = Phase::kDraining;
    successor_listens_ = true;
    timeout_ms = std::max<int64_t>(timeout_ms, 0);
    spread_ms_ = std::clamp<int64_t>(spread_ms, 0, timeout_ms); // later close times would all fall on the deadline
    quiet_ms_ = std::max(spread_ms_, Ending::kMinQuietMs);
    began_ms_ = next_scan_ms_ = app_.reactor.loop.now_ms();
    deadline_ms_ = began_ms_ + timeout_ms;
    app_.reactor.ending.begin(code, began_ms_ + quiet_ms_);
    random_bytes(&seed_, sizeof seed_);
    app_.reactor.notify(ReactorObserver::kStopping);
    const auto &workers = app_.workers(); // by index: what is read last may create some
    for (size_t i = 0; i < workers.size() && !app_.reactor.forked; i++)
        workers[i]->drain_listener();
}

// ---- in progress

void Shutdown::run()
{
    if (stop_requested_.load(std::memory_order_relaxed))
        begin_stop(app_.options.stop_timeout_ms);
    else if (drain_requested_)
        begin_drain(spread_ms_, timeout_ms_, code_);
    if (!begun())
        return;
    int64_t now = app_.reactor.loop.now_ms();
    if (announced_ && !workers_stopped_ && host_knows())
        stop_workers();
    if (workers_stopped_)
        close_held(now);
    else if (announced_)
        return; // until the next poll
    else if (now >= deadline_ms_)
        announce_stop();
    else if (app_.reactor.ending.take_released() || now >= next_scan_ms_)
        close_due(now);
}

int64_t Shutdown::due_ms() const
{
    return begun() ? std::min(next_scan_ms_, deadline_ms_) : deadline_ms_;
}

/// Calls visit(conn), which may call the host, for each connection.
template <class Visit> void Shutdown::each_connection(Visit visit)
{
    Reactor &reactor = app_.reactor;
    for (uint32_t slot = 0; slot < reactor.connections.used() && !reactor.forked; slot++) {
        if (!reactor.connections.live_at(slot))
            continue;
        Connection &conn = *reactor.connections.at(slot);
        if (conn.owner->client && !workers_stopped_)
            continue; // the connections of workers may need it
        reactor.callback_watch.begin(conn.owner, "closing");
        visit(conn);
        reactor.callback_watch.end();
    }
}

void Shutdown::close_due(int64_t now)
{
    next_scan_ms_ = now + kScanIntervalMs;
    each_connection([&](Connection &conn) {
        if (conn.state == ConnState::kOpen && end_if_due(conn, now))
            next_scan_ms_ = now; // again once the host has had the event
    });
}

/// Whether the connection waits for the next poll.
bool Shutdown::end_if_due(Connection &conn, int64_t now)
{
    Ending &ending = app_.reactor.ending;
    const Codec &codec = codec_of(conn);
    if (is_peer(conn)) {
        if (is_quiet(conn, now))
            app_.reactor.lifecycle.close(conn, WM_REASON_STOP, 0, {});
        return false;
    }
    if (conn.flags & kPiped)
        return false; // silence does not say that nothing is in flight between its ends: it lasts until the deadline
    if (conn.has(kEnded)) {
        ending.end(conn);
    } else if (codec.has_boundaries) {
        if (now >= close_at_ms(conn, spread_ms_ - Ending::kIdleMs))
            ending.end_between_messages(conn);
    } else if (ending.late() && codec.finish && codec.finish(conn)) {
        return false; // behind the answers that are due
    } else if (is_due(conn, now)) {
        if (awaits_event(conn))
            return true;
        ending.end(conn);
    }
    return ending.awaits_poll(conn);
}

/// Closes those that the host has held. Once everything has been sent, only EOF from the peers is pending: the kernel still
/// delivers its buffers, so a short wait suffices.
void Shutdown::close_held(int64_t now)
{
    if (!app_.reactor.ending.take_released() && now < next_scan_ms_)
        return;
    next_scan_ms_ = now + kScanIntervalMs;
    bool all_sent = true;
    each_connection([&](Connection &conn) {
        if (conn.state == ConnState::kOpen && conn.has(kEnded)) {
            app_.reactor.ending.end(conn);
            if (app_.reactor.ending.awaits_poll(conn))
                next_scan_ms_ = now;
        }
        all_sent = all_sent && conn.state >= ConnState::kLingering;
    });
    if (!all_sent)
        return;
    deadline_ms_ = std::min(deadline_ms_, now + kLingerMs);
    next_scan_ms_ = Loop::kNever;
}

bool Shutdown::is_due(const Connection &conn, int64_t now) const
{
    const Codec &codec = codec_of(conn);
    return codec.close && !codec.send_part ? now >= close_at_ms(conn, spread_ms_) : is_quiet(conn, now);
}

/// Spreads the closes, so that clients do not all reconnect at once.
int64_t Shutdown::close_at_ms(const Connection &conn, int64_t spread_ms) const
{
    return spread_ms > 0 ? began_ms_ + static_cast<int64_t>(mix(conn.slot ^ seed_) % static_cast<uint64_t>(spread_ms)) : began_ms_;
}

/// Nothing is pending, and no input for quiet_ms_: no request is in flight either.
bool Shutdown::is_quiet(const Connection &conn, int64_t now) const
{
    if (now - began_ms_ < quiet_ms_ || conn.last_active >= app_.reactor.deadlines.tick(now - quiet_ms_) || !conn.sent_all())
        return false;
    const Codec &codec = codec_of(conn);
    bool quiet = codec.is_quiet ? codec.is_quiet(conn) : !conn.tail;
    return quiet && !io::has_input(conn.io, conn.fd()); // unread input of a paused connection
}

/// A close now would precede a pending event, or the host's answers to records of this poll.
bool Shutdown::awaits_event(const Connection &conn) const
{
    return conn.has(kEventsDeferred) || (conn.todo & (kTodoInput | kTodoEnd | kTodoOpen)) != 0 ||
           app_.reactor.dispatch.host_has_records(conn);
}

// ---- the end

/// Calls on_stop of every worker, then closes the connections; in pull mode the host sees the records of
/// on_stop first. From the back, and by index: on_stop may create workers.
void Shutdown::announce_stop()
{
    if (announced_)
        return;
    announced_ = true;
    const auto &workers = app_.workers();
    for (size_t i = workers.size(); i-- > 0;)
        if (i < workers.size() && workers[i]->announce_stop())
            announced_epoch_ = app_.reactor.slice_epoch;
    if (announced_epoch_ == 0)
        stop_workers();
}

/// Whether the host has had every record of an on_stop, and polls again.
bool Shutdown::host_knows()
{
    for (const auto &worker : app_.workers())
        if (worker->stop_record_is_pending())
            announced_epoch_ = app_.reactor.slice_epoch; // the overflow list delivers it now, or later
    return app_.reactor.slice_epoch != announced_epoch_;
}

void Shutdown::stop_workers()
{
    workers_stopped_ = true;
    if (draining())
        deadline_ms_ = app_.reactor.loop.now_ms() + kGraceMs; // of a host that was long in on_stop, too
    const auto &workers = app_.workers();
    for (size_t i = workers.size(); i-- > 0 && !app_.reactor.forked;)
        if (i < workers.size())
            close_worker(*workers[i]);
    const auto &clients = app_.clients->all();
    app_.clients->stop();
    for (size_t i = clients.size(); i-- > 0 && !app_.reactor.forked;)
        if (i < clients.size())
            close_connections(*clients[i]);
}

void Shutdown::close_worker(Worker &worker)
{
    if (successor_listens_)
        worker.release_listener();
    else
        worker.unlisten();
    close_connections(worker);
}

/// From the back: close() itself removes nothing, but a callback may.
void Shutdown::close_connections(Endpoint &endpoint)
{
    const auto &connections = endpoint.connections();
    for (size_t i = connections.size(); i-- > 0 && !app_.reactor.forked;)
        if (i < connections.size()) {
            app_.reactor.callback_watch.begin(&endpoint, "closing");
            close_for_stop(*connections[i]);
            app_.reactor.callback_watch.end();
        }
}

void Shutdown::close_for_stop(Connection &conn)
{
    const Codec &codec = codec_of(conn);
    if (conn.state != ConnState::kOpen || is_peer(conn))
        app_.reactor.lifecycle.close(conn, WM_REASON_STOP, 0, {});
    else if (!stopping() || !codec.finish || !codec.finish(conn))
        app_.reactor.ending.stop(conn);
}

bool Shutdown::finish()
{
    int64_t now = app_.reactor.loop.now_ms();
    size_t clients = workers_stopped_ ? 0 : app_.clients->live();
    if (!begun() || (app_.reactor.connections.live() > clients && now < deadline_ms_))
        return false;
    if (!announced_ && app_.reactor.dispatch.count() > 0 && now < deadline_ms_) {
        next_scan_ms_ = now; // the host has to see the records of the last connection before on_stop
        return false;
    }
    if (!announced_)
        announce_stop();
    if (!workers_stopped_ || (clients > 0 && now < deadline_ms_))
        return false; // the host has yet to see the records of on_stop, or the connections of clients are about to end
    app_.reactor.lifecycle.destroy_all(WM_REASON_STOP);
    app_.reactor.todos.run();
    if (app_.reactor.connections.live() > 0)
        return false; // the next polls deliver their close events
    if (app_.peers && !app_.peers->leave()) {
        deadline_ms_ = next_scan_ms_ = Loop::kNever; // nothing else is awaited
        return false;
    }
    deadline_ms_ = 0;
    app_.commands->refuse();
    return true;
}

} // namespace wm
