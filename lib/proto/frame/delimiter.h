/**
 * @file
 * Messages that end with a delimiter of one byte or more. Pure; the state is one number.
 */
#ifndef WM_PROTO_FRAME_DELIMITER_H
#define WM_PROTO_FRAME_DELIMITER_H

#include "proto/step.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace wm::framed {

/// The message of a kMessage step is data[0, size - delimiter.size()). kFail: the delimiter does not come within max_message bytes.
/// `searched` is the caller's: 0 at the start of a message, then how many bytes have been searched in vain, so that each is searched once,
/// however slowly they arrive.
inline Step step(std::string_view delimiter, const char *data, size_t len, uint64_t max_message, uint32_t &searched)
{
    size_t from = searched < delimiter.size() ? 0 : searched - (delimiter.size() - 1); // it may have begun in what was searched
    const void *found = memmem(data + from, len - from, delimiter.data(), delimiter.size());
    if (!found) {
        searched = static_cast<uint32_t>(len);
        return {len >= max_message + delimiter.size() ? StepKind::kFail : StepKind::kMore, len, 0};
    }
    searched = 0;
    size_t end = static_cast<size_t>(static_cast<const char *>(found) - data);
    return {end > max_message ? StepKind::kFail : StepKind::kMessage, end + delimiter.size(), 0};
}

} // namespace wm::framed

#endif
