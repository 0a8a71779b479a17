/**
 * @file
 * Spelling hints: the known name that a user may have meant.
 */
#ifndef WM_CORE_NEAREST_H
#define WM_CORE_NEAREST_H

#include <cstddef>
#include <string_view>

namespace wm {

/// The name nearest in spelling to `given`, the first of several; nullptr where none is near: a third of the
/// letters of `given` may differ. Two letters in the wrong order count once, capitals and leading dashes not at
/// all, and three letters or more may be the beginning of a name. Any thread.
const char *nearest(std::string_view given, const char *const *names, size_t count);

} // namespace wm

#endif
