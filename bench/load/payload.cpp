#include "payload.h"

#include <array>
#include <charconv>
#include <cstring>

namespace wm::load {
namespace {

constexpr size_t kConnectionDigits = 6;

constexpr auto kHexPairs = [] {
    std::array<char, 512> pairs{};
    constexpr char kDigits[] = "0123456789abcdef";
    for (size_t i = 0; i < 256; i++) {
        pairs[2 * i] = kDigits[i >> 4];
        pairs[2 * i + 1] = kDigits[i & 15];
    }
    return pairs;
}();

/// Writes the low `digits` (even) hex digits of value.
void write_hex(char *out, uint64_t value, size_t digits)
{
    for (size_t i = digits; i > 0; i -= 2, value >>= 8)
        std::memcpy(out + i - 2, &kHexPairs[2 * (value & 0xff)], 2);
}

void write_head(char *out, uint32_t connection, uint64_t number)
{
    write_hex(out, connection, kConnectionDigits);
    write_hex(out + kConnectionDigits, number, Payload::kHead - kConnectionDigits);
}

} // namespace

Payload::Payload(size_t size) : size_(size)
{
    constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz012345678";
    static_assert(sizeof kAlphabet - 1 == kPeriod);
    for (size_t i = 0; i < size + kPeriod; i++)
        letters_ += kAlphabet[i % kPeriod];
}

void Payload::write(char *out, uint32_t connection, uint64_t number) const
{
    write_head(out, connection, number);
    std::memcpy(out + kHead, fill_of(number), size_ - kHead);
}

bool Payload::matches(const char *data, size_t size, uint32_t connection, uint64_t number) const
{
    char head[kHead];
    write_head(head, connection, number);
    return size == size_ && std::memcmp(data, head, kHead) == 0 && std::memcmp(data + kHead, fill_of(number), size_ - kHead) == 0;
}

bool Payload::identify(const char *data, size_t size, uint32_t *connection, uint64_t *number) const
{
    if (size != size_)
        return false;
    const char *middle = data + kConnectionDigits;
    auto [end, error] = std::from_chars(data, middle, *connection, 16);
    auto [end2, error2] = std::from_chars(middle, data + kHead, *number, 16);
    return error == std::errc() && end == middle && error2 == std::errc() && end2 == data + kHead &&
           matches(data, size, *connection, *number);
}

} // namespace wm::load
