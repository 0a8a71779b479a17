/**
 * @file
 * Builds the lines of the verbs that push nothing: online, kick, join and leave. Any thread.
 */
#ifndef WM_PUSH_VERB_LINE_H
#define WM_PUSH_VERB_LINE_H

#include "wm-push/arguments.h"

#include <string>
#include <string_view>

namespace wm {

/// The line for one uid, without LF. Its answer is asked for in JSON.
std::string build_verb_line(const Arguments &arguments, std::string_view uid);

} // namespace wm

#endif
