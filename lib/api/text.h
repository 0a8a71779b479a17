/**
 * @file
 * Texts that a function writes to a buffer of the caller's.
 */
#ifndef WM_API_TEXT_H
#define WM_API_TEXT_H

#include "core/error.h"

#include <cstddef>
#include <cstring>
#include <string_view>

namespace wm {

/// Copies the text and a NUL: its length, or WM_EMSGSIZE.
inline int copy_out(std::string_view text, char *out, size_t cap)
{
    if (!out || cap <= text.size())
        return fail(WM_EMSGSIZE, "the text has %zu bytes and its NUL, the buffer %zu", text.size(), cap);
    if (!text.empty())
        memcpy(out, text.data(), text.size());
    out[text.size()] = '\0';
    return static_cast<int>(text.size());
}

} // namespace wm

#endif
