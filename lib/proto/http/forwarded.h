/**
 * @file
 * What proxies say of a request that they pass on: X-Forwarded-For, as most write it, and Forwarded (RFC 7239). Pure functions, any
 * thread.
 *
 * Each proxy appends the address of its own peer, so that what stands on the right was written last. What stands on the left of the first
 * address that is no trusted proxy's may be anyone's.
 */
#ifndef WM_PROTO_HTTP_FORWARDED_H
#define WM_PROTO_HTTP_FORWARDED_H

#include "core/ip_address.h"

#include <cstdint>
#include <string_view>

namespace wm::http {

/// The header in which the proxies say it.
enum class ForwardedBy : uint8_t { kForwardedFor, kForwarded };

/// Whose request it is.
struct Forwarded {
    bool known = false; ///< `client` is the address that is sought; else the nearest proxy has told none
    bool https = false; ///< the request came by https
    IpPort client;
    bool malformed = false; ///< what is malformed hides the client: `client`, if it is known, is a proxy in front of it
};

/// Whether an address is that of a trusted proxy.
struct TrustedAddresses {
    bool (*contains)(const void *list, const IpAddress &ip);
    const void *list;
};

/// Walks all lines of the header from the right: the client is the first address that is not trusted, or the last one that is, before
/// what is no address ("unknown", an obfuscated name) or the end. Linear in the size of fields, which a parser has validated.
///
/// https: the last X-Forwarded-Proto says so; with Forwarded the element of the client.
Forwarded read_forwarded(std::string_view fields, ForwardedBy by, const TrustedAddresses &trusted);

} // namespace wm::http

#endif
