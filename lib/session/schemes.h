/**
 * @file
 * The schemes of addresses: the pair of codec and transport that each names.
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

/// Of a worker without an address.
inline constexpr Scheme kNoScheme = {"none", CodecRow::kRaw, &kPlainTransport};

/// The scheme of an address; nullptr with WM_EADDRESS and the nearest scheme in the detail.
const Scheme *find_scheme(const char *address);

} // namespace wm

#endif
