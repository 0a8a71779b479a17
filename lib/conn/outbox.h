/**
 * @file
 * Sends: one system call per connection and turn, or two.
 *
 * Messages are framed into the send arena (256 KiB). What the reading of a connection has caused leaves right after
 * it if it goes to few connections, and to each of them once a turn: an answer does not wait for the others of the
 * turn. All else is flushed at the end of the turn, where messages of many senders to one connection are one call; at
 * 16 KiB per connection; when the arena is full; or on request. What the kernel does not accept goes to the connection's
 * queue. Never calls the host: events become todos. Owned by the reactor; the app's thread.
 */
#ifndef WM_CONN_OUTBOX_H
#define WM_CONN_OUTBOX_H

#include "conn/connection.h"
#include "conn/shared_message.h"
#include "core/slot_queue.h"

#include <cstddef>
#include <string_view>
#include <sys/uio.h>
#include <utility>

namespace wm {

class Reactor;
struct IoResult;

class Outbox {
public:
    static constexpr int32_t kFromPipe = 1 << 30; ///< flag of send(): the sender waits for a slow peer
    using Change = void (*)(char *data, size_t len, const char *key);

    explicit Outbox(Reactor &reactor) : reactor_(reactor) {}
    Outbox(const Outbox &) = delete;
    Outbox &operator=(const Outbox &) = delete;
    ~Outbox();

    /// Reserves the arena, and the flush list's memory for that many connections; false when out of memory.
    bool reserve(size_t connections);

    /// Sends one message, or the answer to the oldest request: 0, WM_BACKPRESSURE or an error, as
    /// wm_conn_send.
    int send(Connection &conn, std::string_view payload, int32_t flags);
    /// Sends a message that other connections get too. A full queue becomes the connection's error event.
    int send(Connection &conn, SharedMessage &message);
    /// As the first, for a message that a newer one with the same key may replace until it leaves. Key: up to Backlog::kMaxKey bytes.
    int send_latest(Connection &conn, std::string_view key, std::string_view payload, int32_t flags);
    /// WM_EMSGSIZE for a message that no connection can ever take, else 0.
    int check(const SharedMessage &message) const;
    /// The same for that many bytes to one connection. Call it before a length of the host's is read. In reactor.h.
    int check_size(size_t len) const;
    /// The same, and WM_EFULL while so much is queued for all connections that they would be over max_queue_total. In reactor.h.
    int check_total(size_t len);
    /// Sends framed bytes: head, then body. Limits as send(), unless exempt.
    int write(Connection &conn, std::string_view head, std::string_view body, int32_t flags, bool exempt);
    using Parts = std::string_view[3];
    /// The same, for a message of parts that leaves whole or not at all.
    int write_parts(Connection &conn, const Parts &parts);
    /// What wm_conn_send returns where nothing can be taken, of a payload of that many bytes; else 0.
    int check_send(Connection &conn, size_t len) { return check_by_rules(conn, len, false); }
    // Of a codec that calls the host for the bytes.
    /// As check_send(); what can wait is taken.
    int check_encoded(Connection &conn, size_t len, int32_t flags);
    /// The key of the message that is being sent. Call it before the host is called.
    std::string_view take_key() { return std::exchange(key_, {}); }
    /// Sends what the host has made of a message, as send() and send_latest().
    int write_encoded(Connection &conn, const Framing &message, int32_t flags, std::string_view key);
    /// Frames a payload, and sends it: WM_EMSGSIZE where the codec's framing has no room for its length, else as write().
    int write_framed(Connection &conn, std::string_view payload, int32_t flags);
    /// Room for that many bytes behind the connection's last ones; nullptr: there is none. write() copies no head that is there already.
    char *place_behind(Connection &conn, size_t len)
    {
        Segment *tail = conn.out_tail;
        if (!tail || len > kFlushAt) // a connection with segments is open, and not blocked
            return nullptr;
        char *end = const_cast<char *>(tail->data) + tail->size;
        uint32_t need = tail->size + static_cast<uint32_t>(len);
        if (tail->capacity >= need)
            return end;
        // The last segment of the arena grows in place: replies to pipelined messages become one run of bytes.
        size_t grown = cursor_ + (need - tail->capacity);
        if (tail->data + tail->capacity != arena_ + cursor_ || grown > kArenaSize)
            return nullptr;
        tail->capacity = need;
        cursor_ = grown;
        return end;
    }
    /// Sends head, then a copy of the body that `change` has worked on: it gets the copy in parts, each but the last of a multiple of 8
    /// bytes, and the key. Limits as send(), unless exempt.
    int write_changed(Connection &conn, std::string_view head, std::string_view body, Change change, const char *key, int32_t flags,
                      bool exempt);
    /// Sends bytes of a connection's opening handshake at once, before what the host has queued for after it.
    void write_ahead(Connection &conn, std::string_view bytes);
    /// Sends bytes at once, as the kernel takes them, without a copy of those that it does: 0, WM_BACKPRESSURE or an error, as
    /// wm_conn_send.
    int pass(Connection &conn, std::string_view bytes);
    /// Sends up to SendQueue::kLatestMax bytes, exempt from limits. What is queued of the last such call is replaced. Results as write().
    int write_latest(Connection &conn, std::string_view bytes);

    /// Room for a message of that many bytes, which the caller fills at once: it waits until release_held(). Limits as send(), by what
    /// waits alone. nullptr: there is none, and `result` says why; else that is the send's.
    char *hold(Connection &conn, size_t len, int &result);
    /// Sends what has waited, behind what is queued.
    void release_held(Connection &conn);

    /// Raises buffer_full, unless it was; buffer_drain follows once the queue is empty.
    void press(Connection &conn);

