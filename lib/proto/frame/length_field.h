/**
 * @file
 * Messages behind a length field: how long the first one is, and the field of one that is sent. Pure, without state.
 */
#ifndef WM_PROTO_FRAME_LENGTH_FIELD_H
#define WM_PROTO_FRAME_LENGTH_FIELD_H

#include "proto/step.h"

#include <cstddef>
#include <cstdint>

namespace wm::framed {

/// Where the length of a message stands, and what it counts.
struct LengthField {
    static constexpr size_t kMaxSize = 8;

    uint32_t offset = 0; ///< bytes in front of it
    uint32_t size = 4;   ///< bytes of it: 1, 2, 4 or 8
    bool little = false; ///< little-endian
    int64_t adjust = 0;  ///< what is added to its value to get the bytes behind it
    uint32_t strip = 0;  ///< bytes at the front of a message that the host does not get

    size_t header() const { return size_t{offset} + size; }
};

/// Workerman's frame://: 4 bytes, big-endian, that count themselves too.
inline constexpr LengthField kFrame = {.offset = 0, .size = 4, .little = false, .adjust = -4, .strip = 4};

/// Why a step failed.
enum class LengthError : uint8_t {
    kShort, ///< the message would end inside its header, or inside what is stripped
    kLong,  ///< over max_message
};

/// The message of a kMessage step is data[field.strip, size), which max_message limits.
Step step(const LengthField &field, const char *data, size_t len, uint64_t max_message, LengthError &error);

/// Writes the field of a message that begins with it (offset 0) and has that many bytes behind it. Returns its size; 0: the field is too
/// small for that length.
size_t write_length(const LengthField &field, uint64_t len, char *out);

} // namespace wm::framed

#endif
