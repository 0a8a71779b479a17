#include "conn/inbox.h"

#include "conn/reactor.h"
#include "core/log.h"
#include "net/transport.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>

namespace wm {

Inbox::~Inbox()
{
    begin_batch();
    free(arena_);
}

void Inbox::begin_batch()
{
    reactor_.assembly.free_retired();
    while (Cold *cold = batch_colds_) {
        batch_colds_ = cold->next;
        delete cold;
    }
    used_ = 0;
}

bool Inbox::reserve()
{
    if (!arena_)
        arena_ = static_cast<char *>(malloc(kArenaSize));
    return arena_;
}

void Inbox::keep_until_next_batch(Cold *cold)
{
    cold->next = batch_colds_;
    batch_colds_ = cold;
}

// ---- tails

/// Defers the free to the end of the batch if records may point into the tail.
void Inbox::retire_tail(const Connection &conn, Tail *tail)
{
    if (reactor_.dispatch.host_has_records(conn))
        reactor_.assembly.retire(tail);
    else
        reactor_.assembly.discard(tail);
}

void Inbox::free_tail(Connection &conn)
{
    if (!conn.tail)
        return;
    reactor_.assembly.remove(conn, *conn.tail);
    retire_tail(conn, conn.tail);
    conn.tail = nullptr;
}

/// Caps the doubling of a tail at what the message needs. Never reserves by an announced length alone:
/// announcing costs a peer nothing.
size_t Inbox::tail_capacity(size_t grown, size_t len, size_t need)
{
    return need > len ? std::min(grown, need) : grown;
}

/// Moves the bytes, which may be in the present tail, to a tail of that capacity. False: there is no room.
bool Inbox::replace_tail(Connection &conn, size_t capacity, const char *data, size_t len)
{
    Assembly &assembly = reactor_.assembly;
    Tail *old = conn.tail;
    if (old)
        assembly.remove(conn, *old);
    bool room = assembly.make_room(*conn.owner, sizeof(Tail) + capacity);
    Tail *fresh = room ? assembly.make(capacity) : nullptr;
    if (fresh) {
        memcpy(fresh->data(), data, len);
        fresh->end = len;
        assembly.add(conn, *fresh);
    }
    conn.tail = fresh;
    if (old)
        retire_tail(conn, old);
    if (!room)
        assembly.turn_away(conn);
    else if (!fresh)
        reactor_.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
    return fresh;
}

/// Stores the rest, which is in the arena or in the present tail, as the connection's tail.
bool Inbox::store_tail(Connection &conn, const Rest &rest)
{
    Tail *old = conn.tail;
    bool referenced = reactor_.dispatch.host_has_records(conn);
    bool in_place = old && rest.data >= old->data() && rest.data <= old->data() + old->size();
    bool consumed = old && (in_place ? rest.data > old->data() : rest.len <= old->size());
    if (in_place && (!referenced || reactor_.dispatch.full())) {
        // Parsed in place: skip what was consumed. Safe when the batch is full, because no read follows
        // before the next batch.
        old->begin += static_cast<size_t>(rest.data - old->data());
        old->end = old->begin + rest.len;
    } else if (old && !in_place && old->capacity >= rest.len) {
        old->begin = 0;
        old->end = rest.len;
        memcpy(old->data(), rest.data, rest.len);
    } else {
        size_t grown = rest.incomplete ? std::max<size_t>(rest.len + rest.len / 2, 256) : rest.len;
        if (!replace_tail(conn, tail_capacity(grown, rest.len, rest.need), rest.data, rest.len))
            return false;
        consumed = false;
    }
    if (consumed) { // what is held now begins another message
        reactor_.assembly.remove(conn, *conn.tail);
        reactor_.assembly.add(conn, *conn.tail);
    }
    conn.tail->need = rest.incomplete ? rest.need : 0;
    return true;
}

/// Ensures free space in the tail for the next read.
bool Inbox::grow_tail(Connection &conn)
{
    Tail *old = conn.tail;
    size_t need = old->need;
    size_t missing = need > old->size() ? need - old->size() : kCopyTailMax;
    size_t least = conn.io ? Transport::kMinReceive : std::min(missing, kCopyTailMax);
    if (old->free_size() >= least)
        return true;
    size_t capacity = tail_capacity(std::max(old->size() * 2, 4 * kCopyTailMax), old->size(), need);
    capacity = std::max(capacity, old->size() + least);
    if (!reactor_.dispatch.host_has_records(conn) && !reactor_.assembly.has_spare(capacity))
        return grow_in_place(conn, capacity);
    if (!replace_tail(conn, capacity, old->data(), old->size()))
        return false;
    conn.tail->need = need;
    return true;
}

/// Moves or reallocates the tail. No record may point into it.
bool Inbox::grow_in_place(Connection &conn, size_t capacity)
{
    Assembly &assembly = reactor_.assembly;
    Tail *tail = conn.tail;
    if (tail->begin > 0) {
        size_t len = tail->size();
        char *from = tail->data();
        tail->begin = 0;
        tail->end = len;
        memmove(tail->data(), from, len);
        if (tail->capacity >= capacity)
            return true;
    }
    assembly.remove(conn, *tail);
    bool room = assembly.make_room(*conn.owner, sizeof(Tail) + capacity);
    Tail *grown = room ? tail->grow(capacity) : nullptr;
    conn.tail = grown ? grown : tail;
    assembly.add(conn, *conn.tail);
    if (!room)
        assembly.turn_away(conn);
    else if (!grown)
        reactor_.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
    return grown;
}

// ---- reading

void Inbox::readable(Connection *conn)
{
    Reactor &reactor = conn->owner->reactor;
    reactor.callback_watch.begin(conn->owner, "message");
    reactor.inbox.read(*conn);
    reactor.callback_watch.end();
    if (!reactor.forked)
        reactor.outbox.end_event();
}

/// Returns 0 when nothing was read; EOF and errors are handled here.
size_t Inbox::receive(Connection &conn, char *out, size_t len)
{
    IoResult result = io::receive(conn.io, conn.fd(), out, len);
    if (conn.io) [[unlikely]]
        after_transport(conn, result);
    switch (result.kind) {
    case IoResult::Kind::kDone:
        conn.bytes_read += result.size;
        if (conn.flags & (kAwaitPong | kIdleTimed)) [[unlikely]]
            note_read(conn);
        else
            conn.last_active = reactor_.tick();
        return result.size;
    case IoResult::Kind::kEnd:
        reactor_.lifecycle.peer_ended(conn, result.code);
        return 0;
    case IoResult::Kind::kFailed:
        reactor_.lifecycle.io_failed(conn, result.code);
        return 0;
    case IoResult::Kind::kBlocked:
        return 0;
    }
    return 0;
}

/// What was received may have made the transport answer, and there may be more behind it.
void Inbox::after_transport(Connection &conn, const IoResult &result)
{
    if (conn.parked() > 0)
        reactor_.outbox.wait_writable(conn);
    if (result.kind == IoResult::Kind::kDone && result.code == Transport::kMore) {
        conn.set(kMoreHeld);
        reactor_.todos.add(conn, kTodoMore);
    }
}

void Inbox::receive_more(Connection &conn)
{
    bool parsed = conn.has(kNoInput) || (wants(conn) && !(conn.todo & kTodoInput));
    if (!conn.has(kMoreHeld) || !parsed || conn.state == ConnState::kClosed)
        return; // resume_parsing() comes back to it
    conn.unset(kMoreHeld);
    discard(conn);
}

void Inbox::note_read(Connection &conn)
{
    if (!conn.has(kIdleTimed)) // else Dispatch::message and note_part know what counts
        conn.last_active = reactor_.tick();
    if (conn.has(kAwaitPong)) {
        // Any byte counts as a pong: the pong itself may be queued behind megabytes.
        conn.unset(kAwaitPong);
        reactor_.expiry.restart_ping(conn);
    }
}

/// The tail has grown: by a part of a message, unless the codec says that it holds none.
void Inbox::note_part(Connection &conn)
{
    const Codec &codec = reactor_.codec(conn);
    if (!codec.is_quiet || !codec.is_quiet(conn))
        conn.last_active = reactor_.tick();
}

void Inbox::read(Connection &conn)
{
    if (conn.flags & (kNoInput | kEnding)) [[unlikely]]
        read_at_end(conn);
    else
        read_some(conn);
}

inline void Inbox::read_some(Connection &conn)
{
    if (conn.state < ConnState::kHandshake) {
        if (!reactor_.lifecycle.secure(conn))
            return;
        reactor_.callback_watch.next("message"); // the open event had a time of its own
    }
    if (conn.todo & kTodoInput) {
        reactor_.todos.run();
        reactor_.callback_watch.begin(conn.owner, "message");
        if (!reactor_.connections.live_at(conn.slot) || conn.state == ConnState::kClosed)
            return;
    }
    if (reactor_.dispatch.full() || kArenaSize - used_ < kMinRoom || reactor_.assembly.batch_is_full()) {
        reactor_.loop.break_turn();
        return;
    }
    if (!wants(conn))
        return; // paused, or not parsed before the next turn, in which the loop reports it again
    if (conn.tail && conn.tail->size() > kCopyTailMax)
        read_to_tail(conn);
    else
        read_to_arena(conn);
}

/// What comes to a connection that ends, or has ended.
[[gnu::noinline]] void Inbox::read_at_end(Connection &conn)
{
    if (conn.has(kNoInput))
        discard(conn);
    else if (!conn.has(kEnded) && !(conn.todo & kTodoInput)) // else that comes first
        parse_last(conn, [&] { read_some(conn); });
}

/// Tells Ending whether that brought something from the connection that the host answers.
template <class Parse> void Inbox::parse_last(Connection &conn, Parse parse)
{
    uint64_t messages = reactor_.dispatch.messages();
    size_t queued = conn.queued();
    parse();
    reactor_.ending.parsed(conn, reactor_.dispatch.messages() != messages || conn.queued() > queued);
}

/// Reads and drops input, so that a peer that is still sending gets to read what we sent last.
void Inbox::discard(Connection &conn)
{
    char scratch[kScratch]; // not the arena: records of the poll may fill it
    receive(conn, scratch, sizeof scratch);
}

/// No codec throws. Where a callback of the host does, the parser and the bytes have parted: the connection ends.
Rest Inbox::parse(Connection &conn, char *data, size_t len)
{
    try {
        return reactor_.codec(conn).parse(conn, data, len);
    } catch (const std::exception &error) {
        log_exception("a message callback", error.what());
        reactor_.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
        return {data, 0, false};
    }
}

void Inbox::read_to_arena(Connection &conn)
{
    char *base = arena_ + used_;
    size_t before = conn.tail ? conn.tail->size() : 0;
    size_t most = conn.has(kReadLess) ? std::max(kReadLittle, conn.io ? Transport::kMinReceive : 0) : kReadMax;
    conn.unset(kReadLess);
    size_t got = receive(conn, base + before, std::min(most, kArenaSize - used_ - before));
    if (got == 0)
        return;
    if (before > 0)
        memcpy(base, conn.tail->data(), before);
    size_t records = reactor_.dispatch.count();
    Rest rest = parse(conn, base, before + got);
    if (reactor_.dispatch.count() != records)
        used_ = (used_ + before + got + 15) & ~size_t{15};
    keep_rest(conn, rest);
}

bool Inbox::batch_is_full() const
{
    return reactor_.assembly.batch_is_full();
}

bool Inbox::deliver(Connection &conn, char *&data, size_t &len)
{
    if (!wants(conn))
        return false;
    char *bytes = data;
    if (reactor_.dispatch.polling()) { // records refer to the bytes until the next poll
        if (kArenaSize - used_ < len)
            return false;
        bytes = static_cast<char *>(memcpy(arena_ + used_, data, len));
    }
    size_t records = reactor_.dispatch.count();
    Rest rest = parse(conn, bytes, len);
    if (reactor_.dispatch.count() != records)
        used_ = (used_ + len + 15) & ~size_t{15};
    data += len - rest.len;
    len = rest.len;
    return len == 0 || conn.state != ConnState::kOpen;
}

void Inbox::read_to_tail(Connection &conn)
{
    if (!grow_tail(conn))
        return;
    Tail *tail = conn.tail;
    size_t got = receive(conn, tail->free_space(), std::min(kReadMax, tail->free_size()));
    if (got == 0)
        return;
    size_t before = tail->size();
    tail->end += got;
    Rest rest = parse(conn, tail->data(), tail->size());
    bool grows = conn.has(kIdleTimed) && rest.len > before;
    keep_rest(conn, rest);
    if (grows && conn.tail)
        note_part(conn);
}

void Inbox::resume_parsing(Connection &conn)
{
    if (conn.tail)
        reactor_.todos.add(conn, kTodoInput);
    if (conn.has(kMoreHeld))
        reactor_.todos.add(conn, kTodoMore);
    if (conn.has(kBodyInPieces))
        reactor_.todos.add(conn, kTodoBody);
}

void Inbox::parse_tail(Connection &conn)
{
    if (!conn.tail || conn.state == ConnState::kClosed)
        return;
    auto parse_held = [&] { keep_rest(conn, parse(conn, conn.tail->data(), conn.tail->size())); };
    if (conn.has(kEnding)) [[unlikely]]
        parse_last(conn, parse_held);
    else
        parse_held();
}

/// Stores what a parse left over, and schedules more parsing unless that waits for bytes or for the host.
void Inbox::keep_rest(Connection &conn, const Rest &rest)
{
    if (conn.state == ConnState::kClosed || conn.has(kNoInput) || rest.len == 0) {
        free_tail(conn);
        return;
    }
    keep_part(conn, rest);
}

void Inbox::keep_part(Connection &conn, const Rest &rest)
{
    bool grows = conn.has(kIdleTimed) && rest.len > (conn.tail ? conn.tail->size() : 0);
    if (!store_tail(conn, rest))
        return;
    if (grows)
        note_part(conn);
    if (!rest.incomplete && !(conn.flags & kNotParsed))
        resume_parsing(conn);
}

} // namespace wm
