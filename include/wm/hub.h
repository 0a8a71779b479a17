/**
 * @file
 * The hub: connections by uid and by group, and messages to them; and messages between the functions of a program's
 * processes, by topic. A uid may have several connections, a connection has one uid for each hub and is in any
 * number of groups, and a close ends both. The command `connections` of wm_app_main lists the uids.
 *
 * Under wm_app_main the hubs of one name (option `name`) in the processes of a program are one hub: wm_hub_send,
 * wm_hub_broadcast, wm_hub_online, wm_hub_kick, wm_hub_join_uid, wm_hub_leave_uid, wm_hub_group_send and wm_hub_publish
 * reach the connections and functions of all of them, and any thread may call them.
 *
 * Such a call returns 0 when it is through, and *connections is exact. WM_PARTIAL: it is through, and *connections is a
 * lower bound, as some process has not answered. WM_PENDING: what it needs was copied, and the result comes exactly
 * once, on the app's thread, in done, or, where done is NULL, as a WM_EVENT_HUB record; so it is on another thread, and
 * where other processes are asked. Below 0: no connection is known to have it, and no result follows.
 *
 * done is never called inside the call. `destroy` is called once with user: after done or the record, or at the end of
 * the turn of a call that is through; not if the call fails. Option timeout_ms says how long a call waits for the
 * answers of other processes.
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
 * @param hub the hub; NULL when it has been freed
 * @param status 0: `connections` is exact. WM_PARTIAL: at least `connections`, and other processes did not
 * answer, or, with WM_SEND_FIRST, have not yet. Below 0: no connection is known to have it. WM_ETIMEDOUT: it was sent
 * to processes that have not answered within timeout_ms, or have ended, and may have it. WM_EENGINE: it was not sent to
 * a process that may have connections for it, or came too late there, and none has it. WM_ECLOSED: the hub was freed,
 * WM_ESTOPPED: the app was freed. Others as the call returns them
 * @param connections how many connections took it, were kicked, joined, left, or are online; how many functions took
 * what was published
 * @param user the pointer that was passed with the call
 *
 * @since 0.1.0
 */
typedef void (*wm_hub_result_fn)(wm_hub *hub, int32_t status, int64_t connections, void *user);

/**
 * A message that was published about a topic. On the app's thread, from the loop: never inside another callback, nor
 * inside wm_hub_publish.
 *
 * @param hub the hub
 * @param topic the topic: topic_len bytes, valid during the call
 * @param topic_len from 1 to 255
 * @param data the message: len bytes, valid during the call; never NULL
 * @param len bytes at data
 * @param user the pointer of wm_hub_on_message
 * @return 0: taken, and counted as a receiver. Below 0: not mine, and not counted
 *
 * @since 0.1.0
 */
typedef int32_t (*wm_hub_message_fn)(wm_hub *hub, const void *topic, size_t topic_len, const void *data, size_t len, void *user);

/**
 * Makes a hub.
 *
 * @return the hub, which the app owns until wm_hub_free; NULL on failure (wm_last_error)
 *
 * @since 0.1.0
 */
WM_API wm_hub *wm_hub_new(wm_app *app);
/**
 * Frees a hub: its connections, which stay open, have no uid any more and are in no group, and its functions are
 * removed. Pending calls get WM_ECLOSED, also when a new hub has the address of this one. No other thread may be inside
 * a call of this hub. NULL is allowed.
 *
 * @since 0.1.0
 */
WM_API void wm_hub_free(wm_hub *hub);

/**
 * Binds a connection to a uid. A connection that has a uid moves to the new one. Over max_per_uid the oldest
 * connection of that uid in this process is closed (websocket 1008 "replaced").
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
 * Unbinds a connection from its uid. It stays in its groups.
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
 * @return 0, WM_EOPTION, WM_EINVAL, or WM_ESTATE (the name, once a connection was bound or has joined, or a topic has a function; what
 * chooses the engine, once the app has started)
 *
 * @since 0.1.0
 */
