/**
 * @file
 * What a connection asks of its protocol: one descriptor a protocol, with its traits and its functions. Instances stand in session/.
 *
 * A connection names its codec by its row in the app's table: set from its endpoint at accept, changed by an upgrade only. Calls cost one
 * indirection a read and one a send, none a message. The app's thread.
 */
#ifndef WM_CONN_CODEC_H
#define WM_CONN_CODEC_H

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm {

struct Connection;

/// Bytes that were received and not consumed: [data, data + len).
struct Rest {
    char *data;
    size_t len;
    bool hungry;     ///< nothing more can be parsed before more bytes come
    size_t need = 0; ///< hungry: as Step::need
};

/// A message as it is sent: head, then body.
struct Framing {
    std::string_view head;
    std::string_view body;
};

struct Codec {
    /// Room that frame() may use for bytes around a payload.
    static constexpr size_t kFrameRoom = 16;

    const char *name; ///< in listings; one of the codecs of an upgrade may have the name of the other

    // Traits.
    bool has_handshake = false; ///< the connection starts in kHandshake and the codec opens it; else it opens at once
    bool answers_only = false;  ///< takes answers to requests, and no messages of the host's own
    uint16_t close_code = 0;    ///< of a close frame for which the host gave none
    uint16_t lost_code = 0;     ///< the close event's code for a connection that ended without a close frame

    // Functions; those that may be nullptr say what that means.

    /// Makes the codec's state in a connection; false when memory has run out. nullptr: it has none.
    bool (*begin)(Connection &conn) = nullptr;
    /// Frees it. nullptr: nothing to free.
    void (*end)(Connection &conn) = nullptr;

    /// Delivers what the bytes hold, as far as the host wants it; returns what is left.
    Rest (*parse)(Connection &conn, char *data, size_t len) = nullptr;
    /// Frames a payload; room has kFrameRoom bytes and lives as long as the result. nullptr: the payload as it is.
    Framing (*frame)(std::string_view payload, int32_t flags, char *room) = nullptr;
    /// answers_only: a send of the host's, which answers the oldest request.
    int (*answer)(Connection &conn, std::string_view payload, int32_t flags) = nullptr;
    /// Sends a close frame. nullptr: the protocol has none.
    void (*close)(Connection &conn, int32_t code, std::string_view text) = nullptr;
    /// Sends a ping. nullptr: the protocol has none, and ping_interval_ms has no effect.
    void (*ping)(Connection &conn) = nullptr;

    /// phase_deadline, or deadline(), has passed in kHandshake or kOpen. nullptr: neither is ever set there.
    void (*timed_out)(Connection &conn) = nullptr;
    /// A tick in kOpen that is the codec's own, beside phase_deadline; 0: none. nullptr: never.
    uint32_t (*deadline)(const Connection &conn) = nullptr;
    /// The send queue has drained after it was over send_high_water. nullptr: of no interest.
    void (*drained)(Connection &conn) = nullptr;
    /// The peer has ended its side: whether the connection stays open for what the host still owes it. nullptr: never.
    bool (*stays_half_open)(const Connection &conn) = nullptr;
    /// Whether no message is under way: none in part, none unanswered. nullptr: when no input is held.
    bool (*is_quiet)(const Connection &conn) = nullptr;
    /// The app stops: true when the connection first finishes what the host has been asked, and then ends by itself. nullptr: false.
    bool (*finish)(Connection &conn) = nullptr;
};

} // namespace wm

#endif
