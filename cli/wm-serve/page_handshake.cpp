#include "wm-serve/page_handshake.h"

#include "shared/printable.h"
#include "wm/conn.h"
#include "wm/http.h"

#include <algorithm>
#include <strings.h>

namespace wm::serve {

namespace {

/// The elements of all fields of that name, in their order (RFC 9110 §5.3), with commas.
std::string list_field(wm_request request, std::string_view wanted)
{
    std::string out;
    const void *name, *value;
    size_t name_len, value_len;
    for (size_t i = 0; wm_request_header_at(request, i, &name, &name_len, &value, &value_len) == 1; i++)
        if (name_len == wanted.size() && strncasecmp(static_cast<const char *>(name), wanted.data(), name_len) == 0)
            out.append(out.empty() ? "" : ", ").append(static_cast<const char *>(value), value_len);
    return out;
}

/// The first of the offered names that is one of ours (RFC 6455 §4.2.2); they are case-sensitive. Empty: none.
std::string_view choose(std::string_view offered, const std::vector<std::string> &ours)
{
    constexpr std::string_view kBetween = ", \t";
    for (size_t at = offered.find_first_not_of(kBetween); at != std::string_view::npos; at = offered.find_first_not_of(kBetween, at)) {
        std::string_view name = offered.substr(at, offered.find_first_of(kBetween, at) - at);
        if (std::find(ours.begin(), ours.end(), name) != ours.end())
            return name;
        at += name.size();
    }
    return {};
}

} // namespace

void PageHandshake::setup(const PushOptions &options)
{
    options_ = &options;
    for (const std::string &value : options.origins)
        origins_.add(value);
    rates_.setup(options.rate_connects);
}

bool PageHandshake::comes_too_often(wm_conn conn)
{
    char ip[64];
    int len = options_->rate_connects > 0 ? wm_conn_remote_ip(conn, ip, sizeof ip) : 0;
    return len > 0 && !rates_.take({ip, static_cast<size_t>(len)}, monotonic_us());
}

HandshakeAnswer PageHandshake::judge(wm_conn conn, wm_request request)
{
    if (comes_too_often(conn))
        return refuse_rate(conn);
    // Browsers always send Origin. A client without one is not a web page, and could send any origin.
    const void *origin = nullptr;
    size_t len = 0;
    if (wm_request_header(request, "Origin", &origin, &len) == 1) {
        std::string_view given(static_cast<const char *>(origin), len);
        if (!origins_.allows(given))
            return refuse_origin(conn, given);
    }
    std::string offered = list_field(request, "Sec-WebSocket-Protocol");
    if (offered.empty())
        return {};
    std::string_view chosen = choose(offered, options_->subprotocols);
    if (!chosen.empty())
        return {101, "Sec-WebSocket-Protocol: " + std::string(chosen) + "\r\n", {}};
    if (unknown_subprotocol_.due())
        unknown_subprotocol_.log("the page of " + peer_name(conn) + " offers the subprotocol '" + printable(offered) +
                                 "', and a browser ends a connection that accepts none: --subprotocol NAME accepts it");
    return {};
}

HandshakeAnswer PageHandshake::refuse_rate(wm_conn conn)
{
    if (too_often_.due())
        too_often_.log("refused a page of " + peer_name(conn) + ": its address connects more often than " +
                       std::to_string(options_->rate_connects) + " times a second: --rate-connects");
    return {429, "Retry-After: 1\r\n", "429: this address connects too often\n"};
}

/// A browser tells the page only that the connection failed: the reason is in its network panel, and in the log.
HandshakeAnswer PageHandshake::refuse_origin(wm_conn conn, std::string_view origin)
{
    std::string shown = printable(origin, 200);
    if (refused_.due())
        refused_.log("refused a page of " + peer_name(conn) + ": its origin '" + shown + "' is none of --origin");
    return {403, {}, "403: pages of the origin '" + shown + "' may not connect: --origin does not name it\n"};
}

} // namespace wm::serve
