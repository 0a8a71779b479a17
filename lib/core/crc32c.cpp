#include "core/crc32c.h"

#include <array>

namespace wm {

namespace {

constexpr uint32_t kPolynomial = 0x82f63b78; // reflected

constexpr std::array<uint32_t, 256> make_table()
{
    std::array<uint32_t, 256> table{};
    for (uint32_t byte = 0; byte < table.size(); byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ kPolynomial : crc >> 1;
        table[byte] = crc;
    }
    return table;
}

constexpr std::array<uint32_t, 256> kTable = make_table();

} // namespace

uint32_t crc32c(const void *data, size_t len, uint32_t before)
{
    uint32_t crc = ~before;
    const auto *bytes = static_cast<const unsigned char *>(data);
    for (size_t i = 0; i < len; i++)
        crc = crc >> 8 ^ kTable[(crc ^ bytes[i]) & 0xff];
    return ~crc;
}

} // namespace wm
