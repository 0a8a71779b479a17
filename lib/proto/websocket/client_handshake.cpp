#include "proto/websocket/client_handshake.h"

#include "core/escape.h"
#include "proto/ascii.h"
#include "proto/http/fields.h"

#include <openssl/evp.h>
#include <utility>

namespace wm::websocket {

namespace {

constexpr size_t kShownBytes = 64; // of a body, or of one field

/// Subprotocols are compared with their case (RFC 6455 §4.1).
bool has_protocol(std::string_view protocols, std::string_view name)
{
    std::string_view member;
    while (http::next_member(protocols, member))
        if (member == name)
            return true;
    return false;
}

} // namespace

const char *check_target(std::string_view target)
{
    if (target.empty() || target[0] != '/')
        return "a path begins with '/'";
    for (size_t at = 0; at < target.size(); at++) {
        char c = target[at];
        if (c == '#')
            return "a websocket address has no fragment (RFC 6455 §3): write '#' as %23";
        bool escape =
            c == '%' && at + 2 < target.size() && ascii::is(target[at + 1], ascii::kHex) && ascii::is(target[at + 2], ascii::kHex);
        if (!escape && !ascii::is(c, ascii::kPath) && c != '?')
            return "an octet in the path or query that RFC 3986 does not allow there, unless percent-encoded";
    }
    return nullptr;
}

const char *check_request_fields(std::string_view fields)
{
    const char *at = fields.data();
    const char *end = at + fields.size();
    bool host = false;
    while (at != end) {
        std::string_view name, value;
        if (const char *wrong = http::check_field(at, end, name, value))
            return wrong;
        for (const char *own : {"Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Extensions"})
            if (ascii::equal_fold(name, own))
                return "Upgrade, Connection, and Sec-WebSocket-Key, -Version and -Extensions are written by the library";
        if (ascii::equal_fold(name, "Sec-WebSocket-Protocol"))
            return "the subprotocols are the option ws_subprotocol";
        if (ascii::equal_fold(name, "Content-Length") || ascii::equal_fold(name, "Transfer-Encoding"))
            return "a websocket handshake has no body (RFC 6455 §4.1)";
        if (ascii::equal_fold(name, "Host") && std::exchange(host, true))
            return "Host is given twice";
    }
    return nullptr;
}

const char *check_protocols(std::string_view protocols)
{
    if (protocols.empty())
        return nullptr;
    std::string_view name;
    while (http::next_member(protocols, name)) {
        if (name.empty() || !ascii::is_token(name))
            return "subprotocols are tokens, separated by commas (RFC 6455 §4.1)";
        if (has_protocol(protocols, name))
            return "a subprotocol is there twice (RFC 6455 §4.1)";
    }
    return nullptr;
}

ClientRequest::ClientRequest(std::string_view target, std::string_view authority, std::string_view protocols, std::string_view fields)
    : protocols_(protocols)
{
    std::string_view ignored;
    bytes_.append("GET ").append(target).append(" HTTP/1.1\r\n");
    if (!http::find_field(fields, "Host", ignored))
        bytes_.append("Host: ").append(authority).append("\r\n");
    bytes_ += "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ";
    key_at_ = bytes_.size();
    bytes_.append(kKeySize, ' ');
    bytes_ += "\r\nSec-WebSocket-Version: 13\r\n";
    if (!protocols.empty())
        bytes_.append("Sec-WebSocket-Protocol: ").append(protocols).append("\r\n");
    bytes_.append(fields).append("\r\n");
}

std::string_view ClientRequest::write(const unsigned char nonce[kNonceSize])
{
    unsigned char key[kKeySize + 1]; // EVP_EncodeBlock ends with NUL
    EVP_EncodeBlock(key, nonce, kNonceSize);
    bytes_.replace(key_at_, kKeySize, reinterpret_cast<const char *>(key), kKeySize);
    return bytes_;
}

const char *check_response(const http::Response &response, std::string_view key, std::string_view protocols, std::string_view &chosen)
{
    char expected[kAcceptSize];
    make_accept(key, expected);
    std::string_view upgrade, accept, protocol;
    if (response.minor < 1)
        return "the server answered 101 in HTTP/1.0 (RFC 6455 §4.1)";
    if (!http::only_field(response.fields, "Upgrade", upgrade) || !ascii::equal_fold(upgrade, "websocket"))
        return "the server's 101 lacks Upgrade: websocket (RFC 6455 §4.1)";
    if (!http::any_has_token(response.fields, "Connection", "upgrade"))
        return "the server's 101 lacks Connection: Upgrade (RFC 6455 §4.1)";
    if (!http::only_field(response.fields, "Sec-WebSocket-Accept", accept) || accept != std::string_view(expected, sizeof expected))
        return "the server's Sec-WebSocket-Accept does not answer this key: it is no websocket server, or a cache (RFC 6455 §4.1)";
    if (!http::find_field(response.fields, "Sec-WebSocket-Protocol", protocol)) {
        chosen = {};
        return nullptr;
    }
    if (!http::only_field(response.fields, "Sec-WebSocket-Protocol", protocol) || !has_protocol(protocols, protocol))
        return "the server chose a subprotocol that was not asked for (RFC 6455 §4.1)";
    chosen = protocol;
    return nullptr;
}

std::string refusal_text(const http::Response &response, std::string_view body)
{
    std::string status = std::to_string(response.status);
    std::string reason = escaped(response.reason, kShownBytes);
    status += reason.empty() ? "" : " " + reason;
    std::string_view field;
    if (response.status >= 300 && response.status < 400 && http::find_field(response.fields, "Location", field))
        return "the server answered " + status + ": redirects are not followed; it names " + escaped(field, 2 * kShownBytes);
    if (response.status == 426 && http::find_field(response.fields, "Sec-WebSocket-Version", field))
        return "the server answered " + status + ": it speaks websocket version " + escaped(field, kShownBytes) + ", this client 13";
    std::string shown = escaped(body, kShownBytes);
    return "the server answered " + status + " instead of 101" + (shown.empty() ? "" : ": " + shown);
}

} // namespace wm::websocket
