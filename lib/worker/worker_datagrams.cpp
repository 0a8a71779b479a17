// The part of Worker that is about datagrams: whether it has a socket of them, and its peers.
#include "worker/worker.h"

#include "conn/datagram_port.h"
#include "core/error.h"
#include "worker/app.h"

#include <memory>

namespace wm {

/// 0, or WM_EINVAL where the protocol needs a stream.
int Worker::choose_datagrams()
{
    const Codec &stream = *app_.reactor.codecs[scheme_codec_];
    codec = scheme_datagrams_ ? scheme_codec_ : stream.datagram_row;
    if (codec == 0)
        return fail(WM_EINVAL,
                    "option 'transport' is 'udp', and %s needs a stream: over datagrams there are udp, text, frame and the program's own",
                    address_.text.c_str());
    transport = address_.unix_socket ? &kUnixDatagrams : &kUdpTransport;
    transport_settings = nullptr;
    return 0;
}

std::string Worker::socket_name() const
{
    return wants_datagrams() && !scheme_datagrams_ ? address_.text + "+udp" : address_.text;
}

int Worker::open_port()
{
    if (!port_)
        port_ = std::make_unique<DatagramPort>(*this);
    datagrams = port_.get();
    int result = port_->open(listener_.fd());
    if (result != 0)
        listener_.close();
    return result;
}

void Worker::drain_listener()
{
    if (!datagrams) {
        release_listener();
        return;
    }
    datagrams->read_last();
    datagrams->stop_reading(); // the socket stays for answers
}

int Worker::send_to(const char *address, std::string_view payload, int32_t flags)
{
    if (app_.freeing())
        return App::being_freed(); // nothing would end the peer
    if (!wants_datagrams())
        return fail(WM_ESTATE, "%s has no datagrams: wm_conn_send sends to a connection", this->address());
    if (!datagrams || !datagrams->is_open())
        return fail(WM_ESTATE, "the worker does not listen: %s", this->address());
    SocketAddress to;
    int code = parse_peer(address, datagrams->family(), to);
    Connection *conn = code == 0 ? datagrams->peer(to, &code) : nullptr;
    return conn ? app_.reactor.outbox.send(*conn, payload, flags) : code;
}

uint64_t Worker::shed() const
{
    return shed_ + (datagrams ? datagrams->dropped() : 0);
}

} // namespace wm
