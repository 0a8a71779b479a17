// The part of Outbox that waits for the kernel: the queue of what it has refused, and files.
#include "conn/outbox.h"

#include "conn/reactor.h"
#include "core/error.h"
#include "net/transport.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <sys/socket.h>
#include <unistd.h>

namespace wm {

namespace {

constexpr int kWritesPerTurn = 16;

/// Head and body, either of which may be nothing, and then nowhere.
void put(char *place, std::string_view head, std::string_view body)
{
    if (!head.empty())
        memcpy(place, head.data(), head.size());
    if (!body.empty())
        memcpy(place + head.size(), body.data(), body.size());
}

} // namespace

void Outbox::open(Connection &conn, std::string_view answer)
{
    if (!conn.blocked()) {
        write(conn, {}, answer, 0, true);
        return;
    }
    if (!conn.cold->queue.prepend(answer.data(), answer.size())) {
        reactor_.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
        return;
    }
    write_queue(conn);
}

void Outbox::write_ahead(Connection &conn, std::string_view bytes)
{
    struct iovec vector = {const_cast<char *>(bytes.data()), bytes.size()};
    size_t sent;
    if (!transmit(conn, &vector, 1, &sent) || sent == bytes.size())
        return;
    bytes.remove_prefix(sent);
    if (!conn.make_cold() || !conn.cold->queue.prepend(bytes.data(), bytes.size())) {
        reactor_.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
        return;
    }
    conn.cold->ahead = static_cast<uint32_t>(bytes.size());
    wait_writable(conn);
}

/// What write_ahead() has left, which is the first piece of the queue.
void Outbox::write_rest_ahead(Connection &conn)
{
    SendQueue &queue = conn.cold->queue;
    struct iovec vector;
    size_t sent = 0;
    if (conn.cold->ahead > 0 && !transmit(conn, &vector, queue.vectors(&vector, 1), &sent))
        return;
    queue.consume(sent);
    conn.cold->ahead -= static_cast<uint32_t>(sent);
    if (conn.cold->ahead == 0)
        reactor_.loop.unwatch(conn, Watch::kWrite);
}

bool Outbox::write_through(Connection &conn, const Parts &parts)
{
    if (conn.out_pending > 0) {
        flush(conn);
        if (conn.state == ConnState::kClosed)
            return true;
    }
    size_t sent = 0, size = 0;
    struct iovec vectors[3];
    int count = 0;
    for (std::string_view part : parts) {
        size += part.size();
        if (!part.empty())
            vectors[count++] = {const_cast<char *>(part.data()), part.size()};
    }
    if (!conn.blocked()) {
        if (!transmit(conn, vectors, count, &sent))
            return true; // the host gets the close event, as with any send
        if (sent == size) {
            schedule_flush(conn); // so that a closing connection advances
            return true;
        }
    }
    for (std::string_view part : parts) {
        size_t left_out = std::min(sent, part.size());
        sent -= left_out;
        if (!queue(conn, part.substr(left_out)))
            return false;
    }
    wait_writable(conn);
    return true;
}

int Outbox::write_parts(Connection &conn, const Parts &parts)
{
    size_t len = parts[0].size() + parts[1].size() + parts[2].size();
    if (int wrong = check(conn, len, false))
        return wrong;
    if (len <= kFlushAt)
        make_room(conn, len);
    if (conn.state == ConnState::kClosed)
        return 0; // as enqueue_first()
    if (conn.blocked() || conn.state < ConnState::kOpen) {
        for (std::string_view part : parts)
            if (!queue(conn, part))
                return abort_send(conn, len);
        return settle_send(conn, 0);
    }
    if (len > kFlushAt)
        return write_through(conn, parts) ? settle_send(conn, 0) : abort_send(conn, len);
    char *place = place_behind(conn, len);
    place = place ? place : place_in_new(conn, static_cast<uint32_t>(len));
    put(place, parts[0], parts[1]);
    put(place + parts[0].size() + parts[1].size(), parts[2], {});
    conn.out_tail->size += static_cast<uint32_t>(len);
    conn.out_pending += static_cast<uint32_t>(len);
    return settle_send(conn, 0);
}

int Outbox::write_changed(Connection &conn, std::string_view head, std::string_view body, Change change, const char *key, int32_t flags,
                          bool exempt)
{
    size_t len = head.size() + body.size();
    if (int result = check(conn, len, exempt))
        return result;
    for (;;) {
        size_t part = std::min(body.size(), kPart), size = head.size() + part;
        make_room(conn, size);
        if (conn.state == ConnState::kClosed)
            return 0; // as enqueue_first()
        if (conn.blocked() || conn.state < ConnState::kOpen)
            return queue_changed(conn, head, body, change, key) ? settle_send(conn, 0) : abort_send(conn, len);
        char *place = place_behind(conn, size);
        place = place ? place : place_in_new(conn, static_cast<uint32_t>(size));
        put(place, head, body.substr(0, part));
        change(place + head.size(), part, key);
        conn.out_tail->size += static_cast<uint32_t>(size);
        conn.out_pending += static_cast<uint32_t>(size);
        head = {};
        body.remove_prefix(part);
        if (body.empty())
            return settle_send(conn, flags);
        flush(conn);
    }
}

bool Outbox::queue_changed(Connection &conn, std::string_view head, std::string_view body, Change change, const char *key)
{
    char *place = conn.make_cold() ? conn.cold->queue.extend(head.size() + body.size()) : nullptr;
    if (!place)
        return false;
    put(place, head, body);
    change(place + head.size(), body.size(), key);
    return true;
}

int Outbox::write_latest(Connection &conn, std::string_view bytes)
{
    if (!conn.blocked())
        return write(conn, bytes, {}, 0, true);
    return conn.cold->queue.append_latest(bytes.data(), bytes.size()) ? settle_send(conn, 0) : abort_send(conn, bytes.size());
}

char *Outbox::hold(Connection &conn, size_t len, int &result)
{
    result = conn.state > ConnState::kOpen ? fail(WM_ECLOSED, "the connection is closing") : check_total(len);
    if (result != 0)
        return nullptr;
    const ConnOptions &options = conn.options();
    if (conn.cold && conn.cold->held && conn.cold->held->allocated() > static_cast<size_t>(options.max_send_buffer)) {
        send_fail_++;
        result = fail(WM_EFULL, "what waits for the end of a message in parts takes %zu bytes, over max_send_buffer (%lld)",
                      conn.cold->held->allocated(), static_cast<long long>(options.max_send_buffer));
        return nullptr;
    }
    if (conn.make_cold() && !conn.cold->held)
        conn.cold->held = new (std::nothrow) SendQueue(reactor_.queue_total);
    char *place = conn.cold && conn.cold->held ? conn.cold->held->extend(len) : nullptr;
    if (!place)
        result = fail(WM_ENOMEM, "out of memory for %zu bytes to send", len);
    else if (conn.held() > static_cast<size_t>(options.send_high_water))
        result = WM_BACKPRESSURE;
    return place;
}

void Outbox::release_held(Connection &conn)
{
    if (!conn.cold || !conn.cold->held)
        return;
    flush(conn); // what is in the arena is before it
    if (conn.state == ConnState::kClosed)
        return;
    conn.cold->queue.take(*conn.cold->held);
    delete conn.cold->held;
    conn.cold->held = nullptr;
    if (conn.queued() > static_cast<size_t>(conn.options().send_high_water))
        press(conn);
    if (!conn.watches(Watch::kWrite))
        schedule_flush(conn);
}

int Outbox::send_file(Connection &conn, const FileRange &range, bool exempt)
{
    int result = check(conn, 0, exempt);
    if (result != 0)
        return result;
    bool first = !conn.blocked();
    if (size_t pending = conn.out_pending; pending > 0 && !queue_segments(conn, 0))
        return abort_send(conn, pending);
    if (!conn.make_cold() || !conn.cold->queue.append_file(range))
        return fail(WM_ENOMEM, "out of memory for a file to send");
    if (first && conn.state >= ConnState::kOpen)
        write_queue(conn);
    return 0;
}

bool Outbox::queue(Connection &conn, std::string_view bytes)
{
    if (bytes.empty())
        return true;
    return conn.make_cold() && conn.cold->queue.append(bytes.data(), bytes.size());
}

/// Moves the segments to the queue, without the first `skip` bytes, which are sent.
bool Outbox::queue_segments(Connection &conn, size_t skip)
{
    bool ok = conn.make_cold();
    Segment *tail = conn.out_tail;
    for (Segment *segment = tail->next; segment && ok; segment = segment == tail ? nullptr : segment->next) {
        size_t skipped = std::min<size_t>(skip, segment->size);
        skip -= skipped;
        if (skipped == segment->size)
            continue;
        ok = segment->block ? conn.cold->queue.append_block(segment->block, skipped)
                            : conn.cold->queue.append(segment->data + skipped, segment->size - skipped);
    }
    drop_segments(conn);
    return ok;
}

void Outbox::wait_writable(Connection &conn)
{
    bool timed = conn.state == ConnState::kOpen && conn.options().send_timeout_ms > 0;
    if (!reactor_.loop.watch(conn, Watch::kWrite) || (timed && !conn.make_cold())) // what is parked alone is timed, too
        reactor_.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
    else if (timed)
        reactor_.expiry.watch_send(conn, false);
}

void Outbox::writable(Connection *conn)
{
    Outbox &outbox = conn->owner->reactor.outbox;
    if (conn->parked() > 0 && !outbox.flush_transport(*conn))
        return;
    if (conn->blocked() && conn->state >= ConnState::kOpen)
        outbox.write_queue(*conn);
    else if (!conn->has_backlog())
        outbox.written(*conn);
    if (conn->has_backlog() && !conn->blocked())
        outbox.feed(*conn);
}

/// Of a connection with an empty queue.
void Outbox::written(Connection &conn)
{
    reactor_.loop.unwatch(conn, Watch::kWrite);
    if (conn.state >= ConnState::kOpen && conn.out_pending == 0)
        drained(conn);
}

/// Sends what the transport has parked; false while some of it is left, or when the connection is broken.
bool Outbox::flush_transport(Connection &conn)
{
    IoResult result = conn.io->flush(conn.fd());
    if (result.kind == IoResult::Kind::kFailed)
        reactor_.lifecycle.io_failed(conn, result.code);
    else
        reactor_.lifecycle.write_progressed(conn);
    return result.kind == IoResult::Kind::kDone;
}

/// As transmit(), for the front of the queue.
bool Outbox::transmit_next(Connection &conn, size_t *sent)
{
    SendQueue &queue = conn.cold->queue;
    FileRange file;
    if (!queue.next_file(&file)) {
        struct iovec vectors[kVectors];
        int count = queue.vectors(vectors, kVectors);
        if (!conn.io && queue.file_size() > 0) // a head and its file in one segment
            return account(conn, io::send_plain(conn.fd(), vectors, count, MSG_MORE), sent);
        return transmit(conn, vectors, count, sent);
    }
    IoResult result = io::send_file(conn.io, conn.fd(), file.fd, file.offset, file.len);
    if (result.kind == IoResult::Kind::kEnd) // the file has shrunk
        result = IoResult::failed(EIO);
    if (result.kind == IoResult::Kind::kFailed) // to read or to send: what has left must not look complete
        io::reset_on_close(conn.io, conn.fd());
    return account(conn, result, sent);
}

void Outbox::write_queue(Connection &conn)
{
    if (conn.state < ConnState::kOpen) {
        write_rest_ahead(conn);
        return;
    }
    SendQueue &queue = conn.cold->queue;
    size_t sent = 0, total = 0;
    for (int i = 0; i < kWritesPerTurn && total < kBytesPerTurn && !queue.empty(); i++, total += sent) {
        if (!transmit_next(conn, &sent))
            return;
        if (sent == 0)
            break;
        queue.consume(sent);
        reactor_.lifecycle.write_progressed(conn);
    }
    if (!queue.empty() || conn.parked() > 0 || conn.has_backlog()) {
        wait_writable(conn);
        return;
    }
    reactor_.loop.unwatch(conn, Watch::kWrite);
    drained(conn);
}

void Outbox::discard(Connection &conn)
{
    drop_segments(conn);
    if (conn.cold) {
        conn.cold->queue.clear();
        delete conn.cold->held;
        conn.cold->held = nullptr;
        conn.cold->backlog.reset();
    }
    reactor_.loop.unwatch(conn, Watch::kWrite);
}

} // namespace wm