WM_API int wm_hub_set_str(wm_hub *hub, const char *option, const char *value);
/** As wm_hub_get_int, for a text; *value is borrowed until the option is set again. @since 0.1.0 */
WM_API int wm_hub_get_str(wm_hub *hub, const char *option, const char **value);

/**
 * Checks what the start checks of the hub's engine (option engine), without a connection: its password, secret and CA files, and that all
 * hubs of the app have the same. For programs that check their settings before a restart.
 *
 * @return 0, also without an engine, or a WM_E... code, with the path and the reason in wm_last_error
 *
 * @since 0.1.0
 */
WM_API int wm_hub_check(wm_hub *hub);

/**
 * Whether calls of the hub can be exact: always without an engine (option engine); with one its service runs, the link to the engine is
 * tested, and no machine is being joined. For health checks, as calls say it of themselves.
 *
 * @return 0, or WM_EENGINE, with the reason in wm_last_error
 *
 * @since 0.1.0
 */
WM_API int wm_hub_ready(wm_hub *hub);

/**
 * Sends one message to every connection of a uid, in all processes. Any thread.
 *
 * A connection whose queue is full is not counted and gets an error event (WM_EFULL); one that is not open yet
 * gets the message when it opens, and counts.
 *
 * @param hub the hub
 * @param uid the uid: uid_len bytes
 * @param uid_len from 1 to 65535
 * @param data the message: len bytes, copied or written before the return
 * @param len bytes at data
 * @param flags WM_SEND_...
 * @param connections how many connections took it (0: the uid is offline), when the call returns 0 or WM_PARTIAL;
 * may be NULL
 * @param done takes the result of a pending call; NULL: a WM_EVENT_HUB record
 * @param user passed to done
 * @param destroy called once with user when the library no longer needs it: after done, or at the end of the
 * turn of a call that returned 0 or WM_PARTIAL. Not called when the call fails
 * @return 0, WM_PARTIAL, WM_PENDING, WM_EINVAL, WM_EMSGSIZE (over max_queue_total or 2 GiB, or from another thread
 * over max_mailbox), WM_EFULL (the mailbox is), WM_ENOMEM, WM_EENGINE, WM_ECLOSED or WM_ESTOPPED (the app is being
 * freed, or has stopped)
 *
 * @since 0.1.0
 */
WM_API int wm_hub_send(wm_hub *hub, const void *uid, size_t uid_len, const void *data, size_t len, int32_t flags, int64_t *connections,
                       wm_hub_result_fn done, void *user, wm_destroy_fn destroy);
/**
 * Sends one message to every bound connection that is open, in all processes, framed once for each protocol and
 * process. Counts as wm_worker_broadcast does. Any thread.
 *
 * @param hub the hub
 * @param data the message: len bytes, copied or written before the return
 * @param len bytes at data
 * @param flags WM_SEND_...
 * @param connections how many connections took it, when the call returns 0 or WM_PARTIAL; may be NULL
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
 * As wm_hub_broadcast, but for the connections of one uid, for instance the sender's.
 *
 * @param hub the hub
 * @param except a uid whose connections do not get it: except_len bytes; may be NULL with a length of 0
 * @param except_len up to 65535; 0: there is none
 * @param data the message: len bytes, copied or written before the return
 * @param len bytes at data
 * @param flags WM_SEND_...
 * @param connections how many connections took it, when the call returns 0 or WM_PARTIAL; may be NULL
 * @param done as for wm_hub_send
 * @param user passed to done
 * @param destroy as for wm_hub_send
 * @return as wm_hub_send
 *
 * @since 0.1.0
 */
WM_API int wm_hub_broadcast_except(wm_hub *hub, const void *except, size_t except_len, const void *data, size_t len, int32_t flags,
                                   int64_t *connections, wm_hub_result_fn done, void *user, wm_destroy_fn destroy);
