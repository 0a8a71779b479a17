/**
 * @file
 * The header that a proxy writes in front of the bytes of its client: the PROXY protocol, versions 1 and 2, of HAProxy's
 * proxy-protocol.txt. Strict; a plain function (see step.h).
 */
#ifndef WM_PROTO_PROXY_PROXY_HEADER_H
#define WM_PROTO_PROXY_PROXY_HEADER_H

#include "core/ip_address.h"
#include "proto/step.h"

#include <cstddef>
#include <cstdint>

namespace wm::proxy {

/// Whose connection it is.
struct Header {
    enum class From : uint8_t {
        kProxy,   ///< the proxy's own (LOCAL), a health check for instance
        kUnknown, ///< a client's, of which the header has no IP address: UNKNOWN, AF_UNSPEC, AF_UNIX
        kClient,
    };

    From from = From::kProxy;
    bool tls = false; ///< the client has used TLS (PP2_TYPE_SSL)
    IpPort client;
};

inline constexpr size_t kMaxHeaderV1 = 107;  ///< bytes, CRLF included (§2.1)
inline constexpr size_t kMaxHeaderV2 = 4096; ///< bytes, TLVs included
inline constexpr size_t kMinHeaderV2 = 16;   ///< bytes up to the address block
inline constexpr size_t kMaxHeader = kMaxHeaderV2;

/// Reads the header at the front of data. kMessage: it has size bytes. kMore: all bytes so far may begin one. kFail: *wrong says why,
/// as the end of a sentence about the header.
Step read_header(const char *data, size_t len, Header &out, const char **wrong);

} // namespace wm::proxy

#endif
