/**
 * @file
 * The hub: uid -> connections of one app. A uid may have several connections, a connection has one uid per hub, and
 * a close unbinds by itself.
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
 * @param status 0: `connections` is exact. WM_PARTIAL: at least `connections`, and other processes did not answer. Below 0: no connection
 * is known to have the message; WM_ECLOSED: the hub was freed, WM_ESTOPPED: the app was freed
 * @param connections how many connections took the message, or are online
 * @param user the call's
 *
 * @since 0.1.0
 */
typedef void (*wm_hub_result_fn)(wm_hub *hub, int32_t status, int64_t connections, void *user);

/** Makes a hub. Owned by the app, until wm_hub_free. NULL on failure. @since 0.1.0 */
WM_API wm_hub *wm_hub_new(wm_app *app);
/** Frees a hub; its connections live on, unbound. NULL is allowed. @since 0.1.0 */
WM_API void wm_hub_free(wm_hub *hub);

/**
 * Binds a connection to a uid of 1 to max_uid bytes, any bytes. A connection that has a uid moves to the new one. Over max_per_uid the
 * oldest connection of that uid is closed (websocket 1008 "replaced"). WM_EINVAL, WM_ECLOSED, WM_ENOMEM. @since 0.1.0
 */
WM_API int wm_hub_bind(wm_hub *hub, const void *uid, size_t uid_len, wm_conn conn);
/** Unbinds a connection. WM_ESTATE if it has no uid here. @since 0.1.0 */
WM_API int wm_hub_unbind(wm_hub *hub, wm_conn conn);
/** Sets an option by name (wm/option.h, scope WM_SCOPE_HUB). @since 0.1.0 */
WM_API int wm_hub_set_int(wm_hub *hub, const char *option, int64_t value);
/**
 * Reads an option into *value. WM_EOPTION.
 *
 * @since 0.1.0
 */
WM_API int wm_hub_get_int(wm_hub *hub, const char *option, int64_t *value);
/**
 * As wm_hub_set_int, for a text; the value is copied. The name cannot change once a connection was bound: WM_ESTATE.
 *
 * @since 0.1.0
 */
WM_API int wm_hub_set_str(wm_hub *hub, const char *option, const char *value);
/**
 * As wm_hub_get_int, for a text; *value is borrowed until the option is set again.
 *
 * @since 0.1.0
 */
WM_API int wm_hub_get_str(wm_hub *hub, const char *option, const char **value);

/**
 * Sends one message to every connection of a uid. Any thread.
 *
 * On the app's thread the result is there at once: 0, and *connections is exact. From another thread the data are copied and the call
 * returns WM_PENDING: the result comes exactly once on the app's thread, in `done`, or without one as a WM_EVENT_HUB record. A connection
 * whose queue is full is not counted and gets an error event (WM_EFULL).
 *
 * @param hub the hub
 * @param uid the uid: uid_len bytes
 * @param uid_len from 1
 * @param data the message: len bytes, copied or written before the return
 * @param len bytes at data
 * @param flags WM_SEND_...
 * @param connections how many connections took it (0: the uid is offline), when the call returns 0; may be NULL
 * @param done takes the result of a pending call; NULL: a WM_EVENT_HUB record
 * @param user passed to done
 * @param destroy called once with user when the library no longer needs it: after done, or at the end of the turn of a call that returned
 * 0. Not called when the call fails
 * @return 0, WM_PENDING, WM_EINVAL, WM_EFULL (over max_mailbox), WM_ENOMEM, WM_ECLOSED or WM_ESTOPPED
 *
 * @since 0.1.0
 */
WM_API int wm_hub_send(wm_hub *hub, const void *uid, size_t uid_len, const void *data, size_t len, int32_t flags, int64_t *connections,
                       wm_hub_result_fn done, void *user, wm_destroy_fn destroy);
/**
 * Sends one message to every bound connection that is open, framed once for each protocol. Counts as wm_worker_broadcast does. Any thread.
 *
 * @param hub the hub
 * @param data the message: len bytes
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
 * @param uid_len from 1
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