/**
 * As wm_hub_send, for a message that only matters until there is a newer one with the same key, as a progress: wm_conn_send_latest.
 *
 * @param hub the hub
 * @param uid the uid: uid_len bytes
 * @param uid_len from 1 to 65535
 * @param key what the message is about: key_len bytes of any value, copied; nothing that the peers get
 * @param key_len from 1 to 255
 * @param data the message: len bytes, copied or written before the return
 * @param len bytes at data
 * @param flags WM_SEND_BINARY, _RAW, _NOW, _UNCOMPRESSED and _FIRST
 * @param connections how many connections took it, when the call returns 0 or WM_PARTIAL: also those for which it waits, and may yet be
 * replaced or dropped; may be NULL
 * @param done as for wm_hub_send
 * @param user passed to done
 * @param destroy as for wm_hub_send
 * @return as wm_hub_send; WM_EINVAL also for key_len
 *
 * @since 0.1.0
 */
WM_API int wm_hub_send_latest(wm_hub *hub, const void *uid, size_t uid_len, const void *key, size_t key_len, const void *data, size_t len,
                              int32_t flags, int64_t *connections, wm_hub_result_fn done, void *user, wm_destroy_fn destroy);
/**
 * As wm_hub_broadcast_except, for a message that only matters until there is a newer one with the same key: wm_conn_send_latest.
 *
 * @param hub the hub
 * @param except a uid whose connections do not get it: except_len bytes; may be NULL with a length of 0
 * @param except_len up to 65535; 0: there is none
 * @param key what the message is about: key_len bytes of any value, copied; nothing that the peers get
 * @param key_len from 1 to 255
 * @param data the message: len bytes, copied or written before the return
 * @param len bytes at data
 * @param flags WM_SEND_BINARY, _RAW, _NOW, _UNCOMPRESSED and _FIRST
 * @param connections how many connections took it, when the call returns 0 or WM_PARTIAL: also those for which it waits, and may yet be
 * replaced or dropped; may be NULL
 * @param done as for wm_hub_send
 * @param user passed to done
 * @param destroy as for wm_hub_send
 * @return as wm_hub_send; WM_EINVAL also for key_len
 *
 * @since 0.1.0
 */
WM_API int wm_hub_broadcast_latest(wm_hub *hub, const void *except, size_t except_len, const void *key, size_t key_len, const void *data,
                                   size_t len, int32_t flags, int64_t *connections, wm_hub_result_fn done, void *user,
                                   wm_destroy_fn destroy);
/**
 * Counts the connections of a uid that are not closing, in all processes. Any thread.
 *
 * @param hub the hub
 * @param uid the uid: uid_len bytes
 * @param uid_len from 1 to 65535
 * @param connections how many there are, when the call returns 0 or WM_PARTIAL; may be NULL
 * @param done as for wm_hub_send
 * @param user passed to done
 * @param destroy as for wm_hub_send
 * @return as wm_hub_send
 *
 * @since 0.1.0
 */
WM_API int wm_hub_online(wm_hub *hub, const void *uid, size_t uid_len, int64_t *connections, wm_hub_result_fn done, void *user,
                         wm_destroy_fn destroy);
/**
 * Closes every connection of a uid, in all processes, as wm_conn_close does: what is queued is sent first, websocket
 * peers get a close frame. Any thread.
 *
 * @param hub the hub
 * @param uid the uid: uid_len bytes
 * @param uid_len from 1 to 65535
 * @param code websocket close code: 1000-1003, 1007-1014 or 3000-4999 (RFC 6455 7.4); 0: 1008
 * @param text the reason: text_len bytes of UTF-8, copied; may be NULL with a length of 0
 * @param text_len at most 123
 * @param connections how many connections it has begun to close, when the call returns 0 or WM_PARTIAL: those that
 * were closing already do not count; may be NULL
 * @param done as for wm_hub_send
 * @param user passed to done
 * @param destroy as for wm_hub_send
 * @return as wm_hub_send
 *
 * @since 0.1.0
 */
WM_API int wm_hub_kick(wm_hub *hub, const void *uid, size_t uid_len, int32_t code, const void *text, size_t text_len, int64_t *connections,
                       wm_hub_result_fn done, void *user, wm_destroy_fn destroy);

