/**
 * @file
 * Pipes: what one connection receives is sent on another, without the host.
 *
 * A pipe is one direction, from a source to a target; two make a duplex. It passes on what a peer would see that were connected to the
 * other side itself: the messages, the end of the stream as the end of the target's output, a loss as a reset. The source is not
 * read while the target's queue is above its high water, or while the memory of all queues is half used up. Both ends name each other
 * in their Cold parts; a pipe ends with the first of them. Never calls the host, except for the error of a message that no queue
 * takes. Owned by the reactor; the app's thread.
 */
#ifndef WM_CONN_PIPE_H
#define WM_CONN_PIPE_H

#include "conn/connection.h"

#include <cstdint>
#include <string_view>

namespace wm {

class Reactor;

class Pipes {
public:
    explicit Pipes(Reactor &reactor) : reactor_(reactor) {}

    /// Begins one: 0 or a WM_E... with its detail, as wm_conn_pipe.
    int begin(Connection &source, Connection &target);
    /// Ends the pipe of a source, if there is one: its messages go to the host again.
    void end(Connection &source);

    /// Sends on a message of a source.
    void message(Connection &source, std::string_view data, int32_t kind);
    /// The queue of a target is too long for more.
    void hold(Connection &target);
    /// The queue of a target is empty.
    void release(Connection &target);

    /// The peer of a source has ended its side.
    void source_ended(Connection &source);
    /// A source or a target begins to close, with its reason set.
    void closing(Connection &conn);

private:
    int check(const Connection &source, const Connection &target) const;
    bool is_full(const Connection &target) const;
    static void unlink(Connection &source);
    void end_output(Connection &target);
    void reset(Connection &conn);

    Reactor &reactor_;
};

} // namespace wm

#endif
