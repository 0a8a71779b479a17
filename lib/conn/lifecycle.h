/**
 * @file
 * Opens and closes connections: all transitions of Connection::state after a connection exists. Owned by the
 * reactor; the app's thread.
 */
#ifndef WM_CONN_LIFECYCLE_H
#define WM_CONN_LIFECYCLE_H

#include "conn/connection.h"

#include <string>
#include <string_view>

namespace wm {

struct IoResult;
class Reactor;
struct TransportKind;

class Lifecycle {
public:
    explicit Lifecycle(Reactor &reactor) : reactor_(reactor) {}

    /// Takes ownership of a connected descriptor. adopted: the host knows of the connection, also before the PROXY header of a proxy.
    /// nullptr when out of memory or slots: the caller keeps the descriptor.
    Connection *accept(Endpoint &endpoint, int fd, bool adopted = false);
    /// Makes a connection that has no descriptor yet: a client's, in kResolving. Its owner sets phase_deadline. nullptr when out of
    /// memory or slots.
    Connection *make(Endpoint &endpoint);
    /// Makes a connection that is open, and has no descriptor: a peer of a datagram socket. Takes ownership of its transport; no event
    /// tells of it. nullptr when out of memory or slots.
    Connection *make_peer(Endpoint &endpoint, Transport *io);
    /// Takes ownership of the descriptor of such a connection, which is connected: makes the transport, delivers the connect event, and
    /// begins.
    void connected(Connection &conn, int fd);
    /// The datagram socket of such a connection is there: delivers the connect and the open event.
    void datagrams_connected(Connection &conn);
    /// The socket is connected and the transport made: begins the transport's handshake, or the codec's, or opens.
    void begin(Connection &conn);
    /// Continues the transport's handshake, unless the turn has continued enough of them; true when it has completed.
    bool secure(Connection &conn);
    /// A turn begins.
    void begin_turn() { handshakes_ = 0; }
    /// A peer that speaks TLS to a port without it, or the other way round.
    void log_misdirected(const Connection &conn, const char *text);
    /// Enters kOpen and delivers the open event.
    void open(Connection &conn);
    /// Switches to another codec and enters kOpen; the end of the turn delivers the open event, because the host may have called, and then
    /// what the peer has sent. `answer` completes the handshake and is sent before all that was queued.
    void upgrade(Connection &conn, uint8_t codec, std::string_view answer);
    /// Switches an open connection to another codec, behind an answer that is sent after all that was queued. No open event follows.
    void change_codec(Connection &conn, uint8_t codec, std::string_view answer);
    /// For TodoList.
    void deliver_open(Connection &conn);
    /// The connection closes before the host has got its open event: none comes, and none of those that follow it.
    void leave_out_open(Connection &conn);

    /// Closes once the send queue is empty, with a close frame if the protocol has one.
    void close(Connection &conn, int32_t reason, int32_t code, std::string_view text);
    /// As close, for a peer that violated the protocol or a limit: delivers an error event first and discards
    /// further input.
    void close_with_error(Connection &conn, int32_t reason, int32_t error, int32_t code, const char *text);
    /// Ends a connection that could not be opened, at once: an error event with that code and text, then the close event. number: the
    /// errno; 0: none.
    void fail_attempt(Connection &conn, int32_t reason, int32_t error, int32_t number, const char *text);
    /// Closes at once and drops what is queued; the close event follows at the end of the turn. number: the
    /// errno of WM_REASON_ERROR, else 0.
    void destroy(Connection &conn, int32_t reason, int32_t number);

    /// The same by a reset, so that the peer does not mistake a part of a message for a complete one.
    void reset(Connection &conn, int32_t reason);

    /// Ends our side once the send queue is empty, as shutdown(2) does: 0, or WM_ECLOSED or WM_ESTATE with a detail.
    int shut_down(Connection &conn);
    /// Call it with nothing left to send.
    void send_shutdown(Connection &conn);

    /// Handles EOF from the peer. code: as of IoResult.
    void peer_ended(Connection &conn, int32_t code = 0);
    /// Handles a failure of the socket, or of the transport. code: as of IoResult.
    void io_failed(Connection &conn, int32_t code);
    /// Handles a close frame from the peer. Our answer carries `code`.
    void peer_closed(Connection &conn, int32_t code, std::string_view text);

    /// Shuts down a closing connection whose send queue is empty.
    void advance(Connection &conn);
    /// Extends the close deadline: a closing connection has sent something.
    void write_progressed(Connection &conn);

    /// Overrides the endpoint's options for this connection, or uses those again where they are the same: 0 or WM_ENOMEM.
    int set_options(Connection &conn, const ConnOptions &options);

    /// What keeps a connection half open has changed.
    void half_open_changed(Connection &conn);
    /// Replaces the callback of an event for this connection alone; one without a function is the owner's again. 0 or WM_ENOMEM.
    template <class Function>
    int set_callback(Connection &conn, Callback<Function> ConnCallbacks::*event, const Callback<Function> &callback);

    void pause(Connection &conn);
    void resume(Connection &conn);
    /// Arms or disarms reading, depending on whether the host and the codec accept input.
    void update_read(Connection &conn);

    /// Applies the deferred end of a connection, once the host has seen the records that precede it. For
    /// TodoList.
    void end(Connection &conn);
    /// Delivers the close event and frees the connection. For TodoList.
    void finish(Connection &conn);
    /// Destroys every connection. Close events follow as with destroy().
    void destroy_all(int32_t reason);
    /// In a child of fork(2): frees the connections without an event, and without a change to their sockets.
    void abandon_all();

private:
    bool cuts_message(const Connection &conn) const;
    Connection *make(Endpoint &endpoint, ConnState state);
    bool take_socket(Connection &conn, int fd);
    void announce(Connection &conn);
    void release(Connection &conn);
    bool make_callbacks(Connection &conn);
    void retire_callbacks(Connection &conn);
    bool make_transport(Connection &conn, const TransportKind &kind, void *settings);
    void leave_proxy(Connection &conn);
    void proxy_failed(Connection &conn, const IoResult &result);
    void begin_protocol(Connection &conn);
    bool begin_codec(Connection &conn);
    void end_codec(Connection &conn);
    bool replace_codec(Connection &conn, uint8_t codec);
    void enter_open(Connection &conn, std::string_view answer);
    bool stays_half_open(const Connection &conn) const;
    void end_of_stream(Connection &conn);
    void continue_handshake(Connection &conn);
    void destroy_ended(Connection &conn);
    void end_write(Connection &conn);
    void tell_failure(Connection &conn, int32_t reason, int32_t error, int32_t number, const char *text);
    void answer_close(Connection &conn);
    void begin_close_timeout(Connection &conn);
    void set_close_reason(Connection &conn, int32_t reason, int32_t error, int32_t code, std::string_view text);

    Reactor &reactor_;
    int64_t handshakes_ = 0; ///< of transports, continued in this turn
};

} // namespace wm

#endif
