#include "wm/http_body.h"

#include "api/request.h"
#include "api/worker_callback.h"
#include "proto/http/trailers.h"

using namespace wm;

namespace {

/// Calls body(lines) with the trailer lines of a request, while they can be read.
template <class Body> int with_trailers(wm_request id, Body body)
{
    return with_request(id, [&](App &app, HttpRequest &request) {
        if (http_session(request.conn).receiving == &request)
            return fail(WM_ESTATE, "the body has not come whole: its trailers are known with its last piece");
        return app.sessions->requests.trailers_readable(request) ? body(request.slices.trailers()) : slices_expired();
    });
}

} // namespace

int wm_worker_on_body(wm_worker *worker, wm_body_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(worker, &Worker::callbacks, &ConnCallbacks::body, fn, user, destroy);
}

int wm_worker_on_part(wm_worker *worker, wm_part_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(worker, &Worker::callbacks, &ConnCallbacks::part, fn, user, destroy);
}

int wm_request_trailer(wm_request request, const char *name, const void **out, size_t *len)
{
    if (!name || !out || !len)
        return null_argument(!name ? "name" : !out ? "out" : "len");
    return with_trailers(request, [&](std::string_view lines) {
        std::string_view value;
        return hand_out_found(http::find_trailer(lines, name, value), value, out, len);
    });
}

int wm_request_trailer_at(wm_request request, size_t index, const void **name, size_t *name_len, const void **value, size_t *value_len)
{
    if (!name || !name_len || !value || !value_len)
        return null_argument(!name ? "name" : !name_len ? "name_len" : !value ? "value" : "value_len");
    return with_trailers(request, [&](std::string_view lines) {
        std::string_view field, content;
        size_t cursor = 0;
        for (size_t i = 0; http::trailer_at(lines, cursor, field, content); i++) {
            if (i < index)
                continue;
            hand_out(field, name, name_len);
            hand_out(content, value, value_len);
            return 1;
        }
        return 0;
    });
}
