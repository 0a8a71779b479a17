/**
 * @file
 * The detail of the last error in a thread. Codes and their texts are the public list of wm/error.h.
 */
#ifndef WM_CORE_ERROR_H
#define WM_CORE_ERROR_H

#include "wm/error.h"

namespace wm {

/// Keeps the formatted text as the calling thread's last error and returns the code. Long texts are cut.
int fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// The code for an errno of a socket call, for instance WM_EADDRINUSE.
int code_of_errno(int number);

const char *last_error();

} // namespace wm

#endif
