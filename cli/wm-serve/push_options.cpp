#include "wm-serve/push_options.h"

#include <string_view>

namespace wm::serve {

namespace {

/// Whether only this machine can connect: a unix socket or a loopback address (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3).
bool is_local(std::string_view address)
{
    size_t colon = address.find("://");
    if (colon == std::string_view::npos)
        return false;
    std::string_view scheme = address.substr(0, colon);
    std::string_view host = address.substr(colon + 3);
    if (scheme == "unix" || scheme.ends_with("+unix"))
        return true;
    bool ipv4 = host.starts_with("127.") && host.substr(0, host.find(':')).find_first_not_of("0123456789.") == std::string_view::npos;
    return ipv4 || host.starts_with("localhost:") || host.starts_with("[::1]:");
}

bool has_scheme(std::string_view address, std::string_view scheme)
{
    return address.starts_with(std::string(scheme) + "://") || address.starts_with(std::string(scheme) + "+unix://");
}

std::string needs_scheme(const char *flag, const char *scheme, const std::string &given)
{
    return std::string(flag) + " takes " + scheme + "://HOST:PORT or " + scheme + "+unix:///PATH, not '" + given + "'";
}

} // namespace

std::string PushOptions::error() const
{
    if (count > 1)
        return "--count " + std::to_string(count) + ": several processes cannot share uids yet";
    if (!has_scheme(listen, "websocket") && !has_scheme(listen, "ws"))
        return needs_scheme("--listen", "websocket", listen);
    if (inner != kOff && !has_scheme(inner, "text"))
        return needs_scheme("--inner", "text", inner);
    if (http != kOff && !has_scheme(http, "http"))
        return needs_scheme("--http", "http", http);
    std::string reason = " would let any client on the network push to every page: "
                         "use 127.0.0.1 or a unix path, or allow it with --insecure-inner";
    if (inner != kOff && !insecure_inner && !is_local(inner))
        return "--inner " + inner + reason;
    if (http != kOff && !insecure_inner && !is_local(http))
        return "--http " + http + reason;
    return "";
}

std::string PushOptions::warning() const
{
    return is_local(listen) ? "" : "--listen " + listen + " is open to the network, where any client may claim any uid";
}

} // namespace wm::serve
