#include "wm/http.h"

#include "api/request.h"
#include "proto/ascii.h"
#include "proto/http/fields.h"
#include "session/websocket/handshake.h"

#include <cstring>

using namespace wm;

namespace {

template <class Body> int with_slices(wm_request id, Body body)
{
    return with_readable(id, [&](HttpRequests &, HttpRequest &request) { return body(request.slices); });
}

/// The value of the field at that place: of Host what is asked for, since an absolute target makes a recipient ignore the
/// Host that was received (RFC 9112 §3.2.2).
std::string_view value_of(const http::Request &slices, std::string_view name, std::string_view value)
{
    return ascii::equal_fold(name, "host") ? slices.authority : value;
}

int check_answer(const void *headers, size_t headers_len, const void *body, size_t len)
{
    if (int wrong = check_span("headers", headers, headers_len))
        return wrong;
    return check_span("body", body, len);
}

int slice_of(wm_request id, const void **out, size_t *len, std::string_view http::Request::*member)
{
    if (!out || !len)
        return null_argument(out ? "len" : "out");
    return with_slices(id, [&](const http::Request &slices) { return hand_out(slices.*member, out, len); });
}

} // namespace

int wm::request_not_found(wm_request id)
{
    const char *text = "no such request: it is answered, or its connection has closed";
    return id == 0 ? fail(WM_ECLOSED, "%s", text) : why_not_found(unpack_id(id).app, text);
}

int wm::answer_refused(wm_request id, int result)
{
    Id parts = unpack_id(id);
    App *app = parts.kind == IdKind::kRequest ? App::of_this_thread(parts.app) : nullptr;
    if (const HttpRequest *request = app ? app->sessions->requests.find(parts.slot, parts.generation) : nullptr)
        app->sessions->requests.note_refused(*request, result);
    return result;
}

int wm::slices_expired()
{
    return fail(WM_ESTATE, "the request's slices have expired; wm_request_keep, called in time, makes them last");
}

wm_request wm_message_request(wm_conn conn)
{
    int code = 0;
    Connection *self = find_connection(conn, &code);
    if (!self || !has_http_session(*self) || !http_session(*self).current)
        return 0;
    return http_session(*self).current->id;
}

int wm_request_method(wm_request request, const void **out, size_t *len)
{
    return slice_of(request, out, len, &http::Request::method);
}
int wm_request_target(wm_request request, const void **out, size_t *len)
{
    return slice_of(request, out, len, &http::Request::target);
}
int wm_request_path(wm_request request, const void **out, size_t *len)
{
    return slice_of(request, out, len, &http::Request::path);
}
int wm_request_query(wm_request request, const void **out, size_t *len)
{
    return slice_of(request, out, len, &http::Request::query);
}
int wm_request_authority(wm_request request, const void **out, size_t *len)
{
    return slice_of(request, out, len, &http::Request::authority);
}
int wm_request_body(wm_request request, const void **out, size_t *len)
{
    return slice_of(request, out, len, &http::Request::body);
}

int wm_request_version(wm_request request, const void **out, size_t *len)
{
    if (!out || !len)
        return null_argument(out ? "len" : "out");
    return with_slices(request, [&](const http::Request &slices) { return hand_out(slices.minor ? "1.1" : "1.0", out, len); });
}

int wm_request_header(wm_request request, const char *name, const void **out, size_t *len)
{
    if (!name || !out || !len)
        return null_argument(!name ? "name" : !out ? "out" : "len");
    return with_slices(request, [&](const http::Request &slices) {
        std::string_view value;
        bool found = http::find_field(slices.fields, name, value);
        return hand_out_found(found, found ? value_of(slices, name, value) : value, out, len);
    });
}

int wm_request_header_at(wm_request request, size_t index, const void **name, size_t *name_len, const void **value, size_t *value_len)
{
    if (!name || !name_len || !value || !value_len)
        return null_argument(!name ? "name" : !name_len ? "name_len" : !value ? "value" : "value_len");
    return with_readable(request, [&](HttpRequests &, HttpRequest &self) {
        std::string_view field, content;
        if (!self.field_at(index, field, content))
            return 0;
        hand_out(field, name, name_len);
        hand_out(value_of(self.slices, field, content), value, value_len);
        return 1;
    });
}

wm_conn wm_request_conn(wm_request request)
{
    wm_conn conn = 0;
    with_request(request, [&](App &, HttpRequest &self) { return conn = Dispatch::id_of(self.conn), 0; });
    return conn;
}

int wm_request_keep(wm_request request)
{
    return with_request(request, [](App &app, HttpRequest &self) { return app.sessions->requests.keep(self); });
}

int wm_request_respond(wm_request request, int32_t status, const void *headers, size_t headers_len, const void *body, size_t len,
                       int32_t flags)
{
    if (int wrong = check_flags(flags))
        return noted(request, wrong);
    if (int wrong = check_answer(headers, headers_len, body, len))
        return noted(request, wrong);
    return noted(request, with_request(request, [&](App &app, HttpRequest &self) {
                     return app.sessions->requests.respond(
                         self, {.status = status, .fields = span(headers, headers_len), .body = span(body, len), .flags = flags});
                 }));
}

int wm_handshake_accept(wm_request request, const void *headers, size_t headers_len)
{
    if (int wrong = check_span("headers", headers, headers_len))
        return wrong;
    return with_request(request, [&](App &, HttpRequest &self) { return accept_handshake(self, span(headers, headers_len)); });
}

int wm_request_upgrade(wm_request request, const void *headers, size_t headers_len)
{
    if (int wrong = check_span("headers", headers, headers_len))
        return wrong;
    return with_readable(request, [&](HttpRequests &, HttpRequest &self) { return upgrade_request(self, span(headers, headers_len)); });
}

int wm_handshake_reject(wm_request request, int32_t status, const void *headers, size_t headers_len, const void *body, size_t len)
{
    if (int wrong = check_answer(headers, headers_len, body, len))
        return wrong;
    return with_request(request, [&](App &app, HttpRequest &self) {
        return reject_handshake(app.reactor, self, status, span(headers, headers_len), span(body, len));
    });
}
