#include "conn/assembly.h"

#include "conn/reactor.h"
#include "proto/websocket/frame.h"

#include <bit>

namespace wm {

namespace {

constexpr const char *kNoRoom = "the server has no room for incomplete messages: try again later";

} // namespace

// ---- the tails of an endpoint

int EndpointTails::class_of(const Tail &tail)
{
    return static_cast<int>(std::bit_width(tail.allocated()));
}

void EndpointTails::add(Tail &tail, int64_t now_ms)
{
    List &list = lists_[class_of(tail)];
    tail.since_ms = now_ms;
    tail.previous = list.last;
    tail.next = nullptr;
    (list.last ? list.last->next : list.first) = &tail;
    list.last = &tail;
    bytes_ += tail.allocated();
}

void EndpointTails::remove(Tail &tail)
{
    List &list = lists_[class_of(tail)];
    (tail.previous ? tail.previous->next : list.first) = tail.next;
    (tail.next ? tail.next->previous : list.last) = tail.previous;
    bytes_ -= tail.allocated();
}

Tail *EndpointTails::heaviest(int64_t now_ms) const
{
    Tail *found = nullptr;
    uint64_t most = 0;
    for (const List &list : lists_) {
        if (!list.first)
            continue;
        uint64_t weight = list.first->allocated() * static_cast<uint64_t>(now_ms - list.first->since_ms + 1);
        if (weight > most) {
            most = weight;
            found = list.first;
        }
    }
    return found;
}

// ---- memory

Tail *Assembly::spare(size_t capacity) const
{
    return bytes_ < reactor_.max_assembly_total ? spares_.find(capacity, reactor_.max_assembly_total - bytes_) : nullptr;
}

Tail *Assembly::make(size_t capacity)
{
    Tail *tail = spare(capacity);
    if (!tail)
        return Tail::make(capacity);
    spares_.take(tail);
    return tail;
}

// ---- all tails

void Assembly::add(Connection &conn, Tail &tail)
{
    EndpointTails &tails = conn.owner->tails;
    if (tails.bytes() == 0) {
        tails.previous_ = nullptr;
        tails.next_ = endpoints_;
        if (endpoints_)
            endpoints_->previous_ = &tails;
        endpoints_ = &tails;
    }
    tail.slot = conn.slot;
    tails.add(tail, reactor_.loop.now_ms());
    bytes_ += tail.allocated();
}

void Assembly::remove(Connection &conn, Tail &tail)
{
    EndpointTails &tails = conn.owner->tails;
    tails.remove(tail);
    bytes_ -= tail.allocated();
    if (tails.bytes() > 0)
        return;
    (tails.previous_ ? tails.previous_->next_ : endpoints_) = tails.next_;
    if (tails.next_)
        tails.next_->previous_ = tails.previous_;
}

/// The endpoint that would hold most once `needs` has that many bytes more.
EndpointTails *Assembly::fullest(EndpointTails &needs, size_t bytes) const
{
    EndpointTails *found = needs.bytes() > 0 ? &needs : nullptr;
    size_t most = needs.bytes() + bytes;
    for (EndpointTails *tails = endpoints_; tails; tails = tails->next_) {
        if (tails->bytes() > most) {
            found = tails;
            most = tails->bytes();
        }
    }
    return found;
}

bool Assembly::make_room(Endpoint &endpoint, size_t bytes)
{
    if (bytes > reactor_.max_assembly_total)
        return false;
    while (bytes_ + bytes > reactor_.max_assembly_total) {
        EndpointTails *tails = fullest(endpoint.tails, bytes);
        if (!tails)
            return false;
        turn_away(*reactor_.connections.at(tails->heaviest(reactor_.loop.now_ms())->slot));
    }
    return true;
}

void Assembly::retire(Tail *tail)
{
    tail->next = retired_;
    retired_ = tail;
    retired_bytes_ += tail->allocated();
}

void Assembly::free_retired()
{
    while (retired_) {
        Tail *next = retired_->next;
        spares_.give(retired_);
        retired_ = next;
    }
    retired_bytes_ = 0;
}

bool Assembly::retired_too_much() const
{
    return bytes_ + retired_bytes_ > reactor_.max_assembly_total;
}

// ---- turning away

void Assembly::turn_away(Connection &conn)
{
    if (throttle_.due(reactor_.loop.now_ms()))
        throttle_.log(WM_LOG_WARN,
                      "worker %s (%s): incomplete messages are at max_assembly_total (%zu), so a connection that holds one is turned away",
                      conn.owner->options.name.c_str(), conn.owner->display.c_str(), reactor_.max_assembly_total);
    reactor_.inbox.free_tail(conn);
    conn.set(kNoInput);
    // Later, because the peer's end may call the host, which may end any connection, also the one that needs room.
    reactor_.todos.add(conn, kTodoTurnedAway);
}

void Assembly::refuse(Connection &conn)
{
    const Codec &codec = reactor_.codec(conn);
    if (codec.turn_away)
        codec.turn_away(conn, kNoRoom);
    else
        reactor_.lifecycle.close_with_error(conn, WM_REASON_LIMIT, WM_EFULL, websocket::kTryAgainLater, kNoRoom);
}

} // namespace wm
