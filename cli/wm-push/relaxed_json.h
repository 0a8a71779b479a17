/**
 * @file
 * Reads what is nearly JSON, to say in an error message how to write it. A hint only: what is pushed is never read so. Any thread.
 */
#ifndef WM_PUSH_RELAXED_JSON_H
#define WM_PUSH_RELAXED_JSON_H

#include <string>
#include <string_view>

namespace wm {

struct RelaxedBody {
    std::string json; ///< the object or array as JSON, without a top-level "uid"
    std::string uid;  ///< the text or number of that "uid"
};

/// Reads an object or array with names and texts without quotes, in single or typographic quotes or in \", with commas or closing brackets
/// that are missing, or with Python's True, False and None. False if it is none, or too long to be shown in an error message.
bool read_relaxed_body(std::string_view text, RelaxedBody &out);

} // namespace wm

#endif
