#include "conn/outbox.h"

#include "conn/reactor.h"
#include "core/error.h"
#include "net/transport.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace wm {

namespace {

constexpr uint32_t kGrowth = 4096; // bytes; the most that a segment reserves ahead

size_t aligned(size_t n)
{
    return (n + 7) & ~size_t{7};
}

} // namespace

Outbox::~Outbox()
{
    free(arena_);
}

bool Outbox::reserve(size_t connections)
{
    if (!arena_)
        arena_ = static_cast<char *>(malloc(kArenaSize));
    return arena_ && flush_list_.reserve(connections);
}

/// The part of check() that is rare.
int Outbox::check_by_rules(Connection &conn, size_t len, bool exempt)
{
    if (conn.state > ConnState::kOpen && !(exempt && conn.state <= ConnState::kClosing))
        return fail(WM_ECLOSED, "the connection is closing");
    if (exempt)
        return 0;
    const ConnOptions &options = conn.options();
    if (conn.queue_memory() > static_cast<size_t>(options.max_send_buffer) && &conn != feeding_) {
        send_fail_++;
        return fail(WM_EFULL, "the send queue takes %zu bytes, over max_send_buffer (%lld)", conn.queue_memory(),
                    static_cast<long long>(options.max_send_buffer));
    }
    return &conn == feeding_ && in_place_ ? 0 : check_total(len);
}

int Outbox::too_long(size_t len) const
{
    return fail(WM_EMSGSIZE, "a message of %zu bytes can never be queued: it is over max_queue_total (%zu)", len, reactor_.max_queue_total);
}

int Outbox::no_room(size_t len)
{
    if (int wrong = check_size(len))
        return wrong;
    send_fail_++;
    return fail(WM_EFULL, "all send queues take %zu bytes, and with %zu more they are over max_queue_total (%zu)", reactor_.queue_total,
                len, reactor_.max_queue_total);
}

int Outbox::check(const SharedMessage &message) const
{
    if (message.size() > SharedMessage::kMaxSize)
        return fail(WM_EMSGSIZE, "a message of %zu bytes is too long to be shared by connections: at most %zu can be", message.size(),
                    SharedMessage::kMaxSize);
    return check_size(message.size());
}

int Outbox::send(Connection &conn, SharedMessage &message)
{
    bool held = conn.cold && is_held_back(conn, message.flags());
    int result = held ? hold_back(conn, message) : send_shared(conn, message);
    if (result == WM_EFULL && !held)
        result = find_room(conn, message);
    if (result == WM_EFULL)
        reactor_.todos.add(conn, kTodoRefused);
    return result;
}

int Outbox::send_shared(Connection &conn, SharedMessage &message)
{
    const Codec &codec = reactor_.codec(conn);
    if (codec.answers_only)
        return fail(WM_ESTATE, "an http connection takes answers only");
    if (codec.frames_alone() && !(message.flags() & WM_SEND_RAW))
        return give(codec, conn, message);
    int result = check(conn, 0, false); // check(message) has seen its size, which counts once for all queues
    if (result != 0)
        return result;
    Block *block = message.block(conn, codec, result);
    if (!block)
        return result;
    if (block->size <= kCopyBlock)
        return enqueue(conn, {{}, {block->data(), block->size}}, message.flags());
    return enqueue_block(conn, block, message.flags());
}

int Outbox::write(Connection &conn, std::string_view head, std::string_view body, int32_t flags, bool exempt)
{
    int result = check(conn, head.size() + body.size(), exempt);
    return result != 0 ? result : enqueue(conn, {head, body}, flags);
}

int Outbox::write_framed(Connection &conn, std::string_view payload, int32_t flags)
{
    const Codec &codec = reactor_.codec(conn);
    char room[Codec::kFrameRoom];
    Framing framing = codec.frame(codec, payload, flags, room);
    return framing.size() == 0 ? too_long_to_frame(codec, payload.size()) : write(conn, framing.head, framing.body, flags, false);
}

/// True with the bytes sent, which may be fewer than the vectors hold; false when the socket is broken and
/// the connection destroyed.
bool Outbox::transmit(Connection &conn, const struct iovec *vectors, int count, size_t *sent)
{
    return account(conn, io::send(conn.io, conn.fd(), vectors, count), sent);
}

