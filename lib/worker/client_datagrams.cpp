// The part of Client that is about datagrams: its socket is connected at once, and can only lose what it sends.
#include "worker/client.h"

#include "conn/datagram_port.h"
#include "core/error.h"
#include "worker/app.h"
#include "worker/clients.h"

#include <cerrno>
#include <cstring>

namespace wm {

/// For the next connection: 0, or WM_EINVAL where the options cannot be.
int Client::choose_datagrams()
{
    const char *given = display.c_str();
    if (scheme_tls_ || options.transport == "ssl")
        return fail(WM_EINVAL, "there is no TLS over datagrams: %s", given);
    if (options.transport == "tcp")
        return fail(WM_EINVAL, "option 'transport' is 'tcp', and %s is over datagrams", given);
    if (options.reconnect_min_ms > 0)
        return fail(WM_EINVAL, "option 'reconnect_min_ms': datagrams have no connection that is lost, so leave it 0: %s", given);
    if (!options.proxy.empty())
        return fail(WM_EINVAL, "option 'proxy': no proxy takes datagrams: %s", given);
    codec = scheme_datagrams_ ? scheme_codec_ : reactor.codecs[scheme_codec_]->datagram_row;
    if (codec == 0)
        return fail(WM_EINVAL,
                    "option 'transport' is 'udp', and %s needs a stream: over datagrams there are udp, text, frame and the program's own",
                    given);
    if (!port_)
        port_ = std::make_unique<DatagramPort>(*this);
    datagrams = port_.get();
    transport = address_.unix_socket ? &kUnixDatagrams : &kUdpTransport;
    return 0;
}

void Client::dial_datagrams(const std::vector<SocketAddress> &addresses, const SocketAddress &source)
{
    conn_->state = ConnState::kConnecting;
    int number = 0;
    for (const SocketAddress &address : addresses) {
        socket_.reset(connect_datagrams(address, source));
        if (!socket_) {
            number = errno;
            continue;
        }
        set_buffers(socket_.get(), options.rcvbuf, options.sndbuf);
        peer_ = address;
        due_ms_ = 0; // in the next turn, as the host may be in wm_client_connect
        app_.clients->moved(due_ms_);
        return;
    }
    fail_later(code_of_errno(number), number, cannot_connect() + strerror(number));
}

void Client::open_datagrams()
{
    at_once_ = 0;
    reactor.callback_watch.begin(this, "connect");
    if (port_->open(socket_.get(), *conn_, peer_) != 0 || port_->read(false) != 0) {
        reactor.lifecycle.fail_attempt(*conn_, WM_REASON_ERROR, WM_ENOMEM, ENOMEM, "out of memory for datagrams");
    } else {
        connected_ms_ = Loop::clock_ms();
        error.clear();
        error_code = 0;
        reactor.lifecycle.datagrams_connected(*conn_);
    }
    reactor.callback_watch.end();
    reactor.datagrams.send_later(); // what the host has sent before
}

void Client::close_datagrams()
{
    if (port_ && socket_ && !port_->is_open())
        port_->open(socket_.get()); // in the turn of wm_client_connect: what the host has sent since leaves
    if (port_)
        port_->close();
    socket_.reset();
}

} // namespace wm