    /// Sends a file range, unframed, after what is queued. Takes ownership of the descriptor on success: 0,
    /// or an error as wm_conn_send. Limits as send(), unless exempt.
    int send_file(Connection &conn, const FileRange &range, bool exempt = false);

    /// Sends the answer of a handshake ahead of all that is queued.
    void open(Connection &conn, std::string_view answer);
    /// Drops what is unsent.
    void discard(Connection &conn);
    /// Closes a connection by slow_policy. For TodoList.
    void close_slow(Connection &conn);
    /// Nothing is dropped any more: what waits behind the queue goes there. Call it while the connection is open.
    void commit(Connection &conn);

    /// Includes the connection in the next flush_all(), even with nothing to send: a flush also advances a
    /// closing connection.
    void schedule_flush(Connection &conn);
    void flush(Connection &conn);
    void flush_all();
    /// Call when the input of a connection has been handled.
    void end_event()
    {
        if (flush_list_.size() != held_)
            flush_few();
    }
    bool idle() const { return flush_list_.empty(); }
    /// Count of messages refused by a full queue, and of sends that failed on a broken socket.
    uint64_t send_fail() const { return send_fail_; }

    /// A message was refused elsewhere.
    void count_refused() { send_fail_++; }

    static void writable(Connection *conn);
    /// Has writable() called once the kernel takes bytes again.
    void wait_writable(Connection &conn);

private:
    static constexpr size_t kArenaSize = 256 * 1024;
    static constexpr size_t kFlushAt = 16 * 1024;
    static constexpr size_t kCopyBlock = 256;        ///< bytes; a smaller block is copied, because a reference costs more
    static constexpr size_t kBytesPerTurn = 1 << 20; ///< to one fast reader: the other connections of the turn wait
    static constexpr int kVectors = 64;              ///< of one system call
    static constexpr size_t kPart = 64 * 1024;       ///< of write_changed(), to leave at once
    static constexpr size_t kFew = 2;                ///< connections: an answer, and what is pushed to another

    bool is_held_back(const Connection &conn, int32_t flags) const;
    bool has_to_wait(const Connection &conn, int32_t flags) const;
    SlowPolicy policy_of(const Connection &conn, int32_t flags) const;
    int hold_back(Connection &conn, SharedMessage &message);
    int hold_back(Connection &conn, SharedMessage &message, bool late);
    int hold_back(Connection &conn, Backlog::EntryPtr entry);
    [[gnu::cold]] int hold_back(Connection &conn, std::string_view payload, int32_t flags, std::string_view key = {});
    bool make_backlog_room(Connection &conn, const Backlog::Entry &entry);
    int find_room(Connection &conn, SharedMessage &message);
    [[gnu::cold]] int find_room(Connection &conn, std::string_view payload, int32_t flags);
    int refuse_slow(Connection &conn, SlowPolicy policy);
    void send_on(Connection &conn);
    void feed(Connection &conn);
    int send_shared(Connection &conn, SharedMessage &message);
    int give(const Codec &codec, Connection &conn, const SharedMessage &message);
    void flush_few();
    void flush_listed(uint32_t slot);
    int check(Connection &conn, size_t len, bool exempt); // in reactor.h
    [[gnu::noinline]] int check_by_rules(Connection &conn, size_t len, bool exempt);
    [[gnu::cold]] int too_long(size_t len) const;
    [[gnu::cold]] int no_room(size_t len);
    int abort_send(Connection &conn, size_t len);
    int check_shutdown(const Connection &conn) const;
    bool transmit(Connection &conn, const struct iovec *vectors, int count, size_t *sent);
    bool transmit_next(Connection &conn, size_t *sent);
    bool account(Connection &conn, const IoResult &result, size_t *sent);
    int enqueue(Connection &conn, const Framing &message, int32_t flags);
    [[gnu::noinline]] int enqueue_first(Connection &conn, const Framing &message, int32_t flags);
    int add(Connection &conn, char *place, const Framing &message, int32_t flags);
    int enqueue_block(Connection &conn, Block *block, int32_t flags);
    void make_room(Connection &conn, size_t len);
    bool has_room(size_t len) const;
    bool queue_changed(Connection &conn, std::string_view head, std::string_view body, Change change, const char *key);
    void write_rest_ahead(Connection &conn);
    static bool take_back_drain(Connection &conn);
    int finish_send(Connection &conn, int32_t flags);
    int settle_send(Connection &conn, int32_t flags);
    char *place_in_new(Connection &conn, uint32_t len);
    Segment *new_segment(Connection &conn, uint32_t capacity);
    bool queue(Connection &conn, std::string_view bytes);
    bool queue_segments(Connection &conn, size_t skip);
    [[gnu::noinline]] bool flush_transport(Connection &conn);
    void drop_segments(Connection &conn);
    void write_queue(Connection &conn);
    void written(Connection &conn);
    static bool acts_on_flushed(const Connection &conn);
    void drained(Connection &conn);
    bool write_through(Connection &conn, const Parts &parts);

    Reactor &reactor_;
    char *arena_ = nullptr;
    size_t cursor_ = 0;
    size_t pending_conns_ = 0; ///< connections with segments; the arena is empty when there is none
    uint64_t send_fail_ = 0;
    SlotQueue flush_list_;
    const Connection *writing_ = nullptr; ///< what is flushed makes room for more to it: if it is closing, it does not end yet
    std::string_view key_;                ///< of the message that a codec is being given
    const Connection *feeding_ = nullptr; ///< what is sent on to it was within its limits
    bool in_place_ = false;               ///< and takes the place in max_queue_total of what waited for it alone
    size_t held_ = 0;                     ///< entries of the flush list that wait for the end of the turn
    uint32_t turn_ = 1;                   ///< changes when all have been flushed
};

} // namespace wm

#endif
