/**
 * @file
 * The codecs of the library and their rows in Reactor::codecs. A new protocol adds a row here and one in
 * schemes.cpp.
 */
#ifndef WM_SESSION_CODECS_H
#define WM_SESSION_CODECS_H

#include "conn/codec.h"

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace wm {

extern const Codec kRawCodec;
extern const Codec kTextCodec;
extern const Codec kFrameCodec;
extern const Codec kHttpCodec;
extern const Codec kHandshakeCodec; ///< websocket until its handshake is answered
extern const Codec kWebsocketCodec;
extern const Codec kWebsocketRequestCodec; ///< a client's until its handshake is answered
extern const Codec kWebsocketClientCodec;
extern const Codec kDeflateCodec; ///< a websocket with permessage-deflate
extern const Codec kDeflateClientCodec;
extern const Codec kWebsocketPartsCodec; ///< these while the host sends a message in parts
extern const Codec kWebsocketClientPartsCodec;
extern const Codec kDeflatePartsCodec;
extern const Codec kDeflateClientPartsCodec;
extern const Codec kDatagramCodec;
extern const Codec kTextDatagramCodec;
extern const Codec kFrameDatagramCodec;

enum class CodecRow : uint8_t {
    kRaw,
    kText,
    kFrame,
    kHttp,
    kHandshake,
    kWebsocket,
    kWebsocketRequest,
    kWebsocketClient,
    kDeflate,
    kDeflateClient,
    kWebsocketParts,
    kWebsocketClientParts,
    kDeflateParts,
    kDeflateClientParts,
    kDatagram,
    kTextDatagram,
    kFrameDatagram,
    kCount
};

/// Indexed by CodecRow.
inline constexpr const Codec *kCodecs[] = {&kRawCodec,
                                           &kTextCodec,
                                           &kFrameCodec,
                                           &kHttpCodec,
                                           &kHandshakeCodec,
                                           &kWebsocketCodec,
                                           &kWebsocketRequestCodec,
                                           &kWebsocketClientCodec,
                                           &kDeflateCodec,
                                           &kDeflateClientCodec,
                                           &kWebsocketPartsCodec,
                                           &kWebsocketClientPartsCodec,
                                           &kDeflatePartsCodec,
                                           &kDeflateClientPartsCodec,
                                           &kDatagramCodec,
                                           &kTextDatagramCodec,
                                           &kFrameDatagramCodec};

static_assert(std::size(kCodecs) == static_cast<size_t>(CodecRow::kCount), "a row for each codec, and a codec for each row");

/// Of a codec's `datagram_row`.
constexpr uint8_t row_of(CodecRow row)
{
    return static_cast<uint8_t>(row);
}

} // namespace wm

#endif