bool Outbox::account(Connection &conn, const IoResult &result, size_t *sent)
{
    if (result.kind == IoResult::Kind::kFailed) {
        send_fail_++;
        reactor_.lifecycle.io_failed(conn, result.code);
        return false;
    }
    *sent = result.size;
    conn.bytes_written += result.size;
    return true;
}

/// Out of memory with part of a message sent: the peer could not parse what would follow.
int Outbox::abort_send(Connection &conn, size_t len)
{
    reactor_.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
    return fail(WM_ENOMEM, "out of memory for %zu bytes to send", len);
}

/// Flushes if due, raises buffer_full, and returns the result of a successful send.
inline int Outbox::finish_send(Connection &conn, int32_t flags)
{
    bool little = conn.out_pending <= kFlushAt && !(flags & WM_SEND_NOW) && !conn.cold;
    if (little && conn.out_pending <= static_cast<size_t>(conn.options().send_high_water))
        return 0;
    return settle_send(conn, flags);
}

/// Copies to a place of the last segment, where the head may be already.
inline int Outbox::add(Connection &conn, char *place, const Framing &message, int32_t flags)
{
    auto copy = [](char *out, std::string_view bytes) {
        if (bytes.size() == 1)
            *out = bytes.front();
        else if (!bytes.empty())
            memcpy(out, bytes.data(), bytes.size());
    };
    if (message.head.data() != place)
        copy(place, message.head);
    copy(place + message.head.size(), message.body);
    uint32_t len = static_cast<uint32_t>(message.size());
    conn.out_tail->size += len;
    conn.out_pending += len;
    return finish_send(conn, flags);
}

int Outbox::send(Connection &conn, std::string_view payload, int32_t flags)
{
    if (conn.cold && is_held_back(conn, flags)) [[unlikely]]
        return hold_back(conn, payload, flags);
    const Codec &codec = reactor_.codec(conn);
    bool raw = flags & WM_SEND_RAW;
    if (codec.send) [[unlikely]] { // the others pay one test
        if (!raw || codec.answers_only || codec.stream) {
            int result = codec.send(conn, payload, flags);
            return result == WM_EFULL ? find_room(conn, payload, flags) : result;
        }
    }
    if (int result = check(conn, payload.size(), false))
        return result == WM_EFULL ? find_room(conn, payload, flags) : result;
    auto framed = [&](char *room) { return raw || !codec.frame ? Framing{{}, payload} : codec.frame(codec, payload, flags, room); };
    if (char *place = place_behind(conn, payload.size() + Codec::kFrameRoom))
        return add(conn, place, framed(place), flags);
    char room[Codec::kFrameRoom];
    return enqueue_first(conn, framed(room), flags);
}

inline int Outbox::enqueue(Connection &conn, const Framing &message, int32_t flags)
{
    if (char *place = place_behind(conn, message.size()))
        return add(conn, place, message, flags);
    return enqueue_first(conn, message, flags);
}

/// Not in check(), which runs for each message: one that is shut down has no segment, so each of its sends comes here or to the queue.
int Outbox::check_shutdown(const Connection &conn) const
{
    return conn.has(kShutdown) ? fail(WM_ECLOSED, "wm_conn_shutdown has ended this side of the connection") : 0;
}

/// Of a connection without a segment to which it can be added.
int Outbox::enqueue_first(Connection &conn, const Framing &message, int32_t flags)
{
    if (int wrong = check_shutdown(conn))
        return wrong;
    size_t len = message.size();
    if (len <= kFlushAt)
        make_room(conn, len);
    if (conn.state == ConnState::kClosed)
        return 0; // the socket broke during the flush: the host gets the close event, as with any send
    if (conn.blocked() || conn.state < ConnState::kOpen) {
        if (!queue(conn, message.head) || !queue(conn, message.body))
            return abort_send(conn, len);
        return finish_send(conn, 0);
    }
    if (len > kFlushAt) {
        // Large: written from the host's memory without a copy, after what is pending.
        return write_through(conn, {message.head, message.body, {}}) ? finish_send(conn, 0) : abort_send(conn, len);
    }
    return add(conn, place_in_new(conn, static_cast<uint32_t>(len)), message, flags);
}

