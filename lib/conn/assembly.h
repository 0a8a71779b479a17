/**
 * @file
 * Limits what the connections of an app hold of incomplete messages: max_assembly_total.
 *
 * At the limit room is made for the connection that needs it, and another is turned away: of the endpoint that
 * holds most, the connection whose tail is heaviest, bytes times the time since it last grew. So who holds memory
 * loses it, not who comes later or makes progress; and what an endpoint holds below its equal share of the total
 * is never taken for another's sake. Tails are listed by endpoint and size, so that a victim is found without a
 * walk over them. Owned by the reactor; the app's thread.
 */
#ifndef WM_CONN_ASSEMBLY_H
#define WM_CONN_ASSEMBLY_H

#include "core/buffer.h"
#include "core/log.h"

#include <cstddef>
#include <cstdint>

namespace wm {

class Endpoint;
class Reactor;
struct Connection;

/// The tails of an endpoint: for each power of two those of about that size, the one that grew longest ago first.
class EndpointTails {
public:
    void add(Tail &tail, int64_t now_ms);
    void remove(Tail &tail);
    /// nullptr: there is none.
    Tail *heaviest(int64_t now_ms) const;
    size_t bytes() const { return bytes_; }

private:
    friend class Assembly;

    static constexpr int kClasses = 48;
    struct List {
        Tail *first;
        Tail *last;
    };

    static int class_of(const Tail &tail);

    List lists_[kClasses] = {};
    size_t bytes_ = 0;
    EndpointTails *previous_ = nullptr; ///< in Assembly's list, while it holds a tail
    EndpointTails *next_ = nullptr;
};

class Assembly {
public:
    explicit Assembly(Reactor &reactor) : reactor_(reactor) {}
    Assembly(const Assembly &) = delete;
    Assembly &operator=(const Assembly &) = delete;
    ~Assembly() { free_retired(); }

    /// A tail with room for that many bytes, not listed yet; nullptr when out of memory.
    Tail *make(size_t capacity);
    /// Whether make() has one ready.
    bool has_spare(size_t capacity) const { return spare(capacity); }
    /// Frees one that is not listed, or keeps it for the next large message.
    void discard(Tail *tail) { spares_.give(tail); }

    /// Makes room for that many bytes of the endpoint. Never at the expense of a tail that is not listed: the
    /// caller removes the tail that it replaces. False: there is none, because of what the endpoint needs itself.
    bool make_room(Endpoint &endpoint, size_t bytes);
    void add(Connection &conn, Tail &tail);
    void remove(Connection &conn, Tail &tail);

    /// Frees a removed tail with the batch: records of this poll point into it.
    void retire(Tail *tail);
    void free_retired();
    /// Whether so much is retired that the poll ends before more is read.
    bool batch_is_full() const { return retired_ && retired_too_much(); }

    /// Frees what the connection holds; the answer to its peer and the close follow at the end of the turn.
    void turn_away(Connection &conn);
    /// Answers the peer of such a connection, and closes it. For TodoList.
    void refuse(Connection &conn);

private:
    Tail *spare(size_t capacity) const;
    bool retired_too_much() const;
    EndpointTails *fullest(EndpointTails &needs, size_t bytes) const;

    Reactor &reactor_;
    EndpointTails *endpoints_ = nullptr; ///< those that hold a tail
    size_t bytes_ = 0;
    SpareTails spares_;
    Tail *retired_ = nullptr;
    size_t retired_bytes_ = 0;
    LogThrottle throttle_;
};

} // namespace wm

#endif
