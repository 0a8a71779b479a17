/**
 * @file
 * The schemes of addresses, and the codec that each names.
 */
#ifndef WM_SESSION_SCHEMES_H
#define WM_SESSION_SCHEMES_H

#include "session/codecs.h"

namespace wm {

struct Scheme {
    const char *name;
    CodecRow codec;
};

/// The scheme of an address; nullptr with WM_EADDRESS and the nearest scheme in the detail.
const Scheme *find_scheme(const char *address);

} // namespace wm

#endif
