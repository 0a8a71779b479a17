/**
 * @file
 * Timers, on a monotonic clock: a change of the system's time moves none.
 */
#ifndef WM_TIMER_H
#define WM_TIMER_H

#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A timer was due. A one-shot timer's id is stale from here on. @since 0.1.0 */
typedef void (*wm_timer_fn)(wm_timer timer, void *user);

/**
 * Calls fn after delay_ms, and then every repeat_ms (0: once). Late rounds are not made up for. fn NULL: WM_EVENT_TIMER records.
 * destroy(user) after the last call or the deletion. Returns 0 on failure (WM_EINVAL for a negative time, WM_ENOMEM). @since 0.1.0
 */
WM_API wm_timer wm_timer_add(wm_app *app, int64_t delay_ms, int64_t repeat_ms, wm_timer_fn fn, void *user, wm_destroy_fn destroy);

/** Deletes a timer, also inside its own callback. WM_ECLOSED for a stale id. @since 0.1.0 */
WM_API int wm_timer_del(wm_timer timer);

#ifdef __cplusplus
}
#endif

#endif
