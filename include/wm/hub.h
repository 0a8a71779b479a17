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

/** The result of a hub call that returned WM_PENDING; hub is NULL, and connections 0, when the hub was freed meanwhile. @since 0.1.0 */
typedef void (*wm_hub_result_fn)(wm_hub *hub, int64_t connections, void *user);

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
/** Reads an option into *value. @since 0.1.0 */
WM_API int wm_hub_get_int(wm_hub *hub, const char *option, int64_t *value);

/**
 * Sends one message to every connection of a uid. 0: *connections of them took it (0: nobody is online). WM_PENDING: the count comes
 * later, exactly once, in done, or as WM_EVENT_HUB without one. connections may be NULL. From another thread than the app's: WM_PENDING,
 * the data are copied, and done runs on the app's thread. WM_EFULL over max_mailbox. @since 0.1.0
 */
WM_API int wm_hub_send(wm_hub *hub, const void *uid, size_t uid_len, const void *data, size_t len, int32_t flags, int64_t *connections,
                       wm_hub_result_fn done, void *user);
/** Sends one message to every bound connection; framed once. As wm_hub_send. @since 0.1.0 */
WM_API int wm_hub_broadcast(wm_hub *hub, const void *data, size_t len, int32_t flags, int64_t *connections, wm_hub_result_fn done,
                            void *user);
/** Counts the connections of a uid. As wm_hub_send, the app's thread only. @since 0.1.0 */
WM_API int wm_hub_online(wm_hub *hub, const void *uid, size_t uid_len, int64_t *connections, wm_hub_result_fn done, void *user);

#ifdef __cplusplus
}
#endif

#endif
