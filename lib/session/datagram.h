/**
 * @file
 * Codecs over datagrams: each datagram is parsed by itself, by the codec that parses a stream; what is incomplete at its end is dropped.
 * What is sent is one datagram. The app's thread.
 */
#ifndef WM_SESSION_DATAGRAM_H
#define WM_SESSION_DATAGRAM_H

#include "conn/codec.h"

namespace wm {

Rest parse_datagram(Connection &conn, char *data, size_t len);
/// Sends framed bytes as one datagram: results as wm_conn_send.
int send_datagram(Connection &conn, const Framing &bytes, int32_t flags);
/// Frames a payload as the stream's codec does, and sends it.
int send_framed_datagram(Connection &conn, std::string_view payload, int32_t flags);

/// The codec that does over datagrams what `stream` does, which outlives it.
constexpr Codec over_datagrams(const Codec &stream)
{
    Codec codec = {.name = stream.name, .protocol = stream.protocol, .stream = &stream, .begin = stream.begin, .end = stream.end};
    codec.parse = parse_datagram;
    codec.send = send_framed_datagram;
    return codec;
}

} // namespace wm

#endif
