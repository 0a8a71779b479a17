#include "wm-serve/push_options.h"

#include "shared/printable.h"
#include "shared/utf8.h"
#include "wm-serve/listen_address.h"
#include "wm-serve/origin.h"
#include "wm-serve/rate_limit.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

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

/// A token (RFC 9110 §5.6.2), as the name of a subprotocol has to be (RFC 6455 §4.1).
bool is_token(std::string_view text)
{
    auto taken = [](char c) { return c > ' ' && c < 0x7f && !strchr("\"(),/:;<=>?@[\\]{}", c); };
    return !text.empty() && std::all_of(text.begin(), text.end(), taken);
}

/// What is wrong with the flags about pages; empty: nothing.
std::string pages_error(const PushOptions &options)
{
    if (options.deflate != "off" && options.deflate != "shared" && options.deflate != "own")
        return "--deflate takes off, shared or own, not '" + printable(options.deflate) + "'";
    if (options.slow != "close" && options.slow != "drop-oldest" && options.slow != "latest")
        return "--slow takes close, drop-oldest or latest, not '" + printable(options.slow) + "'";
    OriginList origins;
    HostList hosts;
    std::string error;
    for (const std::string &value : options.origins)
        if (error = origins.add(value); !error.empty())
            return error;
    for (const std::string &value : options.hosts)
        if (error = hosts.add(value); !error.empty())
            return error;
    for (const std::string &name : options.subprotocols)
        if (!is_token(name))
            return "--subprotocol '" + printable(name) + "': one name, without spaces, commas or slashes; repeat the flag for others";
    if (options.uid_key.size() > 64)
        return "--uid-key takes a name of 1 to 64 bytes";
    for (const auto &[flag, text] : {std::pair("--uid-key", &options.uid_key), std::pair("--text-ping", &options.text_ping)})
        if (utf8_valid_prefix(*text) < text->size())
            return std::string(flag) + " '" + printable(*text) + "' is not UTF-8, as all text of pages is";
    size_t equals = options.text_ping.find('=');
    if (!options.text_ping.empty() && (equals == 0 || equals >= options.text_ping.size() - 1))
        return "--text-ping takes TEXT=ANSWER, for instance ping=pong, not '" + printable(options.text_ping) + "'";
    if (RateLimit rate; !parse_rate(options.rate, rate))
        return "--rate takes N or N/BURST, each from 1 to " + std::to_string(RateLimit::kMost) + ", or off, not '" +
               printable(options.rate) + "'";
    if (options.max_header < 64 || options.max_header > 1 << 20)
        return "--max-header takes 64 to 1048576 bytes, not " + std::to_string(options.max_header);
    return "";
}

/// What is wrong with the flags about tickets; empty: nothing.
std::string ticket_error(const PushOptions &options)
{
    if (!options.uses_tickets() && options.ticket_in_url)
        return "--ticket-in-url is of no use without --auth ticket";
    if (!options.uses_tickets() && options.ticket_ttl_ms != PushOptions().ticket_ttl_ms)
        return "--ticket-ttl is of no use without --auth ticket";
    if (options.uses_tickets() && !options.uid_key.empty())
        return "--uid-key is of no use with --auth ticket: the first message, whole, is the ticket, which has the uid";
    if (options.uses_tickets() && options.inner == kOff && options.http == kOff)
        return "--auth ticket needs --inner or --http, where back ends ask for tickets";
    return "";
}

/// What is wrong with the flags about who a page is; empty: nothing.
std::string auth_error(const PushOptions &options)
{
    if (options.auth != "uid" && !options.uses_jwt() && !options.uses_tickets())
        return "--auth takes uid, jwt or ticket, not '" + printable(options.auth) + "'";
    if (options.uses_jwt() && options.jwt_key.empty())
        return "--auth jwt needs --jwt-key FILE: the public key (PEM; RSA, or EC on P-256) or the secret that tokens are signed with";
    if (options.uses_jwt() && !options.uid_key.empty())
        return "--uid-key is of no use with --auth jwt: the first message, whole, is the token, and its sub is the uid";
    if (std::string wrong = ticket_error(options); !wrong.empty())
        return wrong;
    const std::pair<const char *, const std::string &> of_jwt[] = {
        {"--jwt-key", options.jwt_key}, {"--jwt-audience", options.jwt_audience}, {"--jwt-issuer", options.jwt_issuer}};
    for (const auto &[flag, value] : of_jwt)
        if (!options.uses_jwt() && !value.empty())
            return std::string(flag) + " is of no use without --auth jwt";
    return "";
}

/// What is wrong with the flags about the access log; empty: nothing.
std::string access_log_error(const PushOptions &options)
{
    if (options.access_log_format != "combined" && options.access_log_format != "json")
        return "--access-log-format takes combined or json, not '" + printable(options.access_log_format) + "'";
    if (options.access_log.empty() && options.access_log_format != PushOptions().access_log_format)
        return "--access-log-format is of no use without --access-log FILE";
    return "";
}

