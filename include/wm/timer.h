/**
 * @file
 * Timers, on a monotonic clock: a change of the system's time does not affect them.
 */
#ifndef WM_TIMER_H
#define WM_TIMER_H

#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A timer is due. The id of a one-shot timer is stale after the callback. @since 0.1.0 */
typedef void (*wm_timer_fn)(wm_timer timer, void *user);

/**
 * Calls fn after a delay, once or repeatedly. Rounds that were missed are skipped.
 *
 * @param app the app
 * @param delay_ms milliseconds until the first call, from 0
 * @param repeat_ms milliseconds between calls; 0: only once
 * @param fn the callback; NULL: WM_EVENT_TIMER records
 * @param user passed to fn
 * @param destroy called once with user after the last call or the deletion; may be NULL. Not called when the
 * call fails
 * @return the timer; 0 on failure (wm_last_error: WM_EINVAL for a time below 0 or over 2^40, WM_ENOMEM, WM_ESTOPPED)
 *
 * @since 0.1.0
 */
WM_API wm_timer wm_timer_add(wm_app *app, int64_t delay_ms, int64_t repeat_ms, wm_timer_fn fn, void *user, wm_destroy_fn destroy);

/**
 * Deletes a timer, also inside its own callback.
 *
 * @return 0, or WM_ECLOSED for a stale id
 *
 * @since 0.1.0
 */
WM_API int wm_timer_del(wm_timer timer);

#ifdef __cplusplus
}
#endif

#endif
