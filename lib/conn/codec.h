/**
 * @file
 * The contract between a connection and its protocol: one constant descriptor per protocol, with traits and
 * functions. The instances are in session/; each includes conn/reactor.h, through which its functions reach the
 * parts of the data path (conn.owner->reactor).
 *
 * A connection stores its codec's row in the reactor's table: accept copies it from the endpoint, only an
 * upgrade changes it. A codec costs one indirect call per read and one per send, none per message. The app's
 * thread.
 */
#ifndef WM_CONN_CODEC_H
#define WM_CONN_CODEC_H

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm {

class Protocol;
struct Block;
struct Connection;

/// Bytes that were received and not consumed: [data, data + len).
struct Rest {
    char *data;
    size_t len;
    bool incomplete; ///< more bytes are needed before parsing can continue
    size_t need = 0; ///< if incomplete: as Step::need
};

/// A framed message: head, then body.
struct Framing {
    std::string_view head;
    std::string_view body;

    size_t size() const { return head.size() + body.size(); }
};

struct Codec {
    /// Bytes that frame() may write around a payload.
    static constexpr size_t kFrameRoom = 16;

    const char *name;                   ///< in listings; both codecs of an upgrade may share a name
    const Protocol *protocol = nullptr; ///< of a custom protocol: what the host has declared
    const Codec *stream = nullptr;      ///< over datagrams: the codec that parses and frames each; nullptr: it is for streams
    uint8_t datagram_row = 0;           ///< row of the codec that does the same over datagrams; 0: there is none

    // Traits.
    bool has_handshake = false;  ///< the connection stays in kHandshake until the codec opens it; else it opens once the transport is ready
    bool answers_only = false;   ///< the host can only answer requests, not send messages
    bool has_boundaries = false; ///< may end between two messages: the peer knows that nothing behind the last answer was taken
    bool calls_host = false;     ///< send() asks the host for the bytes, which it does inside the call that sends
    bool carries_bytes = false;  ///< any part of a stream of bytes may be a message
    const char *alpn = nullptr;  ///< its names in ALPN (RFC 7301), with commas; nullptr: none
    uint16_t close_code = 0;     ///< default code of a close frame
    uint16_t abnormal_code = 0;  ///< code of the close event when no close frame was received
    uint16_t slow_code = 0;      ///< code of a close frame to a peer that reads too slowly

    /// Whether payloads are sent as they are.
    bool is_plain() const { return !frame && !send; }
    /// Whether a message is framed for each connection anew.
    bool frames_alone() const { return send && !frame; }
    /// Whether a connection may end its own side and go on to receive.
    bool can_shut_down() const { return !close && !has_handshake && !answers_only && !stream; }

    // Functions. Those that may be nullptr state the default.

    /// Creates the codec's state in a connection; false when out of memory. nullptr: no state.
    bool (*begin)(Connection &conn) = nullptr;
    /// Frees that state. nullptr: nothing to free.
    void (*end)(Connection &conn) = nullptr;
    /// The transport is ready, and the connection in kHandshake: sends what the protocol begins with. nullptr: the peer speaks first.
    void (*start)(Connection &conn) = nullptr;

    /// Delivers messages while the host accepts them; returns the unparsed rest.
    Rest (*parse)(Connection &conn, char *data, size_t len) = nullptr;
    /// Over datagrams: forgets what it knows of a message whose rest will not come. nullptr: it knows nothing.
    void (*restart)(Connection &conn) = nullptr;
    /// Frames a payload; room has kFrameRoom bytes and must outlive the result, which all connections of the codec may share. Empty:
    /// the payload is too long for the framing. nullptr: payloads are sent unframed, unless there is send().
    Framing (*frame)(const Codec &codec, std::string_view payload, int32_t flags, char *room) = nullptr;
    /// Of a message to many connections: which other form this one gets it in; 0: frame()'s. nullptr: that for all.
    uint32_t (*variant)(const Connection &conn, std::string_view payload, int32_t flags) = nullptr;
    /// Frames it in that form, for all connections that have the codec's frame() and the variant. nullptr: out of memory.
    Block *(*frame_variant)(Connection &conn, std::string_view payload, int32_t flags) = nullptr;
    /// Sends what the host sends to that connection, where more is to be done than frame() does. If answers_only: answers the oldest
    /// pending request. Results as wm_conn_send. nullptr: frame() is all.
    int (*send)(Connection &conn, std::string_view payload, int32_t flags) = nullptr;
    /// Sends a close frame. nullptr: the protocol has no close frame.
    void (*close)(Connection &conn, int32_t code, std::string_view text) = nullptr;
    /// Sends a ping with a payload of at most 125 bytes: results as wm_conn_ping. nullptr: the protocol has no ping, and ping_interval_ms
    /// has no effect.
    int (*ping)(Connection &conn, std::string_view payload) = nullptr;
    /// The same for a pong.
    int (*pong)(Connection &conn, std::string_view payload) = nullptr;

    /// Begins a message that the host sends in parts: results as wm_conn_send_begin. nullptr: the protocol has none.
    int (*begin_parts)(Connection &conn, int32_t flags) = nullptr;
    /// In such a message: sends a part, the last one or another: results as wm_conn_send_write and wm_conn_send_end. nullptr: none has
    /// begun.
    int (*send_part)(Connection &conn, std::string_view part, bool last) = nullptr;

    /// Handles a phase_deadline or deadline() that has passed in kHandshake or kOpen. nullptr: the codec sets
    /// neither.
    void (*timed_out)(Connection &conn) = nullptr;
    /// Returns the codec's additional deadline in kOpen, in ticks; 0: none. nullptr: never any.
    uint32_t (*deadline)(const Connection &conn) = nullptr;
    /// Called when the send queue has drained after exceeding send_high_water, or with kInputBlocked. nullptr: not called.
    void (*drained)(Connection &conn) = nullptr;
    /// The host has had the records of a poll, or has resumed reading, while the connection is kBodyInPieces. nullptr: it never is.
    void (*resumed)(Connection &conn) = nullptr;
    /// After EOF: whether the connection stays open so that the host can still send. nullptr: never.
    bool (*stays_half_open)(const Connection &conn) = nullptr;
    /// Whether a message is being sent in parts, and parts are missing: the peer's silence is no idleness then, and an end of the
    /// connection is a reset, so that the peer does not mistake the message for a complete one. nullptr: never.
    bool (*is_sending)(const Connection &conn) = nullptr;
    /// Whether nothing is in flight: no incomplete message, no unanswered request. nullptr: when the tail is
    /// empty.
    bool (*is_quiet)(const Connection &conn) = nullptr;
    /// Tells the peer that the server has no room for its message, and closes. nullptr: close_with_error().
    void (*turn_away)(Connection &conn, const char *text) = nullptr;
    /// At a stop: true if the connection closes by itself once its pending requests are answered. nullptr:
    /// false.
    bool (*finish)(Connection &conn) = nullptr;
};

} // namespace wm

#endif
