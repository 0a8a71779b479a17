/**
 * @file
 * The CRC-32C of bytes (RFC 3720 §12.1, Castagnoli). Pure, any thread.
 */
#ifndef WM_CORE_CRC32C_H
#define WM_CORE_CRC32C_H

#include <cstddef>
#include <cstdint>

namespace wm {

/// Goes on from the checksum of the bytes before; 0: there are none.
uint32_t crc32c(const void *data, size_t len, uint32_t before = 0);

} // namespace wm

#endif
