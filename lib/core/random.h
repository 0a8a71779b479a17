/**
 * @file
 * Random bytes from the kernel. Any thread.
 */
#ifndef WM_CORE_RANDOM_H
#define WM_CORE_RANDOM_H

#include <cstddef>

namespace wm {

/// Fills out[0, len), len at most 256. Never fails: so short a getrandom(2) succeeds once the kernel has
/// booted.
void random_bytes(void *out, size_t len);

} // namespace wm

#endif
