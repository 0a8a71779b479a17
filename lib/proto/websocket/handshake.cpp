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
constexpr size_t kKeySize = 24; // 16 bytes in base64

Handshake refuse(int status, const char *text)
{
    return {status, text, {}};
}

/// Whether there is one field of that name, and no second; value is its value.
bool only_field(std::string_view fields, std::string_view name, std::string_view &value)
{
    size_t cursor = 0;
    int found = 0;
    std::string_view field, content;
    while (http::field_at(fields, cursor, field, content)) {
        if (ascii::equal_fold(field, name)) {
            value = content;
            found++;
        }
    }
    return found == 1;
}

/// Whether any field of that name has the token in its list: fields may be repeated (RFC 9110 §5.3).
bool any_has_token(std::string_view fields, std::string_view name, std::string_view token)
{
    size_t cursor = 0;
    std::string_view field, value;
    while (http::field_at(fields, cursor, field, value))
        if (ascii::equal_fold(field, name) && http::list_has_token(value, token))
            return true;
    return false;
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

} // namespace

Handshake check_handshake(const http::Request &request)
{
    std::string_view key, version;
    // First: what asks for no websocket, as a health check, is no handshake that breaks a rule.
    if (!any_has_token(request.fields, "Upgrade", "websocket"))
        return refuse(426, "this is a websocket port: Upgrade: websocket is missing (RFC 6455 4.2.1)");
    if (request.method != "GET")
        return refuse(400, "a websocket handshake is a GET (RFC 6455 4.1)");
    if (request.minor < 1)
        return refuse(400, "a websocket handshake needs HTTP/1.1 (RFC 6455 4.1)");
    if (request.authority.empty())
        return refuse(400, "a websocket handshake has a Host that is not empty (RFC 6455 4.2.1)");
    if (!request.body.empty())
        return refuse(400, "a websocket handshake has no body (RFC 6455 4.1)");
    if (!any_has_token(request.fields, "Connection", "upgrade"))
        return refuse(400, "Connection: Upgrade is missing (RFC 6455 4.2.1)");
    if (!only_field(request.fields, "Sec-WebSocket-Version", version) || version != "13")
        return refuse(426, "Sec-WebSocket-Version must be 13 (RFC 6455 4.2.1)");
    if (!only_field(request.fields, "Sec-WebSocket-Key", key) || !is_key(key))
        return refuse(400, "Sec-WebSocket-Key must be 16 bytes in base64, once (RFC 6455 4.2.1)");
    Handshake out = {101, nullptr, {}};
    make_accept(key, out.accept);
    return out;
}

size_t write_answer(char *out, const char accept[kAcceptSize], std::string_view fields)
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
    if (!fields.empty())
        memcpy(p, fields.data(), fields.size());
    p += fields.size();
    memcpy(p, "\r\n", 2);
    p += 2;
    return static_cast<size_t>(p - out);
}

} // namespace wm::websocket
