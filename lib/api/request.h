/**
 * @file
 * The frame of the functions on requests: finds the request of an id, and hands out its slices.
 */
#ifndef WM_API_REQUEST_H
#define WM_API_REQUEST_H

#include "api/guard.h"
#include "session/sessions.h"

#include <string_view>

namespace wm {

/// The error for an id without a request.
[[gnu::cold]] int request_not_found(wm_request id);
[[gnu::cold]] int slices_expired();

/// Calls body(app, request) on the app's thread; an error on another, and for a stale id.
template <class Body> int with_request(wm_request id, Body body)
{
    Id parts = unpack_id(id);
    if (parts.kind == IdKind::kRequest) [[likely]] {
        App *app = App::of_this_thread(parts.app);
        HttpRequest *request = app ? app->sessions->requests.find(parts.slot, parts.generation) : nullptr;
        if (request) [[likely]]
            return guarded([&] { return body(*app, *request); });
    }
    return request_not_found(id);
}

/// Notes a refused answer of the host's, so that a client that waits in vain shows in the log. Returns the result.
[[gnu::cold]] int answer_refused(wm_request id, int result);
inline int noted(wm_request id, int result)
{
    return result < 0 ? answer_refused(id, result) : result;
}

/// The same for a request whose slices can be read: body(requests, request).
template <class Body> int with_readable(wm_request id, Body body)
{
    return with_request(id, [&](App &app, HttpRequest &request) {
        HttpRequests &requests = app.sessions->requests;
        return requests.readable(request) ? body(requests, request) : slices_expired();
    });
}

inline int hand_out(std::string_view slice, const void **out, size_t *len)
{
    *out = slice.data() ? slice.data() : "";
    *len = slice.size();
    return 0;
}

/// Hands out what was looked up by a name: 1, or 0 with NULL if it was not found.
inline int hand_out_found(bool found, std::string_view value, const void **out, size_t *len)
{
    *out = nullptr;
    *len = 0;
    if (found)
        hand_out(value, out, len);
    return found ? 1 : 0;
}

} // namespace wm

#endif
