/**
 * @file
 * How an app goes: at once (stop), or after it has let its connections go without losing anything (drain).
 *
 * What was asked for begins at the end of the turn. The app's thread, but ask_stop() and asked(); owned by the app.
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

enum class Leaving : uint8_t {
    kNo,
    kDraining, ///< nothing is accepted any more; who is connected is served until a moment that loses nothing
    kStopping, ///< on_stop has been called; connections end when what is due to them has left
};

class Departure {
public:
    explicit Departure(App &app) : app_(app) {}

    /// Any thread.
    void ask_stop();
    void ask_drain(int64_t spread_ms, int64_t timeout_ms, int32_t code);
    /// Something was asked for, and may have begun: the one test on the paths of every turn and answer.
    bool asked() const { return asked_.load(std::memory_order_relaxed); }

    /// A drain that is under way becomes a stop; the earlier deadline holds.
    void stop(int64_t timeout_ms);
    /// Each websocket is closed with that code at a moment of its own within spread_ms, the others end when they are quiet; after
    /// timeout_ms whatever is left does. No effect when already leaving.
    void drain(int64_t spread_ms, int64_t timeout_ms, int32_t code = websocket::kServiceRestart);

    bool leaving() const { return leaving_ != Leaving::kNo; }
    bool draining() const { return leaving_ == Leaving::kDraining; }
    bool stopping() const { return leaving_ == Leaving::kStopping; }

    /// Before a turn's last flush: begins what was asked for, and closes those whose moment has come.
    void run();
    /// After it: true when nothing is left, and the app has stopped.
    bool finish();
    /// When there is something to do; Loop::kNever: not by itself.
    int64_t due_ms() const;

    /// http, of a connection's only unanswered request: no other has been received, so that its answer may be the last.
    bool is_last(const Connection &conn) const;

private:
    void sweep(int64_t now);
    void look_at_rest(int64_t now);
    void expire(int64_t now);
    void tell(Worker &worker);
    void tell_all();
    void say_goodbye(Connection &conn);
    void finish_requests(Connection &conn);
    int64_t moment_of(const Connection &conn) const;
    bool is_due(const Connection &conn, int64_t now) const;
    bool is_quiet(const Connection &conn, int64_t now) const;
    bool interrupts(const Connection &conn) const;

    App &app_;
    std::atomic<bool> asked_{false};
    std::atomic<bool> stop_asked_{false};
    bool drain_asked_ = false;
    Leaving leaving_ = Leaving::kNo;
    bool handed_over_ = false;                  ///< a successor serves the addresses
    bool told_ = false;                         ///< the workers have had their on_stop
    int32_t code_ = websocket::kServiceRestart; ///< what websockets hear of a drain
    int64_t spread_ms_ = 0;
    int64_t timeout_ms_ = 0;
    int64_t quiet_ms_ = 0;
    int64_t began_ms_ = 0;
    int64_t next_sweep_ms_ = 0;
    int64_t deadline_ms_ = Loop::kNever;
    uint64_t seed_ = 0;
};

} // namespace wm

#endif
