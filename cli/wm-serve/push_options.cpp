#include "wm-serve/push_options.h"

#include "wm-serve/listen_address.h"

namespace wm::serve {

namespace {

bool is_local(const std::string &address)
{
    return ListenAddress(address).is_local();
}

/// SCHEME://HOST:PORT or SCHEME+unix:///PATH.
bool has_scheme(const std::string &address, const char *scheme)
{
    return ListenAddress(address).scheme() == scheme;
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
