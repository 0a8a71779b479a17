/**
 * @file
 * Stops an app: promptly (stop), or once each connection can close without losing data (drain).
 *
 * A request takes effect at the end of the turn. Owned by the app; the app's thread, except request_stop().
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
class Endpoint;
class Worker;

class Shutdown {
public:
    explicit Shutdown(App &app) : app_(app) {}

    /// Any thread. As request_drain, it sets Reactor::shutting_down.
    void request_stop();
    void request_drain(int64_t spread_ms, int64_t timeout_ms, int32_t code);

    /// Begins a stop. Overrides a drain in progress; the earlier deadline applies.
    void begin_stop(int64_t timeout_ms);
    /// Begins a drain. Closes each websocket with that code, and each connection whose protocol has boundaries between two messages,
    /// at a random time within spread_ms; others when they are quiet, and the rest after timeout_ms. No effect once a stop or drain
    /// has begun.
    void begin_drain(int64_t spread_ms, int64_t timeout_ms, int32_t code = websocket::kServiceRestart);

    bool begun() const { return phase_ != Phase::kNone; }
    bool draining() const { return phase_ == Phase::kDraining; }
    bool stopping() const { return phase_ == Phase::kStopping; }

    /// Begins what was requested and closes connections that are due. Call it before the last flush of a
    /// turn.
    void run();
    /// Call it after that flush: true when no connection is left and the app has stopped.
    bool finish();
    /// Time of the next work; Loop::kNever: none.
    int64_t due_ms() const;

private:
    enum class Phase : uint8_t {
        kNone,
        kDraining, ///< accepts nothing; serves each connection until it can close without losing data
        kStopping, ///< on_stop is called, then connections close once their send queues are empty
    };

    template <class Visit> void each_connection(Visit visit);
    void close_due(int64_t now);
    bool end_if_due(Connection &conn, int64_t now);
    void close_held(int64_t now);
    void announce_stop();
    bool host_knows();
    void stop_workers();
    void close_worker(Worker &worker);
    void close_connections(Endpoint &endpoint);
    void close_for_stop(Connection &conn);
    int64_t close_at_ms(const Connection &conn, int64_t spread_ms) const;
    bool is_due(const Connection &conn, int64_t now) const;
    bool is_quiet(const Connection &conn, int64_t now) const;
    bool awaits_event(const Connection &conn) const;

    App &app_;
    std::atomic<bool> stop_requested_{false};
    bool drain_requested_ = false;
    Phase phase_ = Phase::kNone;
    bool successor_listens_ = false;            ///< a new process serves the addresses
    bool announced_ = false;                    ///< on_stop of every worker has been called, or its record made
    bool workers_stopped_ = false;              ///< and the closing of the connections has begun
    uint64_t announced_epoch_ = 0;              ///< Reactor::slice_epoch of the last record; 0: there is none
    int32_t code_ = websocket::kServiceRestart; ///< close code of a drain
    int64_t spread_ms_ = 0;
    int64_t timeout_ms_ = 0;
    int64_t quiet_ms_ = 0;
    int64_t began_ms_ = 0;
    int64_t next_scan_ms_ = 0;
    int64_t deadline_ms_ = Loop::kNever;
    uint64_t seed_ = 0;
};

} // namespace wm

#endif
