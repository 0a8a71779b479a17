// The part of Outbox that is about peers that read slowly: what waits behind the queue, what of it is dropped, and when they are closed.
#include "conn/outbox.h"

#include "conn/reactor.h"
#include "conn/send_flags.h"
#include "core/error.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace wm {

namespace {

constexpr size_t kBacklogLeast = 16 * 1024; // bytes that messages which may be dropped have, however long the queue is
constexpr int32_t kKeptFlags = WM_SEND_BINARY | WM_SEND_RAW | WM_SEND_UNCOMPRESSED;

} // namespace

/// Answers of http are never dropped, a pipe holds its source back instead, datagrams have no queue of the connection, and messages behind
/// one that is sent in parts wait for its end.
SlowPolicy Outbox::policy_of(const Connection &conn, int32_t flags) const
{
    const Codec &codec = reactor_.codec(conn);
    if (flags & kFromPipe || codec.answers_only || codec.stream || codec.send_part)
        return SlowPolicy::kRefuse;
    switch (flags & kSlowFlags) {
    case WM_SEND_SLOW_CLOSE:
        return SlowPolicy::kClose;
    case WM_SEND_SLOW_DROP_OLDEST:
        return SlowPolicy::kDropOldest;
    case WM_SEND_SLOW_LATEST:
        return SlowPolicy::kLatest;
    default:
        return static_cast<SlowPolicy>(conn.options().slow_policy);
    }
}

/// Whether a message belongs in the backlog now: a codec that calls the host makes its bytes first.
bool Outbox::is_held_back(const Connection &conn, int32_t flags) const
{
    return has_to_wait(conn, flags) && (!reactor_.codec(conn).calls_host || flags & WM_SEND_RAW);
}

/// Whether the peer has yet to take what was sent before, and the message may be dropped, or one before it may.
bool Outbox::has_to_wait(const Connection &conn, int32_t flags) const
{
    if (conn.state != ConnState::kOpen)
        return false;
    return conn.has_backlog() || ((conn.blocked() || conn.parked() > 0) && may_drop(policy_of(conn, flags)));
}

int Outbox::send_latest(Connection &conn, std::string_view key, std::string_view payload, int32_t flags)
{
    if (reactor_.codec(conn).answers_only)
        return fail(WM_ESTATE, "an http connection takes answers only");
    flags |= WM_SEND_SLOW_LATEST;
    if (is_held_back(conn, flags))
        return hold_back(conn, payload, flags, key);
    key_ = key;
    int result = send(conn, payload, flags);
    key_ = {};
    return result;
}

/// Has the codec send a message of its own framing.
int Outbox::give(const Codec &codec, Connection &conn, const SharedMessage &message)
{
    key_ = message.key();
    int result = codec.send(conn, message.payload(), message.flags());
    key_ = {};
    return result;
}

int Outbox::check_encoded(Connection &conn, size_t len, int32_t flags)
{
    return has_to_wait(conn, flags) ? check_size(len) : check(conn, len, false);
}

int Outbox::write_encoded(Connection &conn, const Framing &message, int32_t flags, std::string_view key)
{
    key_ = key; // where there is no room, find_room() asks for it
    if (!has_to_wait(conn, flags))
        return write(conn, message.head, message.body, flags, false);
    if (int refused = check_shutdown(conn))
        return refused;
    Block *block = Block::make(message.head, message.body);
    if (!block)
        return fail(WM_ENOMEM, "out of memory for a message of %zu bytes", message.size());
    Backlog::EntryPtr entry = Backlog::make(block, true, policy_of(conn, flags), key, 0);
    block->release();
    return hold_back(conn, std::move(entry));
}

int Outbox::hold_back(Connection &conn, std::string_view payload, int32_t flags, std::string_view key)
{
    SharedMessage message(payload.data(), payload.size(), flags, key);
    const Codec &codec = reactor_.codec(conn);
    return hold_back(conn, message, codec.frames_alone() || codec.variant);
}

int Outbox::hold_back(Connection &conn, SharedMessage &message)
{
    return hold_back(conn, message, reactor_.codec(conn).frames_alone());
}

/// late: it is framed when it is sent on, as a window may be that compresses one message after the other.
int Outbox::hold_back(Connection &conn, SharedMessage &message, bool late)
{
    int wrong = check_shutdown(conn);
    if (wrong == 0)
        wrong = check(message);
    if (wrong != 0)
        return wrong;
    bool framed = !late || message.flags() & WM_SEND_RAW;
    Block *block = framed ? message.block(conn, reactor_.codec(conn), wrong) : message.payload_block(conn, wrong);
    if (!block)
        return wrong;
    SlowPolicy policy = policy_of(conn, message.flags());
    return hold_back(conn, Backlog::make(block, framed, policy, message.key(), message.flags() & kKeptFlags));
}