/// The error of two ports at one address.
std::string collision(const PushOptions &options)
{
    const std::pair<const char *, const std::string &> ports[] = {
        {"--listen", options.listen}, {"--inner", options.inner}, {"--http", options.http}};
    for (const auto &one : ports)
        for (const auto &other : ports) {
            bool taken = &one < &other && one.second != kOff && other.second != kOff &&
                         ListenAddress(one.second).collides(ListenAddress(other.second));
            bool of_pages = &one == &ports[0] && &other == &ports[2]; // these two may share one
            if (taken && !(of_pages && options.one_port()))
                return std::string(other.first) + " " + other.second + " is where " + one.first + " " + one.second +
                       " listens: " + (of_pages ? "give both the same address, or each a port of its own" : "each needs a port of its own");
        }
    return "";
}

/// Whether the port at that address speaks TLS.
bool has_tls(const PushOptions &options, const std::string &address)
{
    return options.tls.given() && address != kOff && !ListenAddress(address).is_unix();
}

/// What is wrong with the ports of back ends; empty: nothing.
std::string back_ends_error(const PushOptions &options)
{
    const std::string reason = " would let any client on the network push to every page: use 127.0.0.1 or a unix path, ";
    bool secret = !options.inner_secret_file.empty();
    if (secret && options.inner == kOff && options.http == kOff)
        return "--inner-secret-file is of no use without --inner and --http";
    if (options.insecure_inner)
        return "";
    if (options.inner != kOff && !is_local(options.inner) && !secret)
        return "--inner " + options.inner + reason + "give back ends a secret with --inner-secret-file, or allow it with --insecure-inner";
    if (options.http == kOff || is_local(options.http) || (secret && has_tls(options, options.http)))
        return "";
    if (secret)
        return "--http " + options.http +
               " would have the secret cross the network in plain text: use 127.0.0.1 or a unix path, "
               "give it TLS with --tls-cert, or allow it with --insecure-inner";
    return "--http " + options.http + reason +
           "give back ends a secret with --inner-secret-file and TLS with --tls-cert, or allow it with "
           "--insecure-inner";
}

} // namespace

bool PushOptions::one_port() const
{
    return http != kOff && ListenAddress(listen).is_same(ListenAddress(http));
}

std::string PushOptions::tls_error() const
{
    if (std::string wrong = tls.error(); !wrong.empty())
        return wrong;
    const std::pair<const char *, const std::string &> ports[] = {{"--listen", listen}, {"--http", http}};
    for (const auto &[flag, address] : ports)
        if (!tls.given() && (has_scheme(address, "wss") || has_scheme(address, "https")))
            return std::string(flag) + " " + printable(address) + " needs a certificate: --tls-cert FILE --tls-key FILE";
    if (tls.given() && !has_tls(*this, listen) && !has_tls(*this, http))
        return "--tls-cert is of no use here: unix sockets have no TLS";
    return "";
}

std::string PushOptions::served(const std::string &address) const
{
    size_t end = address.find("://");
    if (!has_tls(*this, address) || end == std::string::npos)
        return address;
    bool page = ListenAddress(address).scheme() == "http" || ListenAddress(address).scheme() == "https";
    return (page ? "https" : "wss") + address.substr(end);
}

std::string PushOptions::error() const
{
    for (const std::string &wrong : {instance_error(), tls_error(), proxies.error(), engine.error()})
        if (!wrong.empty())
            return wrong;
    if (count > kMaxCount)
        return "--count " + std::to_string(count) + ": no more than " + std::to_string(kMaxCount) + " processes can share uids";
    if (!has_scheme(listen, "websocket") && !has_scheme(listen, "ws") && !has_scheme(listen, "wss"))
        return needs_scheme("--listen", "websocket", listen);
    if (inner != kOff && !has_scheme(inner, "text"))
        return needs_scheme("--inner", "text", inner);
    if (http != kOff && !has_scheme(http, "http") && !has_scheme(http, "https"))
        return needs_scheme("--http", "http", http);
    for (const std::string &wrong : {collision(*this), pages_error(*this), auth_error(*this), access_log_error(*this)})
        if (!wrong.empty())
            return wrong;
    return back_ends_error(*this);
}

std::vector<std::string> PushOptions::warnings() const
{
    std::vector<std::string> all;
    if (!is_local(listen) && auth == "uid")
        all.push_back("--listen " + listen + " is open to the network, where any client may claim any uid");
    else if (!is_local(listen) && !has_tls(*this, listen))
        all.push_back("--listen " + listen + " is open to the network without TLS: " + (uses_jwt() ? "tokens" : "tickets") +
                      " can be read on the way");
    if (inner != kOff && !is_local(inner) && !inner_secret_file.empty())
        all.push_back("--inner " + inner +
                      " is open to the network without TLS: back ends prove themselves, but their lines can be read "
                      "and changed on the way; wm-serve pipe can put TLS before it");
    return all;
}

} // namespace wm::serve
