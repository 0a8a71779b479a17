/**
 * @file
 * What the codecs of an app keep for all their connections. Owned by the app.
 */
#ifndef WM_SESSION_SESSIONS_H
#define WM_SESSION_SESSIONS_H

#include "session/http/requests.h"

namespace wm {

struct Sessions {
    Sessions(Reactor &reactor, uint32_t generation_base) : requests(reactor, generation_base) {}

    HttpRequests requests;
};

} // namespace wm

#endif
