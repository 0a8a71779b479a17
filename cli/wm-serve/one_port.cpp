#include "wm-serve/one_port.h"

#include "wm-serve/http_port.h"
#include "wm-serve/page_port.h"
#include "wm-serve/push_server.h"

#include <cstring>
#include <string>

namespace wm::serve {

namespace {

bool asks_for_websocket(wm_request request)
{
    const void *value = nullptr;
    size_t len = 0;
    if (wm_request_header(request, "Upgrade", &value, &len) != 1)
        return false;
    return strcasestr(std::string(static_cast<const char *>(value), len).c_str(), "websocket") != nullptr;
}

/// The limits of http, until the connection is a page's.
bool limit_as_http(wm_conn conn, const PushServer &server)
{
    return wm_conn_set_int(conn, "max_message", server.options().max_push) == 0 &&
           wm_conn_set_int(conn, "idle_timeout_ms", kHttpIdleMs) == 0;
}

bool limit_as_page(wm_conn conn, const PushServer &server)
{
    return wm_conn_set_int(conn, "max_message", server.options().max_page_message) == 0 && wm_conn_set_int(conn, "idle_timeout_ms", 0) == 0;
}

void open(wm_worker *, wm_conn conn, void *self)
{
    if (!limit_as_http(conn, *static_cast<PushServer *>(self)))
        wm_conn_destroy(conn);
}

void message(wm_worker *, wm_conn conn, const void *data, size_t len, int32_t kind, void *self)
{
    PushServer &server = *static_cast<PushServer *>(self);
    wm_request request = kind == WM_KIND_HTTP ? wm_message_request(conn) : 0;
    if (request == 0)
        server.pages().take_message(conn, data, len, kind);
    else if (!asks_for_websocket(request))
        answer_request(server, conn, request);
    else if (limit_as_page(conn, server))
        server.pages().take_request(conn, request);
    else
        wm_conn_destroy(conn);
}

void error(wm_worker *, wm_conn conn, int32_t code, const void *text, size_t len, void *self)
{
    static_cast<PushServer *>(self)->pages().take_error(conn, code, {static_cast<const char *>(text), len});
}

} // namespace

bool setup_one_port(wm_worker *worker, PushServer &server)
{
    return wm_worker_set_int(worker, "unix_mode", 0600) == 0 && wm_worker_on_open(worker, open, &server, nullptr) == 0 &&
           wm_worker_on_message(worker, message, &server, nullptr) == 0 && wm_worker_on_error(worker, error, &server, nullptr) == 0;
}

} // namespace wm::serve