/// nullptr: memory has run out.
int Outbox::hold_back(Connection &conn, Backlog::EntryPtr entry)
{
    if (!entry || !conn.make_cold() || !conn.cold->make_backlog(reactor_.queue_total))
        return fail(WM_ENOMEM, "out of memory for a message that has to wait");
    if (!make_backlog_room(conn, *entry)) {
        send_fail_++;
        return refuse_slow(conn, entry->policy);
    }
    conn.cold->backlog->push(std::move(entry));
    return settle_send(conn, 0);
}

/// Drops what the entry replaces, and of what may be dropped as much as it needs. False, with the detail of WM_EFULL: that is not enough.
bool Outbox::make_backlog_room(Connection &conn, const Backlog::Entry &entry)
{
    Backlog &backlog = *conn.cold->backlog;
    SlowCounts &counts = conn.owner->slow;
    const size_t most = static_cast<size_t>(conn.options().max_send_buffer);
    const size_t least = std::min(most, kBacklogLeast);
    auto fits = [&](size_t less) {
        return conn.queue_memory() - less <= most || (may_drop(entry.policy) && backlog.allocated() - less <= least);
    };
    if (!fits(backlog.droppable())) {
        fail(WM_EFULL, "the send queue takes %zu bytes, over max_send_buffer (%zu)", conn.queue_memory(), most);
        return false;
    }
    uint64_t before = counts.replaced + counts.dropped;
    counts.replaced += backlog.drop_same_key(entry);
    auto in_total = [&] { return reactor_.queue_total + entry.allocated() <= reactor_.max_queue_total; };
    while ((!fits(0) || !in_total()) && backlog.drop_oldest())
        counts.dropped++;
    reactor_.status_changed |= counts.replaced + counts.dropped != before;
    if (!in_total())
        fail(WM_EFULL, "all send queues take %zu bytes, and with %zu more they are over max_queue_total (%zu)", reactor_.queue_total,
             entry.allocated(), reactor_.max_queue_total);
    return in_total();
}

int Outbox::find_room(Connection &conn, std::string_view payload, int32_t flags)
{
    SharedMessage message(payload.data(), payload.size(), flags, key_);
    return find_room(conn, message);
}

/// Of a message that was refused for a full queue: what may be dropped waits instead, behind what the kernel was not offered yet.
int Outbox::find_room(Connection &conn, SharedMessage &message)
{
    SlowPolicy policy = policy_of(conn, message.flags());
    if (conn.state != ConnState::kOpen || conn.out_pending == 0 || !may_drop(policy))
        return refuse_slow(conn, policy);
    send_fail_--;
    flush(conn);
    if (conn.state == ConnState::kClosed)
        return 0; // as enqueue_first()
    return is_held_back(conn, message.flags()) ? hold_back(conn, message) : send_shared(conn, message);
}

int Outbox::refuse_slow(Connection &conn, SlowPolicy policy)
{
    if (policy == SlowPolicy::kClose && conn.state == ConnState::kOpen)
        reactor_.todos.add(conn, kTodoTooSlow);
    return WM_EFULL;
}

void Outbox::close_slow(Connection &conn)
{
    conn.owner->slow.closed++;
    reactor_.status_changed = true;
    reactor_.lifecycle.close(conn, WM_REASON_LIMIT, reactor_.codec(conn).slow_code, "too slow");
}

/// Sends the oldest message of the backlog on; from here on it is not dropped.
void Outbox::send_on(Connection &conn)
{
    Backlog::EntryPtr entry = conn.cold->backlog->pop();
    in_place_ = entry->block->queues == 0;
    int result = !entry->framed                     ? reactor_.codec(conn).send(conn, entry->bytes(), entry->flags)
                 : entry->block->size <= kCopyBlock ? write(conn, {}, entry->bytes(), 0, true)
                                                    : enqueue_block(conn, entry->block, 0);
    if (result >= 0 || conn.state > ConnState::kOpen)
        return;
    if (may_drop(entry->policy)) {
        conn.owner->slow.dropped++;
        reactor_.status_changed = true;
    } else if (result == WM_EFULL) {
        reactor_.todos.add(conn, kTodoRefused);
    } else { // its sender was told that it was taken
        reactor_.lifecycle.destroy(conn, WM_REASON_ERROR, result == WM_ENOMEM ? ENOMEM : EPROTO);
    }
}

/// The kernel has taken all that it had refused: it gets what waits, until it refuses again.
void Outbox::feed(Connection &conn)
{
    const Connection *outer = std::exchange(feeding_, &conn);
    uint64_t written = conn.bytes_written;
    while (conn.has_backlog() && !conn.blocked() && conn.parked() == 0 && conn.state == ConnState::kOpen &&
           conn.bytes_written - written < kBytesPerTurn)
        send_on(conn);
    feeding_ = outer;
    if (conn.state == ConnState::kClosed)
        return;
    if (!conn.blocked() && !conn.has_backlog())
        reactor_.loop.unwatch(conn, Watch::kWrite);
    flush(conn);
}

void Outbox::commit(Connection &conn)
{
    const Connection *outer = std::exchange(feeding_, &conn);
    while (conn.has_backlog() && conn.state == ConnState::kOpen)
        send_on(conn);
    feeding_ = outer;
}

} // namespace wm
