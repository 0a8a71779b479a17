/**
 * @file
 * Randomness of the kernel. Any thread.
 */
#ifndef WM_CORE_RANDOM_H
#define WM_CORE_RANDOM_H

#include <cstddef>

namespace wm {

/// Fills out[0..len), len at most 256. Never fails: the system call cannot for so few bytes once the kernel has booted (getrandom(2)).
void random_bytes(void *out, size_t len);

} // namespace wm

#endif
