/**
 * @file
 * The detail of the last error in a thread. Codes and their texts are the public list of wm/error.h.
 */
#ifndef WM_CORE_ERROR_H
#define WM_CORE_ERROR_H

#include "wm/error.h"

#include <cstdint>

namespace wm {

/// Stores the formatted text as the calling thread's last error and returns code. Long texts are truncated.
int fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// The WM_E... code for the errno of a socket call; WM_ESYS where there is no closer one.
int code_of_errno(int number);

const char *last_error();

/// How many errors the calling thread has had: tells its last one from those before.
uint32_t error_number();

} // namespace wm

#endif
