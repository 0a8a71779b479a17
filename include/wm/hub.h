/**
 * @file
 * The hub: uid -> connections of one app. A uid may have several connections, a connection has one uid per
 * hub, and a close unbinds the connection. The command `connections` of wm_app_main lists the uids.
 */
#ifndef WM_HUB_H
#define WM_HUB_H

#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * The result of a hub call that returned WM_PENDING. Called exactly once, on the app's thread.
 *
 * @param hub the hub; NULL when it was freed before the call ran
 * @param status 0: `connections` is exact. WM_PARTIAL: at least `connections`, and other processes did not
 * answer. Below 0: no connection is known to have the message; WM_ECLOSED: the hub was freed, WM_ESTOPPED:
 * the app was freed
 * @param connections how many connections took the message, or are online
 * @param user the pointer that was passed with the call
 *
 * @since 0.1.0
 */
typedef void (*wm_hub_result_fn)(wm_hub *hub, int32_t status, int64_t connections, void *user);

/**
 * Makes a hub.
 *
 * @return the hub, which the app owns until wm_hub_free; NULL on failure (wm_last_error)
 *
 * @since 0.1.0
 */
WM_API wm_hub *wm_hub_new(wm_app *app);
/**
 * Frees a hub and unbinds its connections, which stay open. Pending calls get WM_ECLOSED, also when a new hub
 * has the address of this one. No other thread may be inside a call of this hub. NULL is allowed.
 *
 * @since 0.1.0
 */
WM_API void wm_hub_free(wm_hub *hub);

/**
 * Binds a connection to a uid. A connection that has a uid moves to the new one. Over max_per_uid the oldest
 * connection of that uid is closed (websocket 1008 "replaced").
 *
 * @param hub the hub
 * @param uid the uid: uid_len bytes of any value, copied
 * @param uid_len from 1 to max_uid
 * @param conn a connection of the hub's app
 * @return 0, WM_EINVAL (uid_len, or a connection of another app), WM_ESTATE (an http connection), WM_ECLOSED
 * or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_hub_bind(wm_hub *hub, const void *uid, size_t uid_len, wm_conn conn);
/**
 * Unbinds a connection.
 *
 * @return 0, WM_ESTATE (it has no uid in this hub), WM_ECLOSED, or WM_EINVAL (a connection of another app)
 *
 * @since 0.1.0
 */
WM_API int wm_hub_unbind(wm_hub *hub, wm_conn conn);
/**
 * Sets an option by name (wm/option.h, scope WM_SCOPE_HUB).
 *
 * @return 0, WM_EOPTION (unknown; the detail has the nearest name) or WM_EINVAL (the detail has the range)
 *
 * @since 0.1.0
 */
WM_API int wm_hub_set_int(wm_hub *hub, const char *option, int64_t value);
/**
 * Reads an option into *value.
 *
 * @return 0 or WM_EOPTION
 *
 * @since 0.1.0
 */
WM_API int wm_hub_get_int(wm_hub *hub, const char *option, int64_t *value);
/**
 * As wm_hub_set_int, for a text, which is copied.
 *
 * @return 0, WM_EOPTION, or WM_ESTATE (the name, once a connection was bound)
 *
 * @since 0.1.0
 */
WM_API int wm_hub_set_str(wm_hub *hub, const char *option, const char *value);
/** As wm_hub_get_int, for a text; *value is borrowed until the option is set again. @since 0.1.0 */
WM_API int wm_hub_get_str(wm_hub *hub, const char *option, const char **value);

/**
 * Sends one message to every connection of a uid. Any thread.
 *
 * On the app's thread the call returns 0 with the exact number in *connections, and does not call done. From
 * another thread the data are copied and the call returns WM_PENDING: the result comes exactly once, on the
 * app's thread, in done or as a WM_EVENT_HUB record. A connection whose queue is full is not counted and gets
 * an error event (WM_EFULL).
 *
 * @param hub the hub
 * @param uid the uid: uid_len bytes
 * @param uid_len from 1 to 65535
 * @param data the message: len bytes, copied or written before the return
 * @param len bytes at data
 * @param flags WM_SEND_...
 * @param connections how many connections took it (0: the uid is offline), when the call returns 0; may be NULL
 * @param done takes the result of a pending call; NULL: a WM_EVENT_HUB record
 * @param user passed to done
 * @param destroy called once with user when the library no longer needs it: after done, or at the end of the
 * turn of a call that returned 0. Not called when the call fails
 * @return 0, WM_PENDING, WM_EINVAL, WM_EMSGSIZE (over max_queue_total or 2 GiB, or from another thread over
 * max_mailbox), WM_EFULL (the mailbox is), WM_ENOMEM, WM_ECLOSED or WM_ESTOPPED (the app is being freed, or
 * has stopped)
 *
 * @since 0.1.0
 */
WM_API int wm_hub_send(wm_hub *hub, const void *uid, size_t uid_len, const void *data, size_t len, int32_t flags, int64_t *connections,
                       wm_hub_result_fn done, void *user, wm_destroy_fn destroy);
/**
 * Sends one message to every bound connection that is open, framed once for each protocol. Counts as
 * wm_worker_broadcast does. Any thread.
 *
 * @param hub the hub
 * @param data the message: len bytes, copied or written before the return
 * @param len bytes at data
 * @param flags WM_SEND_...
 * @param connections how many connections took it, when the call returns 0; may be NULL
 * @param done as for wm_hub_send
 * @param user passed to done
 * @param destroy as for wm_hub_send
 * @return as wm_hub_send
 *
 * @since 0.1.0
 */
WM_API int wm_hub_broadcast(wm_hub *hub, const void *data, size_t len, int32_t flags, int64_t *connections, wm_hub_result_fn done,
                            void *user, wm_destroy_fn destroy);
/**
 * Counts the connections of a uid that are not closing. Any thread.
 *
 * @param hub the hub
 * @param uid the uid: uid_len bytes
 * @param uid_len from 1 to 65535
 * @param connections how many there are, when the call returns 0; may be NULL
 * @param done as for wm_hub_send
 * @param user passed to done
 * @param destroy as for wm_hub_send
 * @return as wm_hub_send
 *
 * @since 0.1.0
 */
WM_API int wm_hub_online(wm_hub *hub, const void *uid, size_t uid_len, int64_t *connections, wm_hub_result_fn done, void *user,
                         wm_destroy_fn destroy);

#ifdef __cplusplus
}
#endif

#endif
