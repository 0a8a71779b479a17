/**
 * @file
 * The syntax of host[:port], in Host and in the targets of absolute-form. Pure, any thread.
 */
#ifndef WM_PROTO_HTTP_AUTHORITY_H
#define WM_PROTO_HTTP_AUTHORITY_H

#include <string_view>

namespace wm::http {

/// Whether text is uri-host [":" port] with a host (RFC 9110 §4.2.1, RFC 3986 §3.2): a registered name or
/// IPv4 address, an IPv6 address or IPvFuture in brackets, port at most 65535. No user information.
bool valid_authority(std::string_view text);

} // namespace wm::http

#endif
