/**
 * @file
 * What the datagram sockets of a reactor share: the memory of receives, and the lists of those that have something to send at the end of
 * the turn, or to deliver in the next. Owned by the reactor; the app's thread.
 */
#ifndef WM_CONN_DATAGRAMS_H
#define WM_CONN_DATAGRAMS_H

#include "net/datagram_socket.h"

#include <cstddef>
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
    void send_later() { sends_ = true; }
    /// There are datagrams that were received, and wait for the next turn.
    void resume_later() { holds_ = true; }

    bool idle() const { return !sends_ && !holds_; }
    /// Whether nothing is to be sent.
    bool sent() const { return !sends_; }
    /// Whether datagrams wait for the next turn.
    bool holds() const { return holds_; }
    /// Sends what each port has. Never calls the host: what fails becomes a todo.
    void flush();
    /// Delivers what was held. Call it once a turn.
    void resume();

    DatagramBatch batch;
    size_t peers = 0; ///< connections that have no descriptor of their own

private:
    std::vector<DatagramPort *> ports_;
    bool sends_ = false;
    bool holds_ = false;
};

/// Whether the connection is a peer of a worker's datagram socket, which comes and goes without an event.
bool is_peer(const Connection &conn);

} // namespace wm

#endif
