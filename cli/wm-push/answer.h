/**
 * @file
 * An answer of the inner port: ok or fail, and what stands behind it in JSON. Any thread.
 */
#ifndef WM_PUSH_ANSWER_H
#define WM_PUSH_ANSWER_H

#include "wm-push/report.h"

#include <optional>
#include <string_view>

namespace wm {

/// Reads a line without its end. None: it is no answer. What is behind ok or fail may be missing, or be something else.
std::optional<Outcome> read_answer(std::string_view line);

} // namespace wm

#endif
