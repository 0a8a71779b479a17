#include "worker/shutdown.h"

#include "core/random.h"
#include "net/stream.h"
#include "worker/app.h"

#include <algorithm>
#include <string_view>

namespace wm {

namespace {

constexpr int64_t kSweepMs = 50;
constexpr int64_t kLeastQuietMs = 250; // a keep-alive client's next request may be on its way for that long
constexpr int64_t kLingerMs = 250;     // at a stop, for the end of peers that have been sent everything
constexpr int64_t kGraceMs = 500;      // for close frames and queues once a drain's time is over

bool is_websocket(const Connection &conn)
{
    return conn.owner->protocol() == Protocol::kWebsocket;
}
bool is_http(const Connection &conn)
{
    return conn.owner->protocol() == Protocol::kHttp;
}

/// Whether the tail holds part of a message, or messages that were not parsed.
bool holds_input(const Connection &conn)
{
    if (!conn.tail)
        return false;
    // Empty lines before a request are not a part of it (RFC 9112 §2.2).
    return !is_http(conn) || std::string_view(conn.tail->data(), conn.tail->size()).find_first_not_of("\r\n") != std::string_view::npos;
}

/// The finaliser of splitmix64: neighbours come out far apart.
uint64_t scatter(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

} // namespace

// ---- what is asked for, and its begin

void Departure::ask_stop()
{
    stop_asked_.store(true, std::memory_order_relaxed);
    asked_.store(true, std::memory_order_release);
}

void Departure::ask_drain(int64_t spread_ms, int64_t timeout_ms, int32_t code)
{
    if (drain_asked_ || leaving())
        return;
    drain_asked_ = true;
    code_ = code;
    spread_ms_ = spread_ms;
    timeout_ms_ = timeout_ms;
    asked_.store(true, std::memory_order_release);
}

void Departure::stop(int64_t timeout_ms)
{
    if (stopping())
        return;
    asked_.store(true, std::memory_order_relaxed);
    deadline_ms_ = std::min(deadline_ms_, app_.loop.now_ms() + timeout_ms);
    leaving_ = Leaving::kStopping;
    next_sweep_ms_ = app_.loop.now_ms();
    if (!told_) // else a drain whose time was over has closed whatever is still there
        tell_all();
}

void Departure::drain(int64_t spread_ms, int64_t timeout_ms, int32_t code)
{
    if (leaving())
        return;
    asked_.store(true, std::memory_order_relaxed);
    leaving_ = Leaving::kDraining;
    handed_over_ = true;
    code_ = code;
    timeout_ms = std::max<int64_t>(timeout_ms, 0);
    spread_ms_ = std::clamp<int64_t>(spread_ms, 0, timeout_ms); // what is later would all be at the deadline
    quiet_ms_ = std::max(spread_ms_, kLeastQuietMs);
    began_ms_ = next_sweep_ms_ = app_.loop.now_ms();
    deadline_ms_ = began_ms_ + timeout_ms;
    random_bytes(&seed_, sizeof seed_);
    for (const auto &worker : app_.workers())
        worker->leave_listener();
}

// ---- while it lasts

void Departure::run()
{
    if (stop_asked_.load(std::memory_order_relaxed))
        stop(app_.options.stop_timeout_ms);
    else if (drain_asked_)
        drain(spread_ms_, timeout_ms_, code_);
    if (!leaving())
        return;
    int64_t now = app_.loop.now_ms();
    if (stopping() || told_) {
        look_at_rest(now);
        return;
    }
    if (now >= deadline_ms_)
        expire(now);
    else if (now >= next_sweep_ms_)
        sweep(now);
}

int64_t Departure::due_ms() const
{
    return leaving() ? std::min(next_sweep_ms_, deadline_ms_) : deadline_ms_;
}

void Departure::sweep(int64_t now)
{
    next_sweep_ms_ = now + kSweepMs;
    for (uint32_t slot = 0; slot < app_.connections.used(); slot++) {
        if (!app_.connections.live_at(slot))
            continue;
        Connection &conn = *app_.connections.at(slot);
        if (conn.state != ConnState::kOpen || !is_due(conn, now))
            continue;
        if (interrupts(conn))
            next_sweep_ms_ = now; // once the host has had its say
        else
            app_.lifecycle.close(conn, WM_REASON_STOP, code_, {});
    }
}

/// Those that are still here when everything has been sent wait for their peers' ends alone. A peer that stays need not be waited for as
/// long as one that is still reading: the kernel delivers what it has.
void Departure::look_at_rest(int64_t now)
{
    if (now < next_sweep_ms_)
        return;
    next_sweep_ms_ = now + kSweepMs;
    for (uint32_t slot = 0; slot < app_.connections.used(); slot++)
        if (app_.connections.live_at(slot) && app_.connections.at(slot)->state < ConnState::kLingering)
            return;
    deadline_ms_ = std::min(deadline_ms_, now + kLingerMs);
    next_sweep_ms_ = Loop::kNever;
}

bool Departure::is_due(const Connection &conn, int64_t now) const
{
    return is_websocket(conn) ? now >= moment_of(conn) : is_quiet(conn, now);
}

/// Reconnects of all at once would be a storm: each has a moment of its own.
int64_t Departure::moment_of(const Connection &conn) const
{
    return spread_ms_ > 0 ? began_ms_ + static_cast<int64_t>(scatter(conn.slot ^ seed_) % static_cast<uint64_t>(spread_ms_)) : began_ms_;
}

/// Nothing is under way, and nothing has come for so long that nothing is on its way either.
bool Departure::is_quiet(const Connection &conn, int64_t now) const
{
    if (now - began_ms_ < quiet_ms_ || conn.last_active >= app_.deadlines.tick(now - quiet_ms_))
        return false;
    if (conn.queued() > 0 || holds_input(conn) || conn.has(kSkipLine) || (is_http(conn) && conn.http->count > 0))
        return false;
    return !stream::has_input(conn.fd); // the host may have paused it
}

/// A close now would come before an event that is due, or before what the host answers to the records of this poll.
bool Departure::interrupts(const Connection &conn) const
{
    return (conn.todo & (kTodoOpen | kTodoInput | kTodoEnd)) != 0 || app_.dispatch.awaits_host(conn);
}

bool Departure::is_last(const Connection &conn) const
{
    if (conn.has(kNoInput))
        return true;
    // Inside its message callback the parser's own bytes say it: the tail is put in order afterwards.
    bool more = conn.http->current != HttpSession::kNone ? conn.http->more_behind : holds_input(conn);
    return !more && !stream::has_input(conn.fd);
}

// ---- the end

/// The time of a drain is over: on_stop, and what is left closes within a short grace.
void Departure::expire(int64_t now)
{
    tell_all();
    deadline_ms_ = now + kGraceMs;
}

/// From the back, and by index: on_stop may make workers.
void Departure::tell_all()
{
    told_ = true;
    const auto &workers = app_.workers();
    for (size_t i = workers.size(); i-- > 0;)
        if (i < workers.size())
            tell(*workers[i]);
}

void Departure::tell(Worker &worker)
{
    worker.say_stop();
    if (handed_over_)
        worker.leave_listener();
    else
        worker.unlisten();
    // From the back: close() never takes one out at once, but a callback of another may.
    const auto &connections = worker.connections();
    for (size_t i = connections.size(); i-- > 0;)
        if (i < connections.size())
            say_goodbye(*connections[i]);
}

void Departure::say_goodbye(Connection &conn)
{
    if (stopping() && is_http(conn) && conn.state == ConnState::kOpen && conn.http->count > 0)
        finish_requests(conn);
    else
        app_.lifecycle.close(conn, WM_REASON_STOP, stopping() ? int32_t{websocket::kGoingAway} : code_, {});
}

/// What the host has been asked it may still answer, and the last answer ends the connection. What it has not been asked it will not be:
/// on_stop has taken away what a message needs.
void Departure::finish_requests(Connection &conn)
{
    conn.set(kNoInput);
    conn.http->continue_due = false;
    app_.inbox.free_tail(conn);
    if (!conn.has(kPeerEnded))
        conn.phase_deadline = 0; // of a head that is not waited for any more
    app_.expiry.update(conn);
    app_.lifecycle.update_read(conn);
}

bool Departure::finish()
{
    int64_t now = app_.loop.now_ms();
    if (!leaving() || (app_.connections.live() > 0 && now < deadline_ms_))
        return false;
    if (!told_ && app_.dispatch.count() > 0 && now < deadline_ms_) {
        next_sweep_ms_ = now; // the last have gone, but the host has to see their records before on_stop
        return false;
    }
    if (!told_)
        expire(now);
    app_.lifecycle.destroy_all(WM_REASON_STOP);
    if (!app_.todos.run() || app_.connections.live() > 0)
        return false; // their close events go out with the next polls
    deadline_ms_ = 0;
    app_.commands.refuse();
    return true;
}

} // namespace wm
