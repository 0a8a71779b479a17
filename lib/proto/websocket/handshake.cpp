// The block function of SHA-1 itself: SHA1() of OpenSSL 3 fetches a provider for each call, which costs more
// than the hash.
#define OPENSSL_API_COMPAT 0x10100000L

#include "proto/websocket/handshake.h"

#include "proto/ascii.h"
#include "proto/http/fields.h"
#include "proto/http/response_writer.h"

#include <cstring>
#include <openssl/evp.h>
#include <openssl/sha.h>

namespace wm::websocket {

namespace {

constexpr std::string_view kProtocol = "Sec-WebSocket-Protocol";
constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

Handshake refuse(int status, const char *text)
{
    return {status, text, {}};
}

/// 16 bytes in base64: 22 letters of which the last carries two bits, and "==" (RFC 6455 §4.1, RFC 4648 §4).
bool is_key(std::string_view key)
{
    if (key.size() != kKeySize || key.substr(22) != "==")
        return false;
    for (char c : key.substr(0, 22))
        if (!ascii::is(c, ascii::kAlpha | ascii::kDigit) && c != '+' && c != '/')
            return false;
    return true;
}

} // namespace

void make_accept(std::string_view key, char out[kAcceptSize])
{
    unsigned char hash[SHA_DIGEST_LENGTH];
    SHA_CTX context;
    SHA1_Init(&context);
    SHA1_Update(&context, key.data(), key.size());
    SHA1_Update(&context, kGuid.data(), kGuid.size());
    SHA1_Final(hash, &context);
    unsigned char text[kAcceptSize + 1]; // EVP_EncodeBlock ends with NUL
    EVP_EncodeBlock(text, hash, sizeof hash);
    memcpy(out, text, kAcceptSize);
}

Handshake check_handshake(const http::Request &request)
{
    std::string_view key, version;
    // First: what asks for no websocket, as a health check, is no handshake that breaks a rule.
    if (!http::any_has_token(request.fields, "Upgrade", "websocket"))
        return refuse(426, "this is a websocket port: Upgrade: websocket is missing (RFC 6455 4.2.1)");
    if (request.method != "GET")
        return refuse(400, "a websocket handshake is a GET (RFC 6455 4.1)");
    if (request.minor < 1)
        return refuse(400, "a websocket handshake needs HTTP/1.1 (RFC 6455 4.1)");
    if (request.authority.empty())
        return refuse(400, "a websocket handshake has a Host that is not empty (RFC 6455 4.2.1)");
    if (!request.body.empty())
        return refuse(400, "a websocket handshake has no body (RFC 6455 4.1)");
    if (!http::any_has_token(request.fields, "Connection", "upgrade"))
        return refuse(400, "Connection: Upgrade is missing (RFC 6455 4.2.1)");
    if (!http::only_field(request.fields, "Sec-WebSocket-Version", version) || version != "13")
        return refuse(426, "Sec-WebSocket-Version must be 13 (RFC 6455 4.2.1)");
    if (!http::only_field(request.fields, "Sec-WebSocket-Key", key) || !is_key(key))
        return refuse(400, "Sec-WebSocket-Key must be 16 bytes in base64, once (RFC 6455 4.2.1)");
    Handshake out = {101, nullptr, {}};
    make_accept(key, out.accept);
    return out;
}

std::string_view choose_protocol(std::string_view preferred, std::string_view fields)
{
    std::string_view wanted, name, value, offered;
    while (http::next_member(preferred, wanted)) {
        size_t cursor = 0;
        while (http::field_at(fields, cursor, name, value))
            if (ascii::equal_fold(name, kProtocol))
                while (http::next_member(value, offered))
                    if (offered == wanted && !wanted.empty()) // with their case (RFC 6455 §4.1)
                        return wanted;
    }
    return {};
}

const char *check_answer_fields(std::string_view fields, std::string_view &protocol)
{
    bool wants_close = false;
    if (const char *wrong = http::check_fields(fields, wants_close))
        return wrong;
    if (wants_close)
        return "Connection: close, where the connection becomes a websocket";
    std::string_view value;
    if (http::find_field(fields, "Upgrade", value) || http::find_field(fields, "Sec-WebSocket-Accept", value))
        return "the library writes Upgrade and Sec-WebSocket-Accept";
    if (http::find_field(fields, "Sec-WebSocket-Extensions", value))
        return "the library writes Sec-WebSocket-Extensions, and agrees on permessage-deflate where option 'deflate' is not off";
    if (!http::find_field(fields, kProtocol, value))
        return nullptr;
    if (!http::only_field(fields, kProtocol, value) || value.empty() || !ascii::is_token(value))
        return "Sec-WebSocket-Protocol is one of those that the client offers, and there once (RFC 6455 4.2.2)";
    protocol = value;
    return nullptr;
}

size_t write_answer(char *out, const char accept[kAcceptSize], std::string_view extension, std::string_view protocol,
                    std::string_view fields)
{
    constexpr std::string_view kHead =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
    constexpr std::string_view kEnd = "\r\n", kColon = ": ";
    static_assert(kHead.size() + kAcceptSize + kProtocol.size() + kColon.size() + 3 * kEnd.size() <= kAnswerSize);
    char *p = out;
    auto put = [&p](std::string_view text) {
        if (!text.empty())
            memcpy(p, text.data(), text.size());
        p += text.size();
    };
    for (std::string_view text : {kHead, std::string_view(accept, kAcceptSize), kEnd})
        put(text);
    if (!protocol.empty())
        for (std::string_view text : {kProtocol, kColon, protocol, kEnd})
            put(text);
    put(extension);
    put(fields);
    put(kEnd);
    return static_cast<size_t>(p - out);
}

} // namespace wm::websocket
