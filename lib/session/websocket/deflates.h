/**
 * @file
 * permessage-deflate of the websockets of an app (RFC 7692): what its connections share, and what one has of its own.
 *
 * A direction whose messages are compressed each by itself needs no window between two of them: it is served by the streams that all
 * share, a Deflater for each size of window and one Inflater. A direction with context takeover has a window of its own, which is made
 * with its first compressed message and counts in Reactor::max_deflate_total from the handshake on. Owned by Sessions; the app's thread.
 */
#ifndef WM_SESSION_WEBSOCKET_DEFLATES_H
#define WM_SESSION_WEBSOCKET_DEFLATES_H

#include "conn/connection.h"
#include "core/buffer.h"
#include "proto/role.h"
#include "proto/websocket/deflate.h"
#include "proto/websocket/extensions.h"
#include "proto/websocket/frame_parser.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace wm {

class Deflates;
class Reactor;

/// A websocket with permessage-deflate: the state of its codec.
struct DeflateSession {
    websocket::FrameParser parser;
    bool keeps_sent;     ///< the window of what it sends outlives a message
    bool keeps_received; ///< likewise of what it receives
    uint8_t sent_bits;
    uint8_t received_bits;
    std::unique_ptr<websocket::Deflater> deflater; ///< with keeps_sent, from its first message on
    std::unique_ptr<websocket::Inflater> inflater; ///< with keeps_received, likewise

    DeflateSession(Role role, const websocket::DeflateTerms &terms, size_t &total);
    DeflateSession(const DeflateSession &) = delete;
    DeflateSession &operator=(const DeflateSession &) = delete;
    ~DeflateSession() { total_ -= windows(); }

    /// Bytes of the windows of its own, whether they are made yet or not.
    size_t windows() const;

private:
    size_t &total_;
};

/// Of a connection whose codec is kDeflateCodec or kDeflateClientCodec.
inline DeflateSession &deflate_session(Connection &conn)
{
    return *conn.codec_state.as<DeflateSession *>();
}
inline const DeflateSession &deflate_session(const Connection &conn)
{
    return *conn.codec_state.as<DeflateSession *>();
}

class Deflates {
public:
    explicit Deflates(Reactor &reactor) : reactor_(reactor) {}
    Deflates(const Deflates &) = delete;
    Deflates &operator=(const Deflates &) = delete;

    /// What an endpoint with these options wants.
    static std::optional<websocket::DeflateWish> wish_of(const EndpointOptions &options);
    /// The same for a client's offer: nothing, too, while there is no room for the windows that it may lead to.
    std::optional<websocket::DeflateWish> offer_of(const EndpointOptions &options) const;

    /// Makes the session of the connection whose codec begins next. False: there is no room for its windows, or no memory.
    bool prepare(Role role, const websocket::DeflateTerms &terms);
    /// The session that was prepared last, now the caller's.
    DeflateSession *take() { return next_.release(); }

    /// A message of the host compressed, until clear_packed(); empty: it is better sent as it is.
    std::string_view compress(DeflateSession &session, std::string_view message, int level);
    void clear_packed() { packed_.clear(); }

    /// Inflates a message of at most that many bytes into inflated(). nullptr, or why the connection ends.
    const websocket::FrameFailure *inflate(DeflateSession &session, const websocket::Frame &frame, size_t max_message);
    MessageBuffer &inflated() { return inflated_; }

    static const websocket::FrameFailure kNoMemory; ///< of inflate(): its code is none that is sent

private:
    websocket::Deflater *deflater_for(DeflateSession &session, int level);
    websocket::Inflater *inflater_for(DeflateSession &session);

    Reactor &reactor_;
    size_t total_ = 0; ///< of DeflateSession::windows()
    std::unique_ptr<DeflateSession> next_;
    std::unique_ptr<websocket::Deflater> deflaters_[websocket::kMostWindowBits + 1]; ///< shared, by the bits of their windows
    std::unique_ptr<websocket::Inflater> inflater_;                                  ///< shared; its window is the largest
    MessageBuffer packed_;
    MessageBuffer inflated_;
};

} // namespace wm

#endif
