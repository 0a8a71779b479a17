// The part of DatagramPort that sends.
#include "conn/datagram_port.h"

#include "conn/reactor.h"
#include "core/error.h"

#include <cerrno>
#include <cstring>

namespace wm {

int DatagramPort::check(const Connection &conn, size_t size)
{
    if (conn.state > ConnState::kOpen)
        return fail(WM_ECLOSED, "the connection is closed");
    if (conn.io && !conn_ && static_cast<DatagramPeer *>(conn.io)->address.storage.ss_family == AF_UNSPEC)
        return fail(WM_ESTATE, "the peer's unix socket is not bound, so nothing can be sent to it");
    if (size > longest_)
        return fail(WM_EMSGSIZE, "a datagram of %zu bytes is over the %zu that fit into one", size, longest_);
    size_t most = static_cast<size_t>(owner_.options.max_send_buffer);
    if (queue_.size() > most) {
        reactor_.outbox.count_refused();
        return fail(WM_EFULL, "%zu bytes of datagrams wait to be sent, over max_send_buffer (%zu)", queue_.size(), most);
    }
    return reactor_.outbox.check_total(size);
}

int DatagramPort::send(Connection &conn, const Framing &bytes, int32_t flags)
{
    if (int wrong = check(conn, bytes.size()))
        return wrong;
    DatagramPeer *peer = static_cast<DatagramPeer *>(conn.io); // nullptr: of a client whose socket is not there yet
    bool to_peer = owner_.worker && peer;
    DatagramQueue::Letter letter = {conn.slot, conn.generation, to_peer ? &peer->address : nullptr, peer ? peer->local : LocalIp()};
    if (!queue_.append(letter, bytes.head, bytes.body))
        return fail(WM_ENOMEM, "out of memory for a datagram of %zu bytes", bytes.size());
    conn.bytes_written += bytes.size();
    if (to_peer)
        peers_.touch(*peer);
    if (flags & WM_SEND_NOW || queue_.count() >= kSendMost)
        flush();
    if (!queue_.empty()) {
        reactor_.datagrams.send_later();
        reactor_.has_work();
    }
    return 0;
}

/// While some receivers of a unix socket do not read, the kernel may not tell of the room that others make.
void DatagramPort::flush_again()
{
    if (family_ == AF_UNIX && owner_.worker)
        waits_ = false;
    flush();
}

void DatagramPort::flush()
{
    while (!queue_.empty() && fd_ >= 0 && !waits_) {
        OutgoingDatagram datagrams[kSendMost];
        int sent = send_datagrams(fd_, datagrams, queue_.front(datagrams, kSendMost));
        if (sent < 0 && !skip(errno))
            return;
        if (sent < 0)
            continue;
        refused_ = false;
        queue_.pop(static_cast<size_t>(sent));
    }
}

/// The first datagram cannot be sent now; true: it will never be, or the error was that of an earlier one.
bool DatagramPort::skip(int number)
{
    bool connected = owner_.client;
    if (number == EAGAIN && (connected || family_ != AF_UNIX || !has_send_room(fd_))) {
        waits_ = true;
        if (watch())
            return false;
        waits_ = false;
        number = ENOMEM;
    }
    if (number == EAGAIN && !refused_) // the queue of this one receiver is full, unless it has read since
        return refused_ = true;
    uint32_t slot, generation;
    queue_.sender(slot, generation);
    report(find(slot, generation), number);
    bool own = !connected || family_ == AF_UNIX || refused_ || number == EMSGSIZE || number == ENOMEM;
    refused_ = !own; // then it goes once more: a socket tells of an earlier one's failure with the next call (udp(7))
    if (own)
        queue_.pop(1);
    return true;
}

void DatagramPort::report(Connection *conn, int number)
{
    reactor_.outbox.count_refused();
    if (!conn || conn->state > ConnState::kOpen || !conn->io)
        return;
    static_cast<DatagramPeer *>(conn->io)->failed = number;
    reactor_.todos.add(*conn, kTodoSendFailed);
}

void DatagramPort::tell_failure(Connection &conn)
{
    DatagramPeer &peer = *static_cast<DatagramPeer *>(conn.io);
    int number = peer.failed;
    peer.failed = 0;
    if (number == 0 || conn.state > ConnState::kOpen)
        return;
    int32_t code = number == EAGAIN ? WM_EFULL : number == EMSGSIZE ? WM_EMSGSIZE : code_of_errno(number);
    const char *text = number == EAGAIN ? "the queue of the receiver is full: a datagram was dropped" : strerror(number);
    conn.owner->reactor.dispatch.error(conn, code, text);
}

} // namespace wm
