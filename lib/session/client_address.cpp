#include "session/client_address.h"

#include "core/error.h"
#include "proto/websocket/client_handshake.h"

#include <cstring>

namespace wm {

namespace {

constexpr uint16_t kPlainPort = 80, kTlsPort = 443;

bool has_port(std::string_view authority)
{
    size_t bracket = authority.find(']');
    return authority.find(':', bracket == std::string_view::npos ? 0 : bracket) != std::string_view::npos;
}

} // namespace

int ClientAddress::parse(const char *address, const Scheme &row)
{
    bool websocket = row.client == CodecRow::kWebsocketRequest;
    bool file = std::string_view(address).substr(0, std::string_view(address).find("://")).ends_with("+unix");
    if (websocket && !file)
        return parse_websocket(address);
    target = "/";
    return Address::parse(address);
}

int ClientAddress::parse_websocket(const char *address)
{
    std::string_view whole = address;
    size_t begin = whole.find("://") + strlen("://");
    size_t end = std::min(whole.find_first_of("/?#", begin), whole.size());
    std::string_view where = whole.substr(begin, end - begin);
    if (where.find('@') != std::string_view::npos) // the detail leaves the password out
        return fail(WM_EADDRESS, "a websocket address has no user (RFC 6455 3): give 'Authorization: Basic ...' in option ws_headers");
    target = whole.substr(end);
    if (target.empty() || target[0] == '?')
        target.insert(0, "/");
    if (const char *wrong = target[0] == '#' ? websocket::check_target("/#") : websocket::check_target(target))
        return fail(WM_EADDRESS, "%s: %s", wrong, address);
    default_port = !has_port(where);
    int result = Address::parse((std::string(whole.substr(0, end)) + (default_port ? ":80" : "")).c_str());
    text = address;
    return result;
}

std::string ClientAddress::authority(bool tls) const
{
    if (unix_socket)
        return "localhost";
    std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
    uint16_t left_out = tls ? kTlsPort : kPlainPort;
    return default_port || port == left_out ? out : out + ":" + std::to_string(port);
}

} // namespace wm
