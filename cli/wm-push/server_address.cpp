#include "wm-push/server_address.h"

#include <charconv>
#include <cstddef>
#include <sys/socket.h>
#include <sys/un.h>

namespace wm {

namespace {

constexpr std::string_view kForms = "give HOST:PORT, [IPV6]:PORT or unix:PATH, for instance 127.0.0.1:5678";

// One byte of sun_path is a NUL: the last one, or the first one of an abstract name.
constexpr size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;

bool take_prefix(std::string_view &text, std::string_view prefix)
{
    if (!text.starts_with(prefix))
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

bool is_port(std::string_view text)
{
    unsigned port = 0;
    auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
    return code == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

bool parse_unix_path(std::string_view path, ServerAddress &out, std::string &error)
{
    if (path.empty() || path == "@") {
        error = "the path of the unix socket is missing; give unix:PATH, for instance unix:/run/wm/push.sock";
        return false;
    }
    if (path.size() > kMaxPath) {
        error = "the path has " + std::to_string(path.size()) + " bytes, that of a unix socket has at most " + std::to_string(kMaxPath);
        return false;
    }
    out.path = path;
    return true;
}

/// Splits HOST:PORT. An IPv6 address needs brackets: otherwise its last group could be the port.
bool split_host(std::string_view text, std::string_view &host, std::string_view &port, std::string &error)
{
    if (text.starts_with('[')) {
        size_t close = text.find("]:");
        if (close == std::string_view::npos) {
            error = "an IPv6 address is written as [::1]:5678";
            return false;
        }
        host = text.substr(1, close - 1);
        port = text.substr(close + 2);
        return true;
    }
    size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        error = "the port is missing; " + std::string(kForms);
        return false;
    }
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (host.find(':') != std::string_view::npos) {
        error = "an IPv6 address needs brackets; give [" + std::string(text) + "]:PORT or [" + std::string(host) + "]:" + std::string(port);
        return false;
    }
    return true;
}

} // namespace

bool parse_server_address(std::string_view text, ServerAddress &out, std::string &error)
{
    out = ServerAddress();
    out.text = text;
    if (take_prefix(text, "unix://") || take_prefix(text, "text+unix://") || take_prefix(text, "unix:"))
        return parse_unix_path(text, out, error);
    if (take_prefix(text, "text://") && text.ends_with('/'))
        text.remove_suffix(1);
    std::string_view host;
    std::string_view port;
    if (!split_host(text, host, port, error))
        return false;
    if (host.empty() || host.find('/') != std::string_view::npos) {
        error = host.empty() ? "the host is missing; " + std::string(kForms)
                             : "\"" + std::string(host) + "\" is not a host; " + std::string(kForms);
        return false;
    }
    if (!is_port(port)) {
        error = "\"" + std::string(port) + "\" is not a port; give a number from 1 to 65535";
        return false;
    }
    out.host = host;
    out.port = port;
    return true;
}

unsigned make_unix_address(const ServerAddress &address, sockaddr_un &out)
{
    out = {};
    out.sun_family = AF_UNIX;
    address.path.copy(out.sun_path, kMaxPath);
    size_t len = offsetof(sockaddr_un, sun_path) + address.path.size();
    if (address.path[0] == '@')
        out.sun_path[0] = '\0'; // an abstract name is not terminated: its length ends it
    else
        len++;
    return static_cast<unsigned>(len);
}

} // namespace wm
