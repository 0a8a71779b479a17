/**
 * @file
 * State that the codecs of an app share across connections. Owned by the app; the app's thread.
 */
#ifndef WM_SESSION_SESSIONS_H
#define WM_SESSION_SESSIONS_H

#include "core/log.h"
#include "core/random.h"
#include "session/custom/protocols.h"
#include "session/http/requests.h"
#include "session/websocket/deflates.h"

namespace wm {

struct Sessions {
    Sessions(Reactor &reactor, uint32_t generation_base) : requests(reactor, generation_base), protocols(reactor), deflates(reactor) {}

    HttpRequests requests;
    Protocols protocols;
    Deflates deflates;
    RandomStream random;          ///< masks and keys of websocket clients
    LogThrottle foreign_throttle; ///< text: connections that speak HTTP or TLS
};

} // namespace wm

#endif
