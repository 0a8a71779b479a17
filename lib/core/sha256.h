/**
 * @file
 * SHA-256, by OpenSSL. Any thread.
 */
#ifndef WM_CORE_SHA256_H
#define WM_CORE_SHA256_H

#include <array>
#include <initializer_list>
#include <string_view>

namespace wm {

/// Of the parts, one behind the other. False: OpenSSL is out of memory, or does not have it.
bool sha256(std::initializer_list<std::string_view> parts, std::array<unsigned char, 32> &out);

} // namespace wm

#endif
