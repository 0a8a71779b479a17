/**
 * @file
 * Options of a custom protocol. The table in worker/options.cpp holds their names, ranges and texts.
 */
#ifndef WM_SESSION_CUSTOM_OPTIONS_H
#define WM_SESSION_CUSTOM_OPTIONS_H

#include <cstdint>
#include <string>
#include <string_view>

namespace wm {

struct ProtocolOptions {
    static constexpr int64_t kAutomatic = -1;

    std::string delimiter;
    int64_t length_size = 0;
    int64_t length_offset = 0;
    std::string length_endian = "big";
    int64_t length_adjust = 0;
    int64_t strip = kAutomatic;
    int64_t max_message = 0;
    std::string kind = "binary";
};

bool valid_delimiter(std::string_view escaped);
bool valid_length_size(int64_t size);
/// The bytes of a delimiter as the option gives it: \n \r \t \0 \\ \xHH stand for one byte.
std::string unescaped(std::string_view delimiter);

} // namespace wm

#endif
