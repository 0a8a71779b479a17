/**
 * @file
 * The schemes of addresses. Each names a codec and a transport.
 */
#ifndef WM_SESSION_SCHEMES_H
#define WM_SESSION_SCHEMES_H

#include "net/transport.h"
#include "session/codecs.h"

namespace wm {

struct Scheme {
    const char *name;
    CodecRow codec;
    const TransportKind *transport;
};

/// The scheme of a worker without an address.
inline constexpr Scheme kNoScheme = {"none", CodecRow::kRaw, &kPlainTransport};

/// The scheme of an address, of which case is ignored (RFC 3986 §3.1); nullptr with WM_EADDRESS, whose detail has
/// what was meant, or all schemes.
const Scheme *find_scheme(const char *address);

} // namespace wm

#endif
