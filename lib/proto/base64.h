/**
 * @file
 * Base64 with padding (RFC 4648 §4). Pure.
 */
#ifndef WM_PROTO_BASE64_H
#define WM_PROTO_BASE64_H

#include <string>
#include <string_view>

namespace wm {

std::string base64(std::string_view bytes);

} // namespace wm

#endif
