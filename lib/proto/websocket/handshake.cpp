// The block function of SHA-1 itself: SHA1() of OpenSSL 3 fetches a provider for each call, which costs more
// than the hash.
#define OPENSSL_API_COMPAT 0x10100000L

#include "proto/websocket/handshake.h"

#include "proto/ascii.h"
#include "proto/http/fields.h"

#include <cstring>
#include <openssl/evp.h>
#include <openssl/sha.h>

namespace wm::websocket {

namespace {

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

size_t write_answer(char *out, const char accept[kAcceptSize], std::string_view extension, std::string_view fields)
{
    constexpr std::string_view kHead =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
    static_assert(kHead.size() + kAcceptSize + 4 <= kAnswerSize);
    char *p = out;
    memcpy(p, kHead.data(), kHead.size());
    p += kHead.size();
    memcpy(p, accept, kAcceptSize);
    p += kAcceptSize;
    memcpy(p, "\r\n", 2);
    p += 2;
    for (std::string_view lines : {extension, fields}) {
        if (!lines.empty())
            memcpy(p, lines.data(), lines.size());
        p += lines.size();
    }
    memcpy(p, "\r\n", 2);
    p += 2;
    return static_cast<size_t>(p - out);
}

} // namespace wm::websocket
