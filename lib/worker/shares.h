/**
 * @file
 * How the workers of an app share its connections and the descriptors of the process: limits, reservations,
 * and which connection goes when there is no room. Owned by the app; the app's thread.
 */
#ifndef WM_WORKER_SHARES_H
#define WM_WORKER_SHARES_H

#include <cstddef>
#include <cstdint>

namespace wm {

class App;
class Worker;
struct Connection;

/// A limit that leaves no room for another connection.
struct ReachedLimit {
    const char *name = nullptr; ///< as it is to stand in the log; nullptr: there is room
    int64_t value = 0;
    bool of_worker = false; ///< only its own connections can make room

    explicit operator bool() const { return name; }
};

class Shares {
public:
    explicit Shares(App &app) : app_(app) {}

    /// Reads the descriptor limit, which may change while the app runs (prlimit(2)).
    void read_limit() { limit_ = descriptor_limit(); }

    /// Counts the descriptors of the process that no connection has: the loop, listeners, what the host has
    /// open.
    void measure();

    /// Of the process, as it is now.
    static int64_t descriptor_limit();
    /// Connections of the app at a time: the option, or what the descriptor limit allows, as it was last read.
    int64_t max_connections() const;
    /// Keeps the descriptors that the worker reserves. 0, or an error if they are more than there can be.
    int reserve(Worker &worker);
    /// 0, or an error if the reservations, and `more` of them, are more than there can be.
    int check_reserves(int64_t more) const;

    /// What keeps the worker from having another connection.
    ReachedLimit reached(const Worker &worker) const;
    /// What keeps a client from having one.
    ReachedLimit reached_by_client() const;
    /// Silent connections that the worker may have before the oldest goes.
    int64_t max_silent(const Worker &worker) const;
    /// The connection that goes for a new one of that worker: the oldest silent one of the worker that has
    /// most of them, among those with more connections than they reserve. nullptr: there is none.
    Connection *first_to_go(const Worker &newcomer) const;

private:
    int64_t sockets() const;
    /// What other workers have reserved and do not use.
    int64_t reserved_for_others(const Worker *worker) const;

    App &app_;
    int64_t limit_ = descriptor_limit();
    int64_t others_ = 0; ///< descriptors that no connection has
};

} // namespace wm

#endif
