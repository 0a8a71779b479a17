/**
 * @file
 * The record that wm_app_poll fills: one event, 64 bytes, of plain types.
 */
#ifndef WM_EVENT_H
#define WM_EVENT_H

#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Kinds of events: wm_event.kind. @since 0.1.0 */
enum {
    WM_EVENT_CONNECT = 1,      /**< a connection was accepted */
    WM_EVENT_HANDSHAKE = 2,    /**< websocket, with option defer_handshake: id is the request to accept or reject, data its head */
    WM_EVENT_OPEN = 3,         /**< ready for messages; websocket: after the handshake */
    WM_EVENT_MESSAGE = 4,      /**< a message: data, len, its kind in flags; http: id is the request */
    WM_EVENT_BUFFER_FULL = 5,  /**< more than send_high_water is queued */
    WM_EVENT_BUFFER_DRAIN = 6, /**< the queue fell to zero after buffer_full */
    WM_EVENT_ERROR = 7,        /**< code is a WM_E... code, data its text; a close follows if the error ends the connection */
    WM_EVENT_CLOSE = 8,        /**< the last event of a connection: its reason in flags, and code, detail, data */
    WM_EVENT_TIMER = 9,        /**< a timer without a callback was due: id */
    WM_EVENT_POST = 10,        /**< a wm_app_post without a function has arrived: user */
    WM_EVENT_HUB = 11,         /**< the result of a pending hub call without a callback: code is its status, id the connections */
    WM_EVENT_STOP = 12,        /**< a worker without on_stop stops; its connections are closed from the next poll on */
    WM_EVENT_RELOAD = 13,      /**< a reload has reached this process of a worker without on_reload */
    WM_EVENT_CLOSING = 14,     /**< a drain or stop ends the connection, unless it is paused, from the next poll on: the last to send */
    WM_EVENT_WATCH = 15,       /**< the descriptor of a watch without a callback is ready: id, and WM_WATCH_... in detail */
    WM_EVENT_SIGNAL = 16,      /**< a signal of a registration without a callback has arrived: id, and its number in detail */
    WM_EVENT_BODY = 17,        /**< http, stream_body: a piece of the body of the request id: data, len; flags is 1 for the last, else 0 */
    WM_EVENT_HUB_MESSAGE = 18, /**< a message about a topic of wm_hub_subscribe: user, data, len; detail bytes before data are the topic */
    WM_EVENT_PART = 19,        /**< http, stream_parts: a piece of a part of the request id: data is a wm_part; flags as of BODY */
    WM_EVENT_PING = 20,        /**< websocket, with option ping_events: a ping: data, len */
    WM_EVENT_PONG = 21         /**< websocket, with option ping_events: a pong: data, len */
};

/**
 * One event. Every pointer in it is valid until the next poll, run_once or free of that app. 64 bytes; the
 * layout never changes.
 *
 * code of a CLOSE follows from its reason: WM_ETIMEDOUT for WM_REASON_TIMEOUT; WM_EPROTOCOL for
 * WM_REASON_PROTOCOL; for WM_REASON_LIMIT WM_EMSGSIZE (close code 1009), WM_EFULL (1008, 1013) or 0; for
 * WM_REASON_ERROR the code of the errno, or WM_ESYS where detail is a close code; else 0.
 *
 * @since 0.1.0
 */
typedef struct wm_event {
    uint32_t kind;     /**< WM_EVENT_... */
    uint32_t flags;    /**< the low byte is WM_KIND_... of a MESSAGE, WM_REASON_... of a CLOSE; of a BODY or PART 1: the last piece */
    wm_conn conn;      /**< 0 for an event without a connection */
    wm_worker *worker; /**< NULL for an event without a worker */
    void *user;        /**< the connection's (wm_conn_set_user), timer's, watch's, signal's, post's, hub call's or topic's user pointer */
    const void *data;  /**< the message, or the text of an ERROR or CLOSE; never NULL for a MESSAGE, BODY, HUB_MESSAGE, PING or PONG, also
                        when len is 0;  PART: a wm_part, whose data is the piece */
    size_t len;        /**< bytes at data */
    uint64_t id;       /**< the request, timer, watch or signal; HUB: the number of connections, or of functions of a topic */
    int32_t code;      /**< 0 or WM_E...: ERROR, CLOSE; HUB: the status (wm_hub_result_fn) */
    int32_t detail;    /**< CLOSE: the websocket close code, or the errno of WM_REASON_ERROR, or 0; HUB: targets that did not answer;
                          HUB_MESSAGE: bytes of the topic, which end at data; MESSAGE of http: bytes of the request's head, from its request
                          line to its blank line, which end at data; WATCH: WM_WATCH_...; SIGNAL: the number */
} wm_event;

#ifdef __cplusplus
}
#endif

#endif
