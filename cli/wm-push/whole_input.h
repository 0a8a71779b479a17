/**
 * @file
 * Reads a body from standard input until end of file.
 */
#ifndef WM_PUSH_WHOLE_INPUT_H
#define WM_PUSH_WHOLE_INPUT_H

#include "wm-push/exit_code.h"

#include <string>

namespace wm {

/// Reads all of standard input, up to the limit of the server. On false, `failure` has the reason.
bool read_whole_input(std::string &body, Failure &failure);

} // namespace wm

#endif
