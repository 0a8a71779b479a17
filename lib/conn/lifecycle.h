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

class App;

class Lifecycle {
public:
    explicit Lifecycle(App &app) : app_(app) {}

    /// Takes over a connected descriptor; false when there is no room for it (the descriptor stays the caller's).
    bool accept(Endpoint &endpoint, int fd);
    /// Ready for messages; the open event follows, at once where there is room for it. websocket: after the answer to the handshake,
    /// which leaves before all that was held.
    void open(Connection &conn, std::string_view answer);

    /// Closes after what is queued has left; websocket: with a close frame.
    void close(Connection &conn, int32_t reason, int32_t code, std::string_view text);
    /// As close, for a peer that broke a rule: an error event first, and nothing of it is read any more.
    void fault(Connection &conn, int32_t reason, int32_t error, int32_t code, const char *text);
    /// At once; the close event comes at the end of the turn. An errno as code makes WM_REASON_ERROR.
    void destroy(Connection &conn, int32_t reason, int32_t code);

    /// The peer has ended its side.
    void peer_ended(Connection &conn);
    /// websocket: a close frame has arrived, checked.
    void peer_close_frame(Connection &conn, int32_t code, std::string_view text);

    /// A closing connection has nothing queued any more.
    void advance(Connection &conn);
    /// A closing connection made progress: its deadline moves.
    void progressed(Connection &conn);

    /// An option of this connection alone: it gets a set of its own.
    int set_option(Connection &conn, const char *name, int64_t value);

    void pause(Connection &conn);
    void resume(Connection &conn);
    /// Reads exactly while somebody wants what comes.
    void update_read(Connection &conn);

    /// The host has had its say: what the peer caused takes place. For TodoList.
    void end(Connection &conn);
    /// The close event, and the end of the connection. For TodoList.
    void finish(Connection &conn);
    /// Ends every connection, with its close event where that goes to a callback.
    void destroy_all(int32_t reason);

private:
    void end_of_stream(Connection &conn);
    void answer_close_frame(Connection &conn);
    void keep_reason(Connection &conn, int32_t reason, int32_t code, std::string_view text);

    App &app_;
};

} // namespace wm

#endif