int Outbox::pass(Connection &conn, std::string_view bytes)
{
    if (conn.has_backlog())
        return hold_back(conn, bytes, WM_SEND_RAW | kFromPipe);
    if (int wrong = check(conn, bytes.size(), false))
        return wrong;
    if (conn.state < ConnState::kOpen)
        return enqueue_first(conn, {{}, bytes}, 0);
    return write_through(conn, {bytes, {}, {}}) ? finish_send(conn, 0) : abort_send(conn, bytes.size());
}

int Outbox::enqueue_block(Connection &conn, Block *block, int32_t flags)
{
    if (int wrong = check_shutdown(conn))
        return wrong;
    make_room(conn, 0);
    if (conn.state == ConnState::kClosed)
        return 0;
    if (conn.blocked() || conn.state < ConnState::kOpen) {
        if (!conn.make_cold() || !conn.cold->queue.append_block(block, 0))
            return fail(WM_ENOMEM, "out of memory for %u bytes to send", block->size);
        return finish_send(conn, 0);
    }
    Segment *segment = new_segment(conn, 0);
    block->retain();
    segment->block = block;
    segment->data = block->data();
    segment->size = segment->capacity = block->size;
    conn.out_pending += block->size;
    return finish_send(conn, flags);
}

bool Outbox::has_room(size_t len) const
{
    return aligned(cursor_) + sizeof(Segment) + std::max<size_t>(len, kGrowth) <= kArenaSize;
}

/// Call before choosing between segments and queue: the flush may block the connection, and what follows then
/// belongs in the queue.
void Outbox::make_room(Connection &conn, size_t len)
{
    if (has_room(len))
        return;
    writing_ = &conn;
    flush_all();
    writing_ = nullptr;
}

/// The part of finish_send() that is rare.
int Outbox::settle_send(Connection &conn, int32_t flags)
{
    if (conn.out_pending > kFlushAt || (flags & WM_SEND_NOW && conn.out_pending > 0))
        flush(conn);
    if (conn.queued() <= static_cast<size_t>(conn.options().send_high_water))
        return 0;
    press(conn);
    return WM_BACKPRESSURE;
}

void Outbox::press(Connection &conn)
{
    if (conn.has(kAboveHighWater) || conn.state > ConnState::kOpen)
        return;
    conn.set(kAboveHighWater);
    if (conn.state == ConnState::kOpen && !take_back_drain(conn)) // else Lifecycle::enter_open adds it, to run after the open event
        reactor_.todos.add(conn, kTodoFull);
    if (conn.has(kPipeTarget))
        reactor_.pipes.hold(conn);
}

/// Whether a buffer_drain was due that the host has not got: it then goes on to wait for one.
bool Outbox::take_back_drain(Connection &conn)
{
    bool due = conn.todo & kTodoDrain || conn.deferred_events & kEventDrain;
    conn.todo = static_cast<uint16_t>(conn.todo & ~kTodoDrain);
    conn.deferred_events = static_cast<uint8_t>(conn.deferred_events & ~kEventDrain);
    return due;
}

char *Outbox::place_in_new(Connection &conn, uint32_t len)
{
    // A second segment in one turn means that sends interleave with those of other connections: reserve
    // ahead.
    const Segment *tail = conn.out_tail;
    uint32_t before = tail && !tail->block ? tail->capacity : 0;
    uint32_t room = tail ? std::min(kGrowth, std::max<uint32_t>(before * 4, 256)) : 0;
    return const_cast<char *>(new_segment(conn, std::max(len, room))->data);
}

Segment *Outbox::new_segment(Connection &conn, uint32_t capacity)
{
    if (!conn.out_tail) {
        // Reset the arena before the segment is allocated from it.
        if (pending_conns_ == 0)
            cursor_ = 0;
        pending_conns_++;
    }
    size_t at = aligned(cursor_);
    Segment *segment = reinterpret_cast<Segment *>(arena_ + at);
    Segment *tail = conn.out_tail;
    *segment = {tail ? tail->next : segment, arena_ + at + sizeof(Segment), nullptr, 0, capacity};
    cursor_ = at + sizeof(Segment) + capacity;
    if (tail)
        tail->next = segment;
    conn.out_tail = segment;
    schedule_flush(conn);
    return segment;
}

void Outbox::schedule_flush(Connection &conn)
{
    if (conn.has(kListedFlush))
        return;
    conn.set(kListedFlush);
    flush_list_.push(conn.slot);
    reactor_.has_work();
}

