#include "wm/http_stream.h"

#include "api/request.h"

using namespace wm;

int wm_request_respond_begin(wm_request request, int32_t status, const void *headers, size_t headers_len, int64_t length)
{
    if (int wrong = check_span("headers", headers, headers_len))
        return noted(request, wrong);
    return noted(request, with_request(request, [&](App &app, HttpRequest &self) {
                     return app.sessions->requests.begin(self, {.status = status, .fields = span(headers, headers_len), .length = length});
                 }));
}

int wm_request_respond_write(wm_request request, const void *data, size_t len)
{
    if (int wrong = check_span("data", data, len))
        return wrong;
    return with_request(request, [&](App &app, HttpRequest &self) { return app.sessions->requests.write(self, span(data, len)); });
}

int wm_request_respond_end(wm_request request)
{
    return with_request(request, [](App &app, HttpRequest &self) { return app.sessions->requests.end(self); });
}

int wm_request_respond_abort(wm_request request)
{
    return with_request(request, [](App &app, HttpRequest &self) { return app.sessions->requests.abort(self); });
}

int wm_request_inform(wm_request request, int32_t status, const void *headers, size_t headers_len)
{
    if (int wrong = check_span("headers", headers, headers_len))
        return wrong;
    return with_request(
        request, [&](App &app, HttpRequest &self) { return app.sessions->requests.inform(self, status, span(headers, headers_len)); });
}

int wm_request_set_user(wm_request request, void *user, wm_destroy_fn destroy)
{
    return with_request(request, [&](App &app, HttpRequest &self) { return app.sessions->requests.set_user(self, user, destroy); });
}

void *wm_request_user(wm_request request)
{
    void *user = nullptr;
    with_request(request, [&](App &, HttpRequest &self) { return user = self.held ? self.held->user : nullptr, 0; });
    return user;
}

int wm_request_event_begin(wm_request request, const void *headers, size_t headers_len)
{
    if (int wrong = check_span("headers", headers, headers_len))
        return noted(request, wrong);
    return noted(request, with_request(request, [&](App &app, HttpRequest &self) {
                     return app.sessions->requests.begin_events(self, span(headers, headers_len));
                 }));
}

int wm_request_event_send(wm_request request, const void *id, size_t id_len, const void *event, size_t event_len, int64_t retry_ms,
                          const void *data, size_t len)
{
    if (int wrong = check_span("id", id, id_len))
        return wrong;
    if (int wrong = check_span("event", event, event_len))
        return wrong;
    if (int wrong = check_span("data", data, len))
        return wrong;
    return with_request(request, [&](App &app, HttpRequest &self) {
        return app.sessions->requests.send_event(
            self, {.id = span(id, id_len), .type = span(event, event_len), .retry_ms = retry_ms, .data = span(data, len)});
    });
}

int wm_request_event_comment(wm_request request, const void *text, size_t len)
{
    if (int wrong = check_span("text", text, len))
        return wrong;
    return with_request(request, [&](App &app, HttpRequest &self) { return app.sessions->requests.send_comment(self, span(text, len)); });
}
