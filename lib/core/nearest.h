/**
 * @file
 * Spelling hints: the known name nearest to what a user wrote.
 */
#ifndef WM_CORE_NEAREST_H
#define WM_CORE_NEAREST_H

#include <cstddef>

namespace wm {

/// The name at the smallest edit distance from `given`; the first of several. count is at least 1. Any
/// thread.
const char *nearest(const char *given, const char *const *names, size_t count);

} // namespace wm

#endif
