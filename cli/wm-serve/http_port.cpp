#include "wm-serve/http_port.h"

#include "wm-serve/push_server.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <strings.h>

namespace wm::serve {

namespace {

constexpr std::string_view kText = "Content-Type: text/plain;charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n";
constexpr std::string_view kHtml = "Content-Type: text/html;charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\n"
                                   "Content-Security-Policy: default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
                                   "img-src data:; connect-src 'self' ws:; frame-ancestors 'none'\r\n";

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
bool is_own_host(wm_conn conn, std::string_view host, const PushOptions &options)
{
    std::string_view name = host_name(host);
    char ip[64];
    int len = wm_conn_local_ip(conn, ip, sizeof ip);
    bool unix_socket = len == 0;
    if (unix_socket || equals_ignoring_case(name, "localhost") || (len > 0 && name == std::string_view(ip, static_cast<size_t>(len))))
        return true;
    return std::any_of(options.hosts.begin(), options.hosts.end(),
                       [&](const std::string &known) { return equals_ignoring_case(name, host_name(known)); });
}

/// The body of a 403, or empty if the request may push.
std::string_view reason_to_refuse(wm_conn conn, wm_request request, const PushOptions &options)
{
    std::string_view host = view_of(request, wm_request_authority); // that of the target counts, where it has one
    if (!is_own_host(conn, host, options))
        return "403: Host is not a name of this server; allow it with --host NAME\n";
    std::string_view site = header(request, "Sec-Fetch-Site");
    std::string_view origin = header(request, "Origin");
    bool same_origin = origin.empty() || equals_ignoring_case(origin, "http://" + std::string(host)) ||
                       equals_ignoring_case(origin, "https://" + std::string(host));
    if (!same_origin || !(site.empty() || site == "same-origin" || site == "none"))
        return "403: a page of another origin may not push\n";
    return "";
}

void answer(wm_request request, bool ok)
{
    respond(request, ok ? 200 : 404, kText, ok ? "ok\n" : "fail\n");
}

void on_result(wm_hub *, int32_t, int64_t pages, void *user)
{
    answer(reinterpret_cast<uintptr_t>(user), pages > 0);
}

std::string_view without_line_end(std::string_view body)
{
    if (body.ends_with('\n'))
        body.remove_suffix(1);
    if (body.ends_with('\r'))
        body.remove_suffix(1);
    return body;
}

void push(PushServer &server, wm_conn conn, wm_request request)
{
    std::string_view refused = reason_to_refuse(conn, request, server.options());
    if (!refused.empty()) {
        respond(request, 403, kText, refused);
        return;
    }
    std::string_view body = without_line_end(view_of(request, wm_request_body));
    PushResult result = server.push(body, on_result, reinterpret_cast<void *>(static_cast<uintptr_t>(request)));
    if (result.kind == PushResult::Kind::kBad)
        respond(request, 400, kText, "400: " + std::string(result.reason) + ", at byte " + std::to_string(result.offset) + "\n");
    else if (result.kind != PushResult::Kind::kPending)
        answer(request, result.kind == PushResult::Kind::kOk);
}

void refuse_method(wm_request request, std::string_view allowed)
{
    respond(request, 405, std::string(kText) + "Allow: " + std::string(allowed) + "\r\n", "405: use " + std::string(allowed) + "\n");
}

void message(wm_worker *, wm_conn conn, const void *, size_t, int32_t, void *self)
{
    PushServer &server = *static_cast<PushServer *>(self);
    wm_request request = wm_message_request(conn);
    std::string_view method = view_of(request, wm_request_method);
    std::string_view path = view_of(request, wm_request_path);
    if (path == "/push") {
        if (method == "POST")
            push(server, conn, request);
        else
            refuse_method(request, "POST");
    } else if (path == "/") {
        if (method == "GET" || method == "HEAD")
            respond(request, 200, kHtml, server.page());
        else
            refuse_method(request, "GET, HEAD");
    } else {
        respond(request, 404, kText, "404: use GET / or POST /push\n");
    }
}

} // namespace

bool setup_http_port(wm_worker *worker, PushServer &server)
{
    return wm_worker_set_int(worker, "max_message", server.options().max_push) == 0 && wm_worker_set_int(worker, "unix_mode", 0600) == 0 &&
           wm_worker_set_int(worker, "idle_timeout_ms", 75000) == 0 && wm_worker_on_message(worker, message, &server, nullptr) == 0;
}

} // namespace wm::serve
