/**
 * @file
 * Protocols of the host's own: how bytes on a connection become messages, and messages bytes. A protocol has a name, which is
 * then a scheme of addresses: NAME://HOST:PORT and NAME+unix:///PATH, for workers and clients of the app.
 *
 * Framing is declared by options (wm/option.h, scope WM_SCOPE_PROTOCOL), and then nothing of the host is called for it, or
 * it is a callback:
 *
 * - delimiter: a message ends with these bytes, which the host does not get, and which the library adds to what is sent;
 * - length_size, with length_offset, length_endian and length_adjust: a message has its length at a fixed place. With length_offset 0
 *   the library takes the length off and writes it; else the host gets and sends whole messages, their length included;
 * - wm_protocol_on_input: the host finds the end of the first message.
 *
 * wm_protocol_on_decode and wm_protocol_on_encode, with each of the three, translate what is between the framing and the host. WM_SEND_RAW
 * sends bytes past both.
 *
 * A protocol is complete when the first address names it: what changes it afterwards is WM_ESTATE. It lives as long as its app.
 */
#ifndef WM_PROTOCOL_H
#define WM_PROTOCOL_H

#include "wm/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Results of wm_input_fn and wm_transform_fn beside those that they describe. @since 0.1.0 */
enum {
    WM_INPUT_REFUSE = -2147483647, /**< input: the bytes are no message of the protocol: the connection ends */
    WM_DECODE_SKIP = 1             /**< decode: the message is none for the host, and nothing is delivered */
};

/**
 * Finds the first message in what a connection has received. Called in pull mode, too: it is no event.
 *
 * The library holds it to the limits: over max_message, also of bytes without an end, the connection ends with WM_EMSGSIZE, and with
 * WM_EPROTOCOL on a result that is none of these. It is not asked again before the bytes that it has asked for have come.
 *
 * @param conn the connection; any call is legal, closing it included
 * @param data what has been received and is in no message yet: len bytes, valid during the callback; may be changed in place
 * @param len bytes at data, at least 1
 * @param user the pointer that was registered with the callback
 * @return above 0: the length of the first message, which may be over len. 0: more bytes are needed. -n: at least n bytes in all are
 * needed, more than len. WM_INPUT_REFUSE or less: the connection ends
 *
 * @since 0.1.0
 */
typedef int64_t (*wm_input_fn)(wm_conn conn, const void *data, size_t len, void *user);

/**
 * Translates one message: decode what was received, encode what is sent. Writes the result by wm_out_write; what it has written nothing of
 * is an empty message. Called in pull mode, too. Encode is called within wm_conn_send, and for a broadcast once for each connection; in
 * it, a message of the same protocol can only be sent with WM_SEND_RAW.
 *
 * @param conn the connection; any call is legal, closing it included: then nothing more comes of the message
 * @param data the message: len bytes, valid during the callback
 * @param len bytes at data
 * @param out takes the result, during the callback
 * @param user the pointer that was registered with the callback
 * @return 0: what was written is the message. WM_DECODE_SKIP, of decode: there is none. All else: the connection ends with WM_EPROTOCOL,
 * which wm_conn_send returns
 *
 * @since 0.1.0
 */
typedef int32_t (*wm_transform_fn)(wm_conn conn, const void *data, size_t len, wm_out *out, void *user);

/**
 * Makes a protocol. It is freed with its app.
 *
 * @param app the app
 * @param name a scheme (RFC 3986 3.1): a letter, then letters, digits, '-' and '.', at most 31 in all; case is ignored. Not one of the
 * library's own, and not one that the app has already
 * @return the protocol, or NULL: WM_EINVAL, WM_EFULL (the most that an app can have), WM_ESTOPPED or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API wm_protocol *wm_protocol_new(wm_app *app, const char *name);

/**
 * Sets an option by name (wm/option.h, scope WM_SCOPE_PROTOCOL).
 *
 * @return 0, WM_EOPTION (unknown; the detail has the nearest name), WM_EINVAL (the detail has the range) or WM_ESTATE (an address names
 * the protocol already)
 *
 * @since 0.1.0
 */
WM_API int wm_protocol_set_int(wm_protocol *protocol, const char *option, int64_t value);
/** As wm_protocol_set_int, for a text, which is copied. @since 0.1.0 */
WM_API int wm_protocol_set_str(wm_protocol *protocol, const char *option, const char *value);
/**
 * Reads an option into *value.
 *
 * @return 0 or WM_EOPTION
 *
 * @since 0.1.0
 */
WM_API int wm_protocol_get_int(wm_protocol *protocol, const char *option, int64_t *value);
/** As wm_protocol_get_int, for a text; *value is borrowed until the option is set again. @since 0.1.0 */
WM_API int wm_protocol_get_str(wm_protocol *protocol, const char *option, const char **value);

/**
 * Sets the callback that finds the end of a message, in place of declared framing.
 *
 * @param protocol the protocol
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy called once with user when fn is replaced or the app is freed; NULL: not called. Not called when the registration fails
 * @return 0, WM_ESTATE (an address names the protocol already) or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_protocol_on_input(wm_protocol *protocol, wm_input_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the callback that makes the bytes to send of a message. Without it a message is sent as it is.
 *
 * @param protocol the protocol
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_protocol_on_input
 * @return as wm_protocol_on_input
 *
 * @since 0.1.0
 */
WM_API int wm_protocol_on_encode(wm_protocol *protocol, wm_transform_fn fn, void *user, wm_destroy_fn destroy);
/**
 * Sets the callback that makes the message for the host of the bytes of one. Without it the host gets them as they are.
 *
 * @param protocol the protocol
 * @param fn the callback; NULL removes it
 * @param user passed to fn
 * @param destroy as for wm_protocol_on_input
 * @return as wm_protocol_on_input
 *
 * @since 0.1.0
 */
WM_API int wm_protocol_on_decode(wm_protocol *protocol, wm_transform_fn fn, void *user, wm_destroy_fn destroy);

/**
 * Appends to what an encode or decode callback makes.
 *
 * @param out what the callback was given
 * @param data len bytes, copied; may be NULL when len is 0
 * @param len bytes at data
 * @return 0, WM_EMSGSIZE (decode: over max_message, encode: over max_queue_total), WM_ESTATE (the callback is over), WM_EINVAL or
 * WM_ENOMEM; after an error the message fails, whatever the callback returns
 *
 * @since 0.1.0
 */
WM_API int wm_out_write(wm_out *out, const void *data, size_t len);

/**
 * What a protocol keeps for a connection between its callbacks, apart from the user pointer of the connection, which is the host's.
 * NULL at first, for a stale id, and on a connection of no such protocol.
 *
 * @since 0.1.0
 */
WM_API void *wm_conn_protocol_state(wm_conn conn);
/**
 * Sets that.
 *
 * @param conn a connection of a custom protocol
 * @param state the pointer; NULL is allowed
 * @param destroy called once with state when it is replaced, or after the close event; may be NULL. Not called when the call fails
 * @return 0, WM_ESTATE (the connection's protocol is none of the host's), WM_ECLOSED or WM_ENOMEM
 *
 * @since 0.1.0
 */
WM_API int wm_conn_set_protocol_state(wm_conn conn, void *state, wm_destroy_fn destroy);

#ifdef __cplusplus
}
#endif

#endif
