/**
 * @file
 * The schemes of addresses. Each names the codec of a server, that of a client, and whether TLS is below them.
 */
#ifndef WM_SESSION_SCHEMES_H
#define WM_SESSION_SCHEMES_H

#include "proto/role.h"
#include "session/codecs.h"

namespace wm {

struct Scheme {
    static constexpr CodecRow kNone = CodecRow::kCount;

    const char *name;
    CodecRow server; ///< kNone: no server can have it
    CodecRow client; ///< kNone: no client can have it
    bool tls = false;

    CodecRow row(Role role) const { return role == Role::kServer ? server : client; }
};

/// The scheme of a worker without an address.
inline constexpr Scheme kNoScheme = {"none", CodecRow::kRaw, CodecRow::kRaw};

/// The scheme of an address for that role, of which case is ignored (RFC 3986 §3.1); nullptr with WM_EADDRESS, whose
/// detail has what was meant, or all schemes of the role.
const Scheme *find_scheme(const char *address, Role role);

} // namespace wm

#endif
