#include "conn/datagram_port.h"

#include "conn/reactor.h"
#include "core/error.h"
#include "core/reserve.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

namespace wm {

DatagramPort::DatagramPort(Endpoint &owner) : owner_(owner), reactor_(owner.reactor), queue_(owner.reactor.queue_total) {}

DatagramPort::~DatagramPort()
{
    close();
    reactor_.datagrams.remove(*this);
}

// ---- the socket

bool DatagramPort::begin(int fd)
{
    if (fd_ < 0 && !reactor_.datagrams.add(*this))
        return false;
    fd_ = fd;
    SocketAddress bound;
    if (!local_address(bound))
        bound.storage.ss_family = AF_UNSPEC;
    family_ = bound.storage.ss_family;
    longest_ = longest_datagram(fd, family_);
    ask_for_local_ip(fd, bound);
    watch_.attach<&DatagramPort::ready>(fd, this);
    return true;
}

int DatagramPort::open(int fd)
{
    return begin(fd) ? 0 : fail(WM_ENOMEM, "out of memory for datagrams at %s", owner_.display.c_str());
}

int DatagramPort::open(int fd, Connection &conn, const SocketAddress &peer)
{
    DatagramPeer *its = new (std::nothrow) DatagramPeer(*this, peer);
    if (!its || !begin(fd)) {
        delete its;
        return fail(WM_ENOMEM, "out of memory for datagrams to %s", owner_.display.c_str());
    }
    its->conn = &conn;
    conn.io = its;
    conn_ = &conn;
    return 0;
}

bool DatagramPort::local_address(SocketAddress &out) const
{
    return fd_ >= 0 && io::local_address(nullptr, fd_, out);
}

/// Watches for what is awaited. Of a socket that other processes receive from too, the kernel wakes one; but not while this one waits to
/// send (epoll_ctl(2): EPOLLEXCLUSIVE cannot be changed).
bool DatagramPort::watch()
{
    reactor_.loop.unwatch(watch_);
    uint32_t what = waits_ ? uint32_t{Watch::kWrite} : 0;
    if (reads_)
        what |= shared_ && !waits_ ? Watch::kReadExclusive : Watch::kRead;
    return what == 0 || reactor_.loop.watch(watch_, static_cast<Watch::Interest>(what));
}

int DatagramPort::read(bool shared)
{
    if (reads_)
        return 0;
    reads_ = true;
    shared_ = shared;
    if (watch())
        return 0;
    reads_ = false;
    return fail(WM_ENOMEM, "out of memory to watch for datagrams at %s", owner_.display.c_str());
}

void DatagramPort::stop_reading()
{
    if (!reads_)
        return;
    reads_ = false;
    watch();
}

void DatagramPort::read_last()
{
    for (int i = 0; i < kLastBatches && reads_ && held_.empty(); i++)
        if (!has_room() || receive_batch() == 0 || reactor_.forked)
            break;
}

void DatagramPort::close()
{
    flush();
    queue_.clear();
    if (fd_ < 0)
        return;
    reads_ = waits_ = refused_ = false;
    reactor_.loop.unwatch(watch_);
    drop_held();
    while (DatagramPeer *oldest = peers_.oldest()) {
        peers_.remove(*oldest);
        reactor_.lifecycle.destroy(*oldest->conn, WM_REASON_LOCAL, 0);
    }
    reactor_.datagrams.remove(*this);
    conn_ = nullptr;
    fd_ = -1;
}

void DatagramPort::ready(DatagramPort *self, uint32_t what)
{
    if (what & Watch::kWrite) {
        self->waits_ = false;
        self->flush();
        if (!self->waits_)
            self->watch();
    }
    if (what & Watch::kRead && self->reads_)
        self->readable();
}

// ---- peers

Connection *DatagramPort::find(uint32_t slot, uint32_t generation) const
{
    return reactor_.connections.find(slot, generation);
}

/// Has the oldest peers go. False while the host has messages of the oldest from this poll, and so of all.
bool DatagramPort::make_room()
{
    size_t most = static_cast<size_t>(owner_.options.udp_peers);
    while (peers_.size() >= most) {
        DatagramPeer &oldest = *peers_.oldest();
        if (oldest.conn->state != ConnState::kClosed && reactor_.dispatch.host_has_records(*oldest.conn))
            return false;
        peers_.remove(oldest);
        reactor_.lifecycle.destroy(*oldest.conn, WM_REASON_LIMIT, 0);
    }
    return true;
}

Connection *DatagramPort::peer(const SocketAddress &address, int *code)
{
    DatagramPeer *known = peers_.find(address);
    if (known && known->conn->state == ConnState::kOpen)
        return known->conn;
    if (known)
        peers_.remove(*known); // it has been closed, and its connection goes at the end of the turn
    if (!make_room()) {
        *code = fail(WM_EFULL, "the %lld peers that there is room for (udp_peers) all have messages in this poll",
                     static_cast<long long>(owner_.options.udp_peers));
        return nullptr;
    }
    auto fresh = std::unique_ptr<DatagramPeer>(new (std::nothrow) DatagramPeer(*this, address));
    Connection *conn = fresh && peers_.add(*fresh) ? reactor_.lifecycle.make_peer(owner_, fresh.get()) : nullptr;
    if (!conn) {
        *code = fail(WM_ENOMEM, "out of memory for a peer");
        return nullptr;
    }
    fresh.release()->conn = conn;
    return conn;
}

// ---- received

/// Whether the host takes a datagram now.
bool DatagramPort::has_room() const
{
    return reactor_.dispatch.room_for_messages(owner_) > 0 && reactor_.inbox.has_batch_room();
}

void DatagramPort::readable()
{
    if (!held_.empty())
        return; // resume() goes on with these, and the loop reports the socket again
    if (!has_room()) {
        reactor_.loop.break_turn();
        return;
    }
    reactor_.callback_watch.begin(&owner_, "message");
    receive_batch();
    reactor_.callback_watch.end();
    if (!reactor_.forked && !queue_.empty())
        flush();
}

/// Returns how many have come.
size_t DatagramPort::receive_batch()
{
    bool is_unix = family_ == AF_UNIX;
    DatagramBatch &batch = reactor_.datagrams.batch;
    int got = batch.receive(fd_, is_unix, reactor_.dispatch.room_for_messages(owner_), static_cast<size_t>(owner_.options.max_message));
    if (got < 0) {
        if (errno != EAGAIN)
            report(conn_, errno);
        return 0;
    }
    for (size_t i = 0; i < static_cast<size_t>(got); i++) {
        Datagram datagram = batch.take(i);
        if (!is_unix && datagram.from.len == 0) { // it would stay readable for ever
            log(WM_LOG_ERROR, "%s receives no more: its socket was shut down", owner_.display.c_str());
            stop_reading();
            return 0;
        }
        if (datagram.truncated)
            drop("a datagram over max_message");
        else if (!held_.empty() || !take(datagram))
            hold(datagram);
        if (reactor_.forked || fd_ < 0)
            break;
    }
    return static_cast<size_t>(got);
}

/// False: what is left of it has to wait.
bool DatagramPort::take(Datagram &datagram)
{
    Connection *conn = conn_;
    int code = 0;
    if (!conn)
        conn = peer(datagram.from, &code);
    if (!conn && code == WM_ENOMEM)
        drop("out of memory for a peer");
    if (!conn || conn->state != ConnState::kOpen)
        return code != WM_EFULL;
    static_cast<DatagramPeer *>(conn->io)->local = datagram.to;
    conn->bytes_read += datagram.len;
    if (!conn->has(kIdleTimed)) // else Dispatch::message knows what counts
        conn->last_active = reactor_.tick();
    return reactor_.inbox.deliver(*conn, datagram.data, datagram.len);
}

void DatagramPort::hold(const Datagram &datagram)
{
    Tail *copy = reserve_in(held_, held_.size() + 1) ? Tail::make(datagram.len) : nullptr;
    if (!copy) {
        drop("out of memory for a datagram");
        return;
    }
    if (datagram.len > 0)
        memcpy(copy->data(), datagram.data, datagram.len);
    copy->end = datagram.len;
    held_.push_back({datagram.from, datagram.to, copy});
    reactor_.datagrams.resume_later();
}

void DatagramPort::resume()
{
    size_t done = 0;
    reactor_.callback_watch.begin(&owner_, "message");
    while (!reactor_.forked && done < held_.size() && has_room()) {
        Held &held = held_[done];
        Tail *bytes = std::exchange(held.bytes, nullptr); // not held while it is delivered: the host may close the socket
        Datagram datagram = {bytes->data(), bytes->size(), false, held.from, held.to};
        bool waits = !take(datagram) && !held_.empty() && !reactor_.forked;
        if (waits) {
            bytes->begin = bytes->end - datagram.len;
            held_[done].bytes = bytes;
            break;
        }
        free(bytes);
        done++;
    }
    reactor_.callback_watch.end();
    if (!held_.empty()) // else the host has closed the socket
        held_.erase(held_.begin(), held_.begin() + static_cast<ptrdiff_t>(done));
}

void DatagramPort::drop_held()
{
    for (const Held &held : held_)
        free(held.bytes);
    held_.clear();
}

void DatagramPort::drop(const char *why)
{
    dropped_++;
    reactor_.status_changed = true;
    if (throttle_.due(reactor_.loop.now_ms()))
        throttle_.log(WM_LOG_WARN, "%s: dropped %s", owner_.display.c_str(), why);
}

} // namespace wm
