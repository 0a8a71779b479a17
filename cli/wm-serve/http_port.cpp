#include "wm-serve/http_port.h"

#include "shared/printable.h"
#include "wm-serve/event_log.h"
#include "wm-serve/push_server.h"

#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <strings.h>

namespace wm::serve {

namespace {

constexpr std::string_view kText = "Content-Type: text/plain;charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n";
constexpr std::string_view kJson = "Content-Type: application/json\r\nX-Content-Type-Options: nosniff\r\n";
constexpr std::string_view kHtml = "Content-Type: text/html;charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n"
                                   "Content-Security-Policy: default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
                                   "img-src data:; connect-src 'self' ws: wss:; frame-ancestors 'none'\r\n";

bool equals_ignoring_case(std::string_view a, std::string_view b)
{
    return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view header(wm_request request, const char *name)
{
    const void *out = nullptr;
    size_t len = 0;
    return wm_request_header(request, name, &out, &len) == 1 ? std::string_view(static_cast<const char *>(out), len) : std::string_view();
}

std::string_view view_of(wm_request request, int (*get)(wm_request, const void **, size_t *))
{
    const void *out = nullptr;
    size_t len = 0;
    return get(request, &out, &len) == 0 ? std::string_view(static_cast<const char *>(out), len) : std::string_view();
}

void respond(wm_request request, int status, std::string_view fields, std::string_view body)
{
    wm_request_respond(request, status, fields.data(), fields.size(), body.data(), body.size(), 0);
}

/// Host without its port and the brackets of an IPv6 address.
std::string_view host_name(std::string_view host)
{
    if (host.starts_with('['))
        return host.substr(1, host.find(']') == std::string_view::npos ? 0 : host.find(']') - 1);
    return host.substr(0, host.find(':'));
}

/// DNS cannot rebind an address or localhost (RFC 6761 §6.3); any other name must be one of --host.
bool is_own_host(wm_conn conn, std::string_view host, const PushServer &server)
{
    std::string_view name = host_name(host);
    char ip[64];
    int len = wm_conn_local_ip(conn, ip, sizeof ip);
    bool unix_socket = len == 0;
    if (unix_socket || equals_ignoring_case(name, "localhost") || (len > 0 && name == std::string_view(ip, static_cast<size_t>(len))))
        return true;
    return server.allows_host(host);
}

/// The body of a 403, or empty if the request may push, and ask for tickets.
std::string_view reason_to_refuse(wm_conn conn, wm_request request, const PushServer &server)
{
    std::string_view host = view_of(request, wm_request_authority); // that of the target counts, where it has one
    if (!is_own_host(conn, host, server))
        return "403: Host is not a name of this server; allow it with --host NAME\n";
    std::string_view site = header(request, "Sec-Fetch-Site");
    std::string_view origin = header(request, "Origin");
    bool same_origin = origin.empty() || equals_ignoring_case(origin, "http://" + std::string(host)) ||
                       equals_ignoring_case(origin, "https://" + std::string(host));
    if (!same_origin || !(site.empty() || site == "same-origin" || site == "none"))
        return "403: a page of another origin may not push\n";
    return "";
}

/// Answers a POST without the secret, where there is one (RFC 6750 §3). A page of this server has it from its user.
bool refuse_stranger(PushServer &server, wm_conn conn, wm_request request, std::string_view path)
{
    static ThrottledWarning refused;
    std::string_view field = header(request, "Authorization");
    if (!server.secret().given() || server.secret().is_bearer(field))
        return false;
    if (refused.due())
        refused.log("refused a POST " + std::string(path) + " of " + peer_name(conn) +
                    " at the http port: " + (field.empty() ? "it has no Authorization" : "its Authorization is not Bearer and the secret"));
    respond(request, 401, std::string(kText) + "WWW-Authenticate: Bearer\r\n",
            "401: POST " + std::string(path) + " needs Authorization: Bearer and the secret of --inner-secret-file\n");
    return true;
}

/// The status of a result. 503: nothing was sent, so that it may be repeated; 504: a page may have it.
int status_of(PushResult result)
{
    switch (result.kind) {
    case PushResult::Kind::kOk:
    case PushResult::Kind::kTicket:
        return 200;
    case PushResult::Kind::kBad:
        return 400;
    case PushResult::Kind::kLarge:
        return 413;
    case PushResult::Kind::kUnknown:
        return result.unsure ? 504 : 503;
    default:
        return 404;
    }
}

void answer(wm_request request, PushResult result, const PushCall &call)
{
    int status = status_of(result);
    std::string fields(result.json ? kJson : kText);
    if (status == 503)
        fields += "Retry-After: 1\r\n";
    if (result.kind == PushResult::Kind::kTicket)
        respond(request, status, fields + "Cache-Control: no-store\r\n", result.json ? call.json(result) + "\n" : call.ticket);
    else if (result.json)
        respond(request, status, fields, call.json(result) + "\n");
    else
        respond(request, status, fields, status == 200 ? "ok\n" : status == 400 ? "400: " + push_detail(result) + "\n" : "fail\n");
}

/// A request in the hands of the server. A spare one is kept, because it has to exist before the push tells whether it is needed.
struct PendingPost final : PushCall {
    wm_request request = 0;

    void done(PushResult result) override
    {
        std::unique_ptr<PendingPost> self(this);
        try {
            answer(request, result, *this);
        } catch (const std::bad_alloc &) {
            wm_request_respond(request, status_of(result), kText.data(), kText.size(), "", 0, 0);
        }
    }
};

std::unique_ptr<PendingPost> spare;

std::string_view without_line_end(std::string_view body)
{
    if (body.ends_with('\n'))
        body.remove_suffix(1);
    if (body.ends_with('\r'))
        body.remove_suffix(1);
    return body;
}

using Take = PushResult (PushServer::*)(std::string_view body, PushCall &call);

/// POST /push or /ticket, whose body `take` takes.
void take_post(PushServer &server, wm_conn conn, wm_request request, std::string_view path, Take take)
{
    std::string_view refused = reason_to_refuse(conn, request, server);
    if (!refused.empty()) {
        if (server.debug())
            log_debug("refused a POST " + std::string(path) + " of " + peer_name(conn) + ": " +
                      printable(refused.substr(0, refused.size() - 1), 200));
        respond(request, 403, kText, refused);
        return;
    }
    if (refuse_stranger(server, conn, request, path))
        return;
    std::string_view body = without_line_end(view_of(request, wm_request_body));
    if (!spare)
        spare = std::make_unique<PendingPost>();
    PushResult result = (server.*take)(body, *spare);
    if (result.kind == PushResult::Kind::kPending) {
        spare.release()->request = request;
        return;
    }
    if (result.kind == PushResult::Kind::kNotifyEnd)
        result = {PushResult::Kind::kBad, false, false, 0, "notify_end is for the inner port only"};
    else if (result.kind == PushResult::Kind::kExplain)
        result = {PushResult::Kind::kBad, false, false, 0, "explain is for the inner port only"};
    answer(request, result, *spare);
    if (result.json)
        spare.reset(); // it has results of uids
}

void refuse_method(wm_request request, std::string_view allowed)
{
    respond(request, 405, std::string(kText) + "Allow: " + std::string(allowed) + "\r\n", "405: use " + std::string(allowed) + "\n");
}

/// RFC 9110 §9.3.7. It is the default health check of haproxy. A page of another origin learns nothing: there is no field of CORS.
void answer_options(wm_request request, std::string_view path)
{
    std::string_view allowed = path == "/push" || path == "/ticket" ? "POST, OPTIONS"
                               : path == "*"                        ? "GET, HEAD, POST, OPTIONS"
                                                                    : "GET, HEAD, OPTIONS";
    respond(request, 204, "Allow: " + std::string(allowed) + "\r\n", "");
}

/// 503 while pushes cannot be certain of other machines; those to pages of this one are, also then.
void answer_health(wm_request request, const PushServer &server)
{
    std::string why = server.unready();
    if (why.empty())
        respond(request, 200, kText, "ok\n");
    else
        respond(request, 503, std::string(kText) + "Retry-After: 1\r\n", "503: " + why + "\n");
}

void message(wm_worker *, wm_conn conn, const void *, size_t, int32_t, void *self)
{
    answer_request(*static_cast<PushServer *>(self), conn, wm_message_request(conn));
}

void error(wm_worker *, wm_conn conn, int32_t, const void *text, size_t len, void *self)
{
    static ThrottledWarning long_head;
    PushServer &server = *static_cast<PushServer *>(self);
    std::string_view why(static_cast<const char *>(text), len);
    warn_of_long_head(long_head, conn, why, server.options().max_header);
    if (server.debug())
        log_debug("refused " + peer_name(conn) + " at the http port: " + printable(why, 200));
}

} // namespace

void answer_request(PushServer &server, wm_conn conn, wm_request request)
{
    std::string_view method = view_of(request, wm_request_method);
    std::string_view path = view_of(request, wm_request_path);
    if (method == "OPTIONS") {
        answer_options(request, path);
    } else if (path == "/push" || path == "/ticket") {
        if (method == "POST")
            take_post(server, conn, request, path, path == "/push" ? &PushServer::push : &PushServer::ticket);
        else
            refuse_method(request, "POST, OPTIONS");
    } else if (path == "/" || path == "/health") {
        if (method == "GET" || method == "HEAD")
            path == "/" ? respond(request, 200, kHtml, server.page()) : answer_health(request, server);
        else
            refuse_method(request, "GET, HEAD, OPTIONS");
    } else {
        respond(request, 404, kText, "404: use GET /, GET /health, POST /push or POST /ticket\n");
    }
}

bool setup_http_port(wm_worker *worker, PushServer &server)
{
    return wm_worker_set_int(worker, "max_message", server.options().max_push) == 0 && wm_worker_set_int(worker, "unix_mode", 0600) == 0 &&
           wm_worker_set_int(worker, "max_header_bytes", server.options().max_header) == 0 &&
           wm_worker_set_int(worker, "idle_timeout_ms", kHttpIdleMs) == 0 && wm_worker_on_message(worker, message, &server, nullptr) == 0 &&
           wm_worker_on_error(worker, error, &server, nullptr) == 0;
}

} // namespace wm::serve
