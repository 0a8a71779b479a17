/**
 * @file
 * How an app ends: at once (stop), or after its connections have ended without losing anything (drain).
 *
 * A request takes effect at the end of the turn. The app's thread, except request_stop(); owned by the app.
 */
#ifndef WM_WORKER_SHUTDOWN_H
#define WM_WORKER_SHUTDOWN_H

#include "conn/connection.h"
#include "core/loop.h"
#include "proto/websocket/frame.h"

#include <atomic>
#include <cstdint>

namespace wm {

class App;
class Worker;

class Shutdown {
public:
    explicit Shutdown(App &app) : app_(app) {}

    /// Any thread. As request_drain, it sets Reactor::shutting_down.
    void request_stop();
    void request_drain(int64_t spread_ms, int64_t timeout_ms, int32_t code);

    /// Turns a drain that is in progress into a stop; the earlier deadline holds.
    void begin_stop(int64_t timeout_ms);
    /// Closes each websocket with that code at a moment of its own within spread_ms, and other connections when they are quiet; after
    /// timeout_ms whatever is left. No effect when a stop or drain has begun.
    void begin_drain(int64_t spread_ms, int64_t timeout_ms, int32_t code = websocket::kServiceRestart);

    bool begun() const { return phase_ != Phase::kNone; }
    bool draining() const { return phase_ == Phase::kDraining; }
    bool stopping() const { return phase_ == Phase::kStopping; }

    /// Before a turn's last flush: begins what was requested, and closes the connections that are due.
    void run();
    /// After it: true when nothing is left, and the app has stopped.
    bool finish();
    /// When there is something to do; Loop::kNever: not by itself.
    int64_t due_ms() const;

private:
    enum class Phase : uint8_t {
        kNone,
        kDraining, ///< nothing is accepted any more; each connection is served until it can end without a loss
        kStopping, ///< on_stop has been called; connections end when what is queued for them has left
    };

    void close_due(int64_t now);
    void shorten_linger(int64_t now);
    void end_drain(int64_t now);
    void stop_workers();
    void stop_worker(Worker &worker);
    void close_for_stop(Connection &conn);
    int64_t close_moment(const Connection &conn) const;
    bool is_due(const Connection &conn, int64_t now) const;
    bool is_quiet(const Connection &conn, int64_t now) const;
    bool awaits_event(const Connection &conn) const;

    App &app_;
    std::atomic<bool> stop_requested_{false};
    bool drain_requested_ = false;
    Phase phase_ = Phase::kNone;
    bool successor_listens_ = false;            ///< a new process serves the addresses
    bool workers_stopped_ = false;              ///< on_stop of each has been called
    int32_t code_ = websocket::kServiceRestart; ///< of a drain's close frames
    int64_t spread_ms_ = 0;
    int64_t timeout_ms_ = 0;
    int64_t quiet_ms_ = 0;
    int64_t began_ms_ = 0;
    int64_t next_look_ms_ = 0;
    int64_t deadline_ms_ = Loop::kNever;
    uint64_t seed_ = 0;
};

} // namespace wm

#endif
