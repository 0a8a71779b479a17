/**
 * @file
 * Sending: one send for each connection and turn.
 *
 * Messages are framed into the send arena (256 KiB) and leave at the end of the turn, at 16 KiB for one connection, when the arena is
 * full, or when the host asks. What the kernel refuses goes to the connection's queue. Never calls the host: what it has to
 * hear becomes a todo. The app's thread.
 */
#ifndef WM_CONN_OUTBOX_H
#define WM_CONN_OUTBOX_H

#include "conn/connection.h"
#include "conn/shared_message.h"

#include <cstddef>
#include <string_view>
#include <sys/uio.h>
#include <vector>

namespace wm {

class Reactor;
struct IoResult;

class Outbox {
public:
    explicit Outbox(Reactor &reactor) : reactor_(reactor) {}
    Outbox(const Outbox &) = delete;
    Outbox &operator=(const Outbox &) = delete;
    ~Outbox();

    /// One message in the connection's framing, or the answer to its oldest request: 0, WM_BACKPRESSURE or an error, as wm_conn_send.
    int send(Connection &conn, std::string_view payload, int32_t flags);
    /// The same message for one of many. A queue that is full becomes the connection's error event.
    int send(Connection &conn, SharedMessage &message);
    /// Bytes of the library's own, and http answers: head, then body. Limits as send(), unless exempt.
    int write(Connection &conn, std::string_view head, std::string_view body, int32_t flags, bool exempt);

    /// A part of a file, behind what was sent before, as it is. Takes the descriptor over, unless it fails: 0, or an error as wm_conn_send.
    int send_file(Connection &conn, const FileRange &range);

    /// The handshake is answered: the answer goes before all that was held.
    void open(Connection &conn, std::string_view answer);
    /// Drops what has not left.
    void discard(Connection &conn);

    /// Has the connection looked at in the next flush, also when it has nothing to send.
    void list(Connection &conn);
    void flush(Connection &conn);
    void flush_all();
    bool idle() const { return listed_.empty(); }
    /// Messages that were refused because a queue was full, and sends that met a broken socket, so far.
    uint64_t send_fail() const { return send_fail_; }

    static void writable(Connection *conn);

private:
    static constexpr size_t kArenaSize = 256 * 1024;
    static constexpr size_t kFlushAt = 16 * 1024;

    int check(Connection &conn, size_t len, bool exempt);
    int lost(Connection &conn, size_t len);
    bool transmit(Connection &conn, const struct iovec *vectors, int count, size_t *sent);
    bool transmit_next(Connection &conn, size_t *sent);
    bool account(Connection &conn, const IoResult &result, size_t *sent);
    int enqueue(Connection &conn, std::string_view head, std::string_view body, int32_t flags);
    int enqueue_block(Connection &conn, Block *block, int32_t flags);
    void make_room(size_t len);
    int after(Connection &conn, int32_t flags);
    char *reserve(Connection &conn, size_t len);
    Segment *new_segment(Connection &conn, size_t capacity);
    bool queue(Connection &conn, std::string_view bytes);
    bool queue_segments(Connection &conn, size_t skip);
    void wait_writable(Connection &conn);
    void drop_segments(Connection &conn);
    void write_queue(Connection &conn);
    void drained(Connection &conn);
    bool write_through(Connection &conn, std::string_view head, std::string_view body);

    Reactor &reactor_;
    char *arena_ = nullptr;
    size_t cursor_ = 0;
    size_t pending_conns_ = 0; ///< connections with segments; the arena is empty when there is none
    size_t total_queued_ = 0;
    uint64_t send_fail_ = 0;
    std::vector<uint32_t> listed_;
};

} // namespace wm

#endif
