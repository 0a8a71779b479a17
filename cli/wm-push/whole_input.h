/**
 * @file
 * Reads a body from standard input to its end.
 */
#ifndef WM_PUSH_WHOLE_INPUT_H
#define WM_PUSH_WHOLE_INPUT_H

#include "wm-push/exit_code.h"

#include <string>

namespace wm {

/// Reads all of standard input, but not more than a server takes. False:
/// failure says why.
bool read_whole_input(std::string &body, Failure &failure);

} // namespace wm

#endif
