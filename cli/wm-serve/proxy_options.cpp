#include "wm-serve/proxy_options.h"

#include "shared/printable.h"
#include "wm-serve/flags.h"
#include "wm/app.h"
#include "wm/error.h"

#include <memory>
#include <string_view>

namespace wm::serve {

namespace {

/// What is wrong with a list, as the library judges it; empty: nothing.
std::string trusted_error(const std::string &list)
{
    std::unique_ptr<wm_app, void (*)(wm_app *)> app(wm_app_new(), wm_app_free);
    wm_worker *worker = app ? wm_worker_new(app.get(), nullptr) : nullptr;
    if (worker && wm_worker_set_str(worker, "trusted_proxies", list.c_str()) == 0)
        return "";
    constexpr std::string_view kOption = "option 'trusted_proxies': ";
    std::string_view text = wm_last_error();
    return "--trusted-proxy: " + std::string(text.substr(text.starts_with(kOption) ? kOption.size() : 0));
}

} // namespace

std::string ProxyOptions::error() const
{
    if (trusted.empty() && proxy_protocol)
        return "--proxy-protocol needs --trusted-proxy LIST, the addresses of the proxies, as in 10.0.0.0/8";
    if (trusted.empty() && !header.empty())
        return "--proxy-header is of no use without --trusted-proxy LIST, the addresses of the proxies, as in 10.0.0.0/8";
    if (!header.empty() && header != "X-Forwarded-For" && header != "Forwarded" && header != "none")
        return "--proxy-header takes X-Forwarded-For, Forwarded or none, not '" + printable(header) + "'";
    return trusted.empty() ? "" : trusted_error(trusted);
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
