#include "proto/proxy/proxy_dialog.h"

#include "core/escape.h"
#include "proto/http/fields.h"
#include "wm/error.h"

#include <iterator>

namespace wm::proxy {

namespace {

constexpr size_t kShownBytes = 64; // of a body, or of a reason

int octet(char c)
{
    return static_cast<unsigned char>(c);
}

/// RFC 1928 §6.
struct Reply {
    int error;
    const char *text;
};

constexpr Reply kReplies[] = {
    {0, "succeeded"},
    {WM_ESYS, "general SOCKS server failure"},
    {WM_EACCES, "connection not allowed by its rules"},
    {WM_ESYS, "network unreachable"},
    {WM_ESYS, "host unreachable"},
    {WM_ECONNREFUSED, "connection refused"},
    {WM_ETIMEDOUT, "TTL expired"},
    {WM_EPROTOCOL, "command not supported"},
    {WM_EPROTOCOL, "address type not supported"},
};

int error_of_status(int status)
{
    switch (status) {
    case 401:
    case 403:
    case 407:
        return WM_EACCES;
    case 504:
        return WM_ETIMEDOUT;
    default:
        return WM_ECONNREFUSED;
    }
}

} // namespace

Step Dialog::fail(int error, std::string text)
{
    error_ = error;
    text_ = std::move(text);
    return {StepKind::kFail, 0, 0};
}

Step Dialog::http(const char *data, size_t len, size_t max_header_bytes, size_t max_headers)
{
    http::Response response = {};
    Step step = head_.step(data, len, max_header_bytes, max_headers, response);
    if (step.kind == StepKind::kFail)
        return fail(WM_EPROTOCOL, std::string("the proxy's answer is no HTTP: ") + head_.failure().text);
    if (step.kind != StepKind::kMessage)
        return step;
    if (response.status >= 200 && response.status < 300)
        return step; // Content-Length and Transfer-Encoding are ignored (RFC 9110 §9.3.6)
    std::string reason = escaped(response.reason, kShownBytes);
    std::string text = "the proxy answered " + std::to_string(response.status) + (reason.empty() ? "" : " " + reason);
    std::string_view challenge;
    if (response.status == 407 && http::find_field(response.fields, "Proxy-Authenticate", challenge))
        text += ", it wants " + escaped(challenge, kShownBytes) + ": proxy=http://USER:PASSWORD@HOST:PORT";
    return fail(error_of_status(response.status), text);
}

Step Dialog::method(const char *data, size_t len)
{
    if (octet(data[0]) != 5)
        return fail(WM_EPROTOCOL, "the proxy does not speak SOCKS5 (RFC 1928 §3)");
    if (len < 2)
        return {StepKind::kMore, len, 2};
    int method = octet(data[1]);
    bool login = !request_.login.empty();
    if (method == 0xff)
        return fail(WM_EACCES, login ? "the proxy takes neither user and password nor no login (RFC 1928 §3)"
                                     : "the proxy wants a login: proxy=socks5://USER:PASSWORD@HOST:PORT (RFC 1928 §3)");
    if (method != 0 && !(login && method == 2))
        return fail(WM_EPROTOCOL, "the proxy chose login method " + std::to_string(method) + ", which was not offered (RFC 1928 §3)");
    stage_ = method == 2 ? Stage::kLogin : Stage::kReply;
    next_ = method == 2 ? request_.login : request_.connect;
    return {StepKind::kContinue, 2, 0};
}

Step Dialog::login(const char *data, size_t len)
{
    if (octet(data[0]) != 1)
        return fail(WM_EPROTOCOL, "the proxy's answer to the login is malformed (RFC 1929 §2)");
    if (len < 2)
        return {StepKind::kMore, len, 2};
    if (data[1] != 0)
        return fail(WM_EACCES, "the proxy refused user and password (RFC 1929 §2)");
    stage_ = Stage::kReply;
    next_ = request_.connect;
    return {StepKind::kContinue, 2, 0};
}

/// VER REP RSV ATYP BND.ADDR BND.PORT; a refusal counts at once, as some proxies send no more of it.
Step Dialog::reply(const char *data, size_t len)
{
    if (octet(data[0]) != 5)
        return fail(WM_EPROTOCOL, "the proxy's reply is malformed (RFC 1928 §6)");
    if (len < 2)
        return {StepKind::kMore, len, 0};
    size_t code = static_cast<size_t>(octet(data[1]));
    if (code >= std::size(kReplies))
        return fail(WM_EPROTOCOL, "the proxy answered with the unknown code " + std::to_string(code) + " (RFC 1928 §6)");
    if (code != 0)
        return fail(kReplies[code].error, std::string("the proxy could not connect: ") + kReplies[code].text);
    if (len < 5)
        return {StepKind::kMore, len, 0};
    size_t address = data[3] == 1 ? 4 : data[3] == 4 ? 16 : data[3] == 3 ? 1 + static_cast<size_t>(octet(data[4])) : 0;
    if (data[2] != 0 || address == 0)
        return fail(WM_EPROTOCOL, "the proxy's reply is malformed (RFC 1928 §6)");
    size_t size = 4 + address + 2;
    if (len < size)
        return {StepKind::kMore, len, size};
    next_ = {};
    return {StepKind::kMessage, size, 0};
}

Step Dialog::step(const char *data, size_t len, size_t max_header_bytes, size_t max_headers)
{
    if (request_.kind == Kind::kHttp)
        return http(data, len, max_header_bytes, max_headers);
    switch (stage_) {
    case Stage::kMethod:
        return method(data, len);
    case Stage::kLogin:
        return login(data, len);
    default: // kReply
        return reply(data, len);
    }
}

} // namespace wm::proxy
