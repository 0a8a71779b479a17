/**
 * @file
 * The life of a connection: accepted, open, closing, closed; its deadlines; and the list of what waits for the end of the turn.
 *
 * All transitions of Connection::state are here. The app's thread.
 */
#ifndef WM_WORKER_LIFECYCLE_H
#define WM_WORKER_LIFECYCLE_H

#include "worker/connection.h"

#include <string_view>
#include <vector>

namespace wm {

class App;

class Lifecycle {
public:
    explicit Lifecycle(App &app) : app_(app) {}

    /// Takes over a connected descriptor; false when there is no room for it (the descriptor stays the caller's).
    bool accept(Worker &worker, int fd);
    /// websocket: the handshake is accepted; the open event follows, at once where there is room for it.
    void open(Connection &conn);

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

    void todo(Connection &conn, Todo what);
    /// Does what is listed; false when a poll's array is full and some of it has to wait.
    bool run_todos();
    bool idle() const { return listed_.empty(); }
    /// Nothing waits for the next poll either.
    bool done() const { return listed_.empty() && later_.empty(); }
    /// A poll begins: what waited for it is listed again.
    void recall();

    /// websocket: the peer has shown that it lives; the next ping is as far away as ever.
    void alive(Connection &conn);
    /// http: the deadline of a head runs while a head is arriving.
    void watch_head(Connection &conn);
    /// Puts the nearest of a connection's deadlines into the app's row.
    void update_deadline(Connection &conn);
    void expired(uint32_t slot);

    /// Ends every connection, with its close event where that goes to a callback.
    void destroy_all(int32_t reason);

private:
    enum class Progress : uint8_t {
        kDone,
        kWaits, ///< an event has no room in the poll's array
        kLater, ///< the host has records of it that it has not seen
        kGone,  ///< the connection has ended
    };

    Progress run_todo(Connection &conn);
    void finish(Connection &conn);
    /// Whether the host has records of it in this poll: it must have its say before what the peer did ends the connection.
    bool awaits_host(const Connection &conn) const;
    void end(Connection &conn);
    void end_of_stream(Connection &conn);
    void answer_close_frame(Connection &conn);
    void expired_open(Connection &conn, uint32_t now);
    void send_ping(Connection &conn, uint32_t now);
    void keep_reason(Connection &conn, int32_t reason, int32_t code, std::string_view text);
    uint32_t ticks_after(int64_t ms);
    uint32_t next_ping(int64_t interval_ms);

    App &app_;
    std::vector<uint32_t> listed_;
    std::vector<uint32_t> later_;
    uint64_t random_ = 0x9E3779B97F4A7C15u;
};

} // namespace wm

#endif
