/**
 * @file
 * Reads a body from standard input or from a file. One thread.
 */
#ifndef WM_PUSH_WHOLE_INPUT_H
#define WM_PUSH_WHOLE_INPUT_H

#include "wm-push/arguments.h"
#include "wm-push/exit_code.h"

#include <string>

namespace wm {

/// Reads the body of the sources kFile, kWholeInput and kInputInPlace to its end; it may not be blank. A given --timeout limits the time in
/// which nothing arrives; where nobody asked for standard input, the default does, and a wait is told on stderr. On false, `failure` has
/// the reason.
bool read_whole_input(const Arguments &arguments, std::string &body, Failure &failure);

} // namespace wm

#endif
