#include "wm/http_body.h"

#include "api/callback.h"
#include "api/request.h"
#include "proto/http/trailers.h"
#include "session/http/upload_file.h"

#include <cerrno>
#include <cstring>

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

/// Why a file did not get that name, by errno.
int no_name(int number, const char *path)
{
    switch (number) {
    case EEXIST:
        return fail(WM_EEXIST, "%s: %s", path, strerror(number));
    case ENOENT:
    case ENOTDIR:
        return fail(WM_ENOENT, "%s: %s", path, strerror(number));
    case EXDEV:
        return fail(WM_ESYS, "%s is on another file system than upload_dir: name the file on that one, or copy it", path);
    default:
        return fail(code_of_errno(number), "%s: %s", path, strerror(number));
    }
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

int wm_part_save(const wm_part *part, const char *path)
{
    if (!part || !path)
        return null_argument(part ? "path" : "part");
    if (part->fd < 0)
        return fail(WM_EINVAL,
                    part->error ? "the part was not stored: %s" : "the part is in no file: it has no filename, or upload_dir is empty",
                    wm_strerror(part->error));
    return link_file(part->fd, part->path, path) ? 0 : no_name(errno, path);
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