/**
 * Adds a connection to a group, until it leaves or closes. It needs no uid. A connection that is in the group already
 * stays in it.
 *
 * @param hub the hub
 * @param group the group's name: group_len bytes of any value, copied
 * @param group_len from 1 to 255
 * @param conn a connection of the hub's app
 * @return 0, WM_EINVAL (group_len, or a connection of another app), WM_ESTATE (an http connection), WM_EFULL (it is in
 * max_groups groups), WM_ECLOSED or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_hub_join(wm_hub *hub, const void *group, size_t group_len, wm_conn conn);
/**
 * Removes a connection from a group.
 *
 * @param hub the hub
 * @param group the group's name: group_len bytes
 * @param group_len from 1 to 255
 * @param conn a connection of the hub's app
 * @return 0, WM_EINVAL (group_len, or a connection of another app), WM_ESTATE (it is not in the group) or WM_ECLOSED
 *
 * @since 0.1.0
 */
WM_API int wm_hub_leave(wm_hub *hub, const void *group, size_t group_len, wm_conn conn);
/**
 * Adds all connections that a uid has now, in all processes, to a group. Any thread.
 *
 * @param hub the hub
 * @param uid the uid: uid_len bytes
 * @param uid_len from 1 to 65535
 * @param group the group's name: group_len bytes of any value, copied
 * @param group_len from 1 to 255
 * @param connections how many of them are in the group now, when the call returns 0 or WM_PARTIAL: one that is in
 * max_groups others is not, nor is one that is closing; may be NULL
 * @param done as for wm_hub_send
 * @param user passed to done
 * @param destroy as for wm_hub_send
 * @return as wm_hub_send; WM_EFULL also where connections of this process are in max_groups groups, and none could join
 *
 * @since 0.1.0
 */
WM_API int wm_hub_join_uid(wm_hub *hub, const void *uid, size_t uid_len, const void *group, size_t group_len, int64_t *connections,
                           wm_hub_result_fn done, void *user, wm_destroy_fn destroy);
/**
 * Removes all connections that a uid has now, in all processes, from a group. Any thread.
 *
 * @param hub the hub
 * @param uid the uid: uid_len bytes
 * @param uid_len from 1 to 65535
 * @param group the group's name: group_len bytes
 * @param group_len from 1 to 255
 * @param connections how many of them were in the group, when the call returns 0 or WM_PARTIAL; may be NULL
 * @param done as for wm_hub_send
 * @param user passed to done
 * @param destroy as for wm_hub_send
 * @return as wm_hub_send
 *
 * @since 0.1.0
 */
WM_API int wm_hub_leave_uid(wm_hub *hub, const void *uid, size_t uid_len, const void *group, size_t group_len, int64_t *connections,
                            wm_hub_result_fn done, void *user, wm_destroy_fn destroy);
/**
 * Sends one message to every connection of a group that is open, in all processes, framed once for each protocol and
 * process. Counts as wm_hub_broadcast does. Any thread.
 *
 * @param hub the hub
 * @param group the group's name: group_len bytes
 * @param group_len from 1 to 255
 * @param except a uid whose connections do not get it, for instance the sender's: except_len bytes; may be NULL with a
 * length of 0
 * @param except_len up to 65535; 0: there is none
 * @param data the message: len bytes, copied or written before the return
 * @param len bytes at data
 * @param flags WM_SEND_...
 * @param connections how many connections took it (0: no connection is in the group), when the call returns 0 or
 * WM_PARTIAL; may be NULL
 * @param done as for wm_hub_send
 * @param user passed to done
 * @param destroy as for wm_hub_send
 * @return as wm_hub_send
 *
 * @since 0.1.0
 */
WM_API int wm_hub_group_send(wm_hub *hub, const void *group, size_t group_len, const void *except, size_t except_len, const void *data,
                             size_t len, int32_t flags, int64_t *connections, wm_hub_result_fn done, void *user, wm_destroy_fn destroy);

