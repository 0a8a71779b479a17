/**
 * @file
 * The life of a connection: accepted, open, closing, closed.
 *
 * All transitions of Connection::state are here. The app's thread.
 */
#ifndef WM_CONN_LIFECYCLE_H
#define WM_CONN_LIFECYCLE_H

#include "conn/connection.h"

#include <string_view>

namespace wm {

class Reactor;

class Lifecycle {
public:
    explicit Lifecycle(Reactor &reactor) : reactor_(reactor) {}

    /// Takes over a connected descriptor; false when there is no room for it (the descriptor stays the caller's).
    bool accept(Endpoint &endpoint, int fd);
    /// Goes on with the transport's handshake; true when it is done.
    bool secure(Connection &conn);
    /// Ready for messages; the open event follows, at once where there is room for it. `answer` ends a handshake: it leaves before all that
    /// was held.
    void open(Connection &conn, std::string_view answer);
    /// As open, with another codec from here on.
    void upgrade(Connection &conn, uint8_t codec, std::string_view answer);

    /// Closes after what is queued has left, with a close frame where the protocol has one.
    void close(Connection &conn, int32_t reason, int32_t code, std::string_view text);
    /// As close, for a peer that broke a rule: an error event first, and nothing more is read.
    void fault(Connection &conn, int32_t reason, int32_t error, int32_t code, const char *text);
    /// At once; the close event comes at the end of the turn. number is the errno of a WM_REASON_ERROR, else 0.
    void destroy(Connection &conn, int32_t reason, int32_t number);

    /// The peer has ended its side.
    void peer_ended(Connection &conn);
    /// A close frame has arrived. An answer to it carries `code`.
    void peer_closed(Connection &conn, int32_t code, std::string_view text);

    /// A closing connection has nothing queued any more.
    void advance(Connection &conn);
    /// A closing connection made progress: its deadline moves.
    void progressed(Connection &conn);

    /// Gives the connection options of its own: 0 or WM_ENOMEM.
    int set_options(Connection &conn, const ConnOptions &options);

    void pause(Connection &conn);
    void resume(Connection &conn);
    /// Reads exactly while the host or the codec wants input.
    void update_read(Connection &conn);

    /// The host has seen the records before it: what the peer did to end the connection takes effect. For TodoList.
    void end(Connection &conn);
    /// The close event, and the end of the connection. For TodoList.
    void finish(Connection &conn);
    /// Ends every connection, with its close event where that goes to a callback.
    void destroy_all(int32_t reason);

private:
    bool begin_codec(Connection &conn);
    void end_codec(Connection &conn);
    bool stays_half_open(const Connection &conn) const;
    void end_of_stream(Connection &conn);
    void answer_close(Connection &conn);
    void begin_close_timeout(Connection &conn);
    void keep_reason(Connection &conn, int32_t reason, int32_t error, int32_t code, std::string_view text);

    Reactor &reactor_;
};

} // namespace wm

#endif
