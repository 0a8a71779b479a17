#include "wm-serve/proxy_options.h"

#include "shared/printable.h"
#include "wm-serve/flags.h"

namespace wm::serve {

std::string ProxyOptions::error() const
{
    if (trusted.empty() && proxy_protocol)
        return "--proxy-protocol needs --trusted-proxy LIST, the addresses of the proxies, as in 10.0.0.0/8";
    if (trusted.empty() && !header.empty())
        return "--proxy-header is of no use without --trusted-proxy LIST, the addresses of the proxies, as in 10.0.0.0/8";
    if (!header.empty() && header != "X-Forwarded-For" && header != "Forwarded" && header != "none")
        return "--proxy-header takes X-Forwarded-For, Forwarded or none, not '" + printable(header) + "'";
    return "";
}

bool ProxyOptions::apply(wm_worker *worker) const
{
    return wm_worker_set_str(worker, "trusted_proxies", trusted.c_str()) == 0 &&
           wm_worker_set_int(worker, "proxy_protocol", proxy_protocol) == 0 &&
           (header.empty() || wm_worker_set_str(worker, "proxy_header", header.c_str()) == 0);
}

void add_proxy_flags(CLI::App &command, ProxyOptions &options, bool with_header)
{
    add_text(command, "--trusted-proxy", "LIST", options.trusted,
             "proxies that tell whose a connection is: addresses and networks, unix, or *");
    add_switch(command, "--proxy-protocol", options.proxy_protocol, "they begin each connection with a PROXY header, version 1 or 2");
    if (with_header)
        add_text(command, "--proxy-header", "NAME", options.header, "where they tell it: X-Forwarded-For (default), Forwarded, or none");
}

} // namespace wm::serve