void Outbox::drop_segments(Connection &conn)
{
    Segment *tail = conn.out_tail;
    if (!tail)
        return;
    Segment *segment = tail;
    do {
        segment = segment->next;
        if (segment->block)
            segment->block->release();
    } while (segment != tail);
    conn.out_tail = nullptr;
    conn.out_pending = 0;
    if (--pending_conns_ == 0)
        cursor_ = 0;
}

/// Whether anything can follow from a flush of all segments: of a plain open connection nothing does.
inline bool Outbox::acts_on_flushed(const Connection &conn)
{
    return conn.cold || conn.io || conn.state != ConnState::kOpen || conn.flags & (kAboveHighWater | kPipeTarget | kShutdown);
}

void Outbox::flush(Connection &conn)
{
    while (conn.out_pending > 0) {
        struct iovec vectors[kVectors];
        int count = 0;
        size_t bytes = 0;
        Segment *tail = conn.out_tail, *last = tail;
        do {
            last = last->next;
            if (last->size > 0)
                vectors[count++] = {const_cast<char *>(last->data), last->size};
            bytes += last->size;
        } while (last != tail && count < kVectors);
        size_t sent;
        if (!transmit(conn, vectors, count, &sent))
            return;
        if (sent == bytes && last == tail)
            break;
        if (sent < bytes) {
            if (!queue_segments(conn, sent))
                reactor_.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
            else
                wait_writable(conn);
            return;
        }
        // More segments than one call accepts: release those that are sent, and go on.
        Segment *rest = last->next;
        for (Segment *done = tail->next; done != rest; done = done->next)
            if (done->block)
                done->block->release();
        tail->next = rest;
        conn.out_pending -= static_cast<uint32_t>(sent);
    }
    drop_segments(conn);
    if (!acts_on_flushed(conn))
        return;
    if (!conn.blocked())
        drained(conn);
    else if (!conn.watches(Watch::kWrite))
        write_queue(conn); // what was queued before the connection opened
}

void Outbox::flush_all()
{
    held_ = 0;
    turn_++;
    while (!flush_list_.empty())
        flush_listed(flush_list_.pop());
}

void Outbox::flush_listed(uint32_t slot)
{
    if (!reactor_.connections.live_at(slot))
        return;
    Connection &conn = *reactor_.connections.at(slot);
    if (!conn.has(kListedFlush))
        return;
    conn.unset(kListedFlush);
    if (conn.state >= ConnState::kOpen)
        flush(conn);
}

/// Flushes those that were listed since the last call, if they are few and it is the first time in this turn.
void Outbox::flush_few()
{
    uint32_t slots[kFew];
    size_t count = flush_list_.size() - held_;
    if (count <= kFew) {
        for (size_t i = count; i > 0; i--)
            slots[i - 1] = flush_list_.pop_back();
        for (size_t i = 0; i < count; i++) {
            Connection &conn = *reactor_.connections.at(slots[i]);
            if (!reactor_.connections.live_at(slots[i]))
                continue;
            if (conn.flush_turn == turn_) {
                flush_list_.push(slots[i]);
            } else {
                conn.flush_turn = turn_;
                flush_listed(slots[i]);
            }
        }
    }
    held_ = flush_list_.size();
}

/// Handles an empty send queue: buffer_drain, shutdown of a closing connection, release of the cold part.
void Outbox::drained(Connection &conn)
{
    if (conn.parked() > 0 || conn.has_backlog()) {
        wait_writable(conn); // what waits is sent on by writable(), so that a flush of all does not go into another
        return;
    }
    if (conn.cold)
        conn.cold->send_by = 0;
    bool above = conn.has(kAboveHighWater);
    if (above) {
        conn.unset(kAboveHighWater);
        reactor_.todos.add(conn, kTodoDrain);
    }
    if ((above || conn.has(kInputBlocked)) && reactor_.codec(conn).drained)
        reactor_.codec(conn).drained(conn);
    if (conn.has(kPipeTarget))
        reactor_.pipes.release(conn);
    if (conn.has(kShutdown))
        reactor_.lifecycle.send_shutdown(conn);
    if (conn.state == ConnState::kClosing) {
        if (&conn != writing_)
            reactor_.lifecycle.advance(conn);
    } else if (conn.cold && !conn.cold->holds_something()) {
        delete conn.cold;
        conn.cold = nullptr;
    }
}

} // namespace wm