/**
 * As wm_hub_group_send, for a message that only matters until there is a newer one with the same key: wm_conn_send_latest.
 *
 * @param hub the hub
 * @param group the group's name: group_len bytes
 * @param group_len from 1 to 255
 * @param except a uid whose connections do not get it: except_len bytes; may be NULL with a length of 0
 * @param except_len up to 65535; 0: there is none
 * @param key what the message is about: key_len bytes of any value, copied; nothing that the peers get
 * @param key_len from 1 to 255
 * @param data the message: len bytes, copied or written before the return
 * @param len bytes at data
 * @param flags WM_SEND_BINARY, _RAW, _NOW, _UNCOMPRESSED and _FIRST
 * @param connections how many connections took it, when the call returns 0 or WM_PARTIAL: also those for which it waits, and may yet be
 * replaced or dropped; may be NULL
 * @param done as for wm_hub_send
 * @param user passed to done
 * @param destroy as for wm_hub_send
 * @return as wm_hub_send; WM_EINVAL also for key_len
 *
 * @since 0.1.0
 */
WM_API int wm_hub_group_send_latest(wm_hub *hub, const void *group, size_t group_len, const void *except, size_t except_len,
                                    const void *key, size_t key_len, const void *data, size_t len, int32_t flags, int64_t *connections,
                                    wm_hub_result_fn done, void *user, wm_destroy_fn destroy);

/**
 * Registers the function that gets the messages about a topic in this process, in the place of the one before. Option
 * max_topics bounds how many topics have one.
 *
 * @param hub the hub
 * @param topic the topic: topic_len bytes of any value, copied
 * @param topic_len from 1 to 255
 * @param fn called for each message about the topic; NULL: none is from here on
 * @param user passed to fn
 * @param destroy called once with user at the end of the turn in which the function is replaced or removed, or the hub
 * freed; with fn NULL at the end of this turn. Not called when the call fails
 * @return 0, WM_EINVAL (topic_len), WM_EFULL (max_topics topics have functions) or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_hub_on_message(wm_hub *hub, const void *topic, size_t topic_len, wm_hub_message_fn fn, void *user, wm_destroy_fn destroy);
/**
 * As wm_hub_on_message, for pull mode: each message about the topic in this process is a WM_EVENT_HUB_MESSAGE record, and counts as taken
 * when the record is made; without a poll so far it does not. It is in the place of the function before, and wm_hub_on_message with fn NULL
 * ends it. A record that is on its way still comes.
 *
 * What waits as records is what one turn of the loop has read: when the array of a poll is full, the app reads no more messages until the
 * records fit.
 *
 * @param hub the hub
 * @param topic the topic: topic_len bytes of any value, copied
 * @param topic_len from 1 to 255
 * @param user the record's user; the library does not use it
 * @return 0, WM_EINVAL (topic_len), WM_EFULL (max_topics topics have functions) or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_hub_subscribe(wm_hub *hub, const void *topic, size_t topic_len, void *user);
/**
 * Gives a message to the functions for a topic (wm_hub_on_message) in all processes, this one included. Any thread.
 *
 * The function of this process is called from the loop, not inside this call, which then returns WM_PENDING: what is
 * sent after the call may come before what the function does. Messages of one thread about one topic come in their
 * order. A function may publish: its messages follow in a later turn, so functions that answer each other keep neither
 * the loop from its other work nor grow the stack.
 *
 * @param hub the hub
 * @param topic the topic: topic_len bytes
 * @param topic_len from 1 to 255
 * @param data the message: len bytes, copied
 * @param len bytes at data
 * @param receivers how many functions took it, when the call returns 0 or WM_PARTIAL; may be NULL
 * @param done as for wm_hub_send; its `connections` are the functions that took the message
 * @param user passed to done
 * @param destroy as for wm_hub_send
 * @return as wm_hub_send; WM_EMSGSIZE and WM_EFULL for max_mailbox also on the app's thread
 *
 * @since 0.1.0
 */
WM_API int wm_hub_publish(wm_hub *hub, const void *topic, size_t topic_len, const void *data, size_t len, int64_t *receivers,
                          wm_hub_result_fn done, void *user, wm_destroy_fn destroy);

#ifdef __cplusplus
}
#endif

#endif
