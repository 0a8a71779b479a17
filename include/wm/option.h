/**
 * @file
 * Options: the scopes that have some, and their enumeration.
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
enum { WM_SCOPE_APP = 1, WM_SCOPE_WORKER = 2, WM_SCOPE_CONN = 3, WM_SCOPE_HUB = 4, WM_SCOPE_CLIENT = 5, WM_SCOPE_PROTOCOL = 6 };

/**
 * Describes one option of a scope. Every out pointer may be NULL; strings are static. Any thread.
 *
 * @param scope WM_SCOPE_...
 * @param index from 0
 * @param name takes the name
 * @param type takes "int" or "str"
 * @param unit takes "ms", "bytes", "count", "bool", "mode" or "" (none)
 * @param default_value takes the default of an int; 0 for a str
 * @param min takes the smallest value of an int; 0 for a str
 * @param max takes the largest value of an int; 0 for a str
 * @param live takes 1 when the option may change after listen, else 0
 * @param text takes one sentence about the option
 * @return 1: described, 0: index is past the last option, WM_EINVAL: unknown scope
 *
 * @since 0.1.0
 */
WM_API int wm_option_next(int32_t scope, size_t index, const char **name, const char **type, const char **unit, int64_t *default_value,
                          int64_t *min, int64_t *max, int32_t *live, const char **text);

#ifdef __cplusplus
}
#endif

#endif
