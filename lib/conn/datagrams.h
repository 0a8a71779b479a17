/**
 * @file
 * What the datagram sockets of a reactor share: the memory of receives, and the lists of those that have something to send at the end of
 * the turn, or to deliver in the next. Owned by the reactor; the app's thread.
 */
#ifndef WM_CONN_DATAGRAMS_H
#define WM_CONN_DATAGRAMS_H

#include "net/datagram_socket.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace wm {

class DatagramPort;
struct Connection;

class Datagrams {
public:
    /// A port is opened: false when out of memory.
    bool add(DatagramPort &port);
    void remove(DatagramPort &port);

    /// There is something to send at the end of the turn.
    void send_later() { due_ |= kSends; }
    /// There are datagrams that were received, and wait for the next turn.
    void resume_later() { due_ |= kHolds; }

    bool idle() const { return due_ == 0; }
    /// Whether datagrams wait for the next turn.
    bool holds() const { return due_ & kHolds; }
    /// As flush(), if something is to be sent: whether it was.
    bool flush_due()
    {
        if (!(due_ & kSends)) [[likely]]
            return false;
        flush();
        return true;
    }
    /// Sends what each port has. Never calls the host: what fails becomes a todo.
    void flush();
    /// Delivers what was held. Call it once a turn.
    void resume();

    DatagramBatch batch;
    size_t peers = 0; ///< connections that have no descriptor of their own

private:
    enum Due : uint32_t { kSends = 1, kHolds = 2 };

    std::vector<DatagramPort *> ports_;
    uint32_t due_ = 0; ///< one word, as each turn looks at it
};

/// Whether the connection is a peer of a worker's datagram socket, which comes and goes without an event.
bool is_peer(const Connection &conn);

} // namespace wm

#endif
