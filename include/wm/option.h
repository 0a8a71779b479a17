/**
 * @file
 * Options: their names, for the four things that have some, and their enumeration.
 *
 * Durations are milliseconds and end in _ms, sizes are bytes, 0 is off where off is allowed.
 */
#ifndef WM_OPTION_H
#define WM_OPTION_H

#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What an option belongs to: the scope of wm_option_next. @since 0.1.0 */
enum { WM_SCOPE_APP = 1, WM_SCOPE_WORKER = 2, WM_SCOPE_CONN = 3, WM_SCOPE_HUB = 4 };

/**
 * Describes the option at index of a scope: name, type ("int" or "str"), unit ("ms", "bytes", "count", "bool", "mode" or ""), default
 * value and range (of an int), whether it may change after listen, one sentence. Any out pointer may be NULL. 1: described, 0: index is
 * past the last, WM_EINVAL: no such scope. Strings are static. Any thread. @since 0.1.0
 */
WM_API int wm_option_next(int32_t scope, size_t index, const char **name, const char **type, const char **unit, int64_t *default_value,
                          int64_t *min, int64_t *max, int32_t *live, const char **text);

#ifdef __cplusplus
}
#endif

#endif
