/**
 * @file
 * Base64url without padding, as JWS has it (RFC 7515 §2): each text has one encoding. Any thread.
 */
#ifndef WM_SERVE_BASE64URL_H
#define WM_SERVE_BASE64URL_H

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace wm::serve {

/// The bytes that `text` stands for, in `out`. None for padding, any other character, a length that no text has, bits behind the last
/// byte that are not 0 (RFC 4648 §3.5), or more bytes than `out` has room for.
std::optional<std::string_view> decode_base64url(std::string_view text, std::span<char> out);

/// The text that stands for the bytes.
std::string encode_base64url(std::string_view bytes);

} // namespace wm::serve

#endif
