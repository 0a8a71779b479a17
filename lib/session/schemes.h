/**
 * @file
 * The schemes of addresses. Each names the codec of a server, that of a client, and whether TLS or datagrams are below them.
 */
#ifndef WM_SESSION_SCHEMES_H
#define WM_SESSION_SCHEMES_H

#include "proto/role.h"
#include "session/codecs.h"

#include <string_view>

namespace wm {

class Protocols;

struct Scheme {
    static constexpr CodecRow kNone = CodecRow::kCount;

    const char *name;
    CodecRow server; ///< kNone: no server can have it
    CodecRow client; ///< kNone: no client can have it
    bool tls = false;
    bool datagrams = false;

    CodecRow row(Role role) const { return role == Role::kServer ? server : client; }
};

/// The scheme of a worker without an address.
inline constexpr Scheme kNoScheme = {"none", CodecRow::kRaw, CodecRow::kRaw};

/// The scheme of an address for that role, of which case is ignored (RFC 3986 §3.1): the library's, or a protocol of the app's, which
/// cannot change from here on. nullptr with WM_EADDRESS, whose detail has what was meant, or all schemes of the role.
const Scheme *find_scheme(const char *address, Role role, const Protocols &protocols);

/// Whether a name in lower case is a scheme of the library, or one that it may have later.
bool is_own_scheme(std::string_view name);

} // namespace wm

#endif
