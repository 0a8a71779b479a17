#include "conn/datagrams.h"

#include "conn/datagram_port.h"
#include "conn/reactor.h"
#include "core/reserve.h"

#include <algorithm>

namespace wm {

bool Datagrams::add(DatagramPort &port)
{
    if (!batch.reserve() || !reserve_in(ports_, ports_.size() + 1))
        return false;
    ports_.push_back(&port);
    return true;
}

void Datagrams::remove(DatagramPort &port)
{
    std::erase(ports_, &port);
}

void Datagrams::flush()
{
    due_ &= ~uint32_t{kSends};
    for (DatagramPort *port : ports_)
        port->flush_again();
}

/// By index: the host may open ports, and close others, so that one is passed over until the next turn.
void Datagrams::resume()
{
    for (size_t i = 0; i < ports_.size(); i++) {
        ports_[i]->resume();
        if (i < ports_.size() && ports_[i]->reactor().forked)
            return;
    }
    due_ &= ~uint32_t{kHolds};
    for (const DatagramPort *port : ports_)
        if (port->holds())
            resume_later();
}

bool is_peer(const Connection &conn)
{
    return conn.owner->worker && codec_of(conn).stream;
}

} // namespace wm
