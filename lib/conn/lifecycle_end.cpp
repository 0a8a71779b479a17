// The part of Lifecycle that ends connections: by the host, the peer, a violation or a failure, one side or both.
#include "conn/lifecycle.h"

#include "conn/reactor.h"
#include "core/error.h"
#include "net/transport.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace wm {

namespace {

/// The error of a close for a reason that has no other.
int32_t error_of(int32_t reason)
{
    switch (reason) {
    case WM_REASON_TIMEOUT:
        return WM_ETIMEDOUT;
    case WM_REASON_PROTOCOL:
        return WM_EPROTOCOL;
    case WM_REASON_LIMIT:
        return WM_EFULL;
    default:
        return 0;
    }
}

} // namespace

void Lifecycle::set_close_reason(Connection &conn, int32_t reason, int32_t error, int32_t code, std::string_view text)
{
    if (conn.close_reason != 0)
        return; // the close event has the first cause
    conn.close_reason = static_cast<uint8_t>(reason);
    conn.close_error = static_cast<uint8_t>(-error);
    conn.close_code = code;
    if (conn.flags & kPiped)
        reactor_.pipes.closing(conn);
    if (text.empty())
        return;
    if (!conn.make_cold())
        return;
    conn.cold->close_text_len = static_cast<uint8_t>(std::min(text.size(), sizeof conn.cold->close_text));
    memcpy(conn.cold->close_text, text.data(), conn.cold->close_text_len);
}

void Lifecycle::close(Connection &conn, int32_t reason, int32_t code, std::string_view text)
{
    if (reason == WM_REASON_LOCAL)
        conn.set(kByHost);
    reactor_.outbox.commit(conn);
    if (conn.state > ConnState::kOpen)
        return;
    const Codec &codec = reactor_.codec(conn);
    if (conn.state < ConnState::kHandshake || codec.stream) { // nothing can be sent yet; or what was sent leaves in any case
        set_close_reason(conn, reason, error_of(reason), codec.abnormal_code, text);
        destroy(conn, reason, 0);
        return;
    }
    if (conn.close_error != 0 && !conn.has(kPeerEnded)) { // the peer hears why it ends, also when the host closes in the error event
        code = conn.close_code;
        text = conn.cold ? std::string_view(conn.cold->close_text, conn.cold->close_text_len) : std::string_view();
    }
    bool opened = conn.state == ConnState::kOpen;
    bool frame = opened && codec.close;
    if (!opened)
        conn.unset(kAboveHighWater); // no buffer_full was told, so no buffer_drain follows
    if (codec.has_handshake && !opened)
        reactor_.outbox.discard(conn); // queued for after a handshake that will not complete
    if (frame && code == 0)
        code = codec.close_code;
    set_close_reason(conn, reason, error_of(reason), frame ? code : int32_t{codec.abnormal_code}, text);
    bool await_frame = frame && !conn.has(kNoInput) && !conn.has(kPeerEnded);
    conn.state = await_frame ? ConnState::kCloseSent : ConnState::kClosing;
    if (!await_frame)
        conn.set(kNoInput);
    if (frame)
        codec.close(conn, code, text);
    if (conn.state == ConnState::kClosed)
        return; // the close frame met a broken socket
    // No message is delivered any more, so parse on: the peer's close frame may follow unparsed messages.
    conn.flags &= ~uint32_t{kPaused | kInputBlocked | kEnding | kEnded};
    if (frame || conn.has(kMoreHeld))
        reactor_.inbox.resume_parsing(conn);
    begin_close_timeout(conn);
    update_read(conn);
    reactor_.outbox.schedule_flush(conn);
}

void Lifecycle::begin_close_timeout(Connection &conn)
{
    conn.phase_deadline = reactor_.expiry.tick_after(conn.options().close_timeout_ms);
    reactor_.expiry.update(conn);
}

void Lifecycle::close_with_error(Connection &conn, int32_t reason, int32_t error, int32_t code, const char *text)
{
    if (conn.state == ConnState::kClosed)
        return;
    if (reactor_.codec(conn).stream) { // a datagram is refused, and the next may be right
        reactor_.dispatch.error(conn, error, text);
        conn.set(kNoInput);
        return;
    }
    bool opened = conn.state == ConnState::kOpen;
    bool deferred = opened && reactor_.dispatch.host_has_records(conn);
    const Codec &codec = reactor_.codec(conn);
    set_close_reason(conn, reason, error, opened && codec.close ? code : int32_t{codec.abnormal_code}, text);
    if (conn.state <= ConnState::kOpen)
        reactor_.dispatch.error(conn, error, text);
    conn.set(kNoInput);
    if (deferred) {
        reactor_.todos.add(conn, kTodoEnd);
    } else {
        close(conn, reason, code, text);
        if (conn.state == ConnState::kCloseSent)
            conn.state = ConnState::kClosing; // do not wait for the peer's close frame
        reactor_.outbox.schedule_flush(conn);
    }
    update_read(conn);
}

void Lifecycle::fail_attempt(Connection &conn, int32_t reason, int32_t error, int32_t number, const char *text)
{
    if (conn.state == ConnState::kClosed)
        return;
    tell_failure(conn, reason, error, number, text);
    destroy(conn, reason, number);
}

void Lifecycle::tell_failure(Connection &conn, int32_t reason, int32_t error, int32_t number, const char *text)
{
    conn.owner->failed(conn, error, text);
    const char *kept = *text != '\0' && conn.make_cold() ? conn.cold->keep_error_text(text) : nullptr;
    int32_t abnormal_code = reactor_.codec(conn).abnormal_code;
    set_close_reason(conn, reason, error, abnormal_code != 0 ? abnormal_code : number, text);
    reactor_.dispatch.error(conn, error, kept ? kept : wm_strerror(error));
}

void Lifecycle::end(Connection &conn)
{
    if (conn.state != ConnState::kOpen)
        return;
    if (conn.has(kPeerClosed))
        answer_close(conn);
    else if (conn.has(kPeerEnded) && (conn.close_reason == 0 || conn.close_reason == WM_REASON_PEER))
        end_of_stream(conn);
    else
        close(conn, conn.close_reason, conn.close_code,
              conn.cold ? std::string_view(conn.cold->close_text, conn.cold->close_text_len) : std::string_view());
}

void Lifecycle::destroy(Connection &conn, int32_t reason, int32_t number)
{
    if (reason == WM_REASON_LOCAL)
        conn.set(kByHost);
    if (conn.state == ConnState::kClosed)
        return;
    int32_t abnormal_code = reactor_.codec(conn).abnormal_code;
    int32_t error = reason == WM_REASON_ERROR ? code_of_errno(number) : error_of(reason);
    set_close_reason(conn, reason, error, abnormal_code != 0 ? abnormal_code : number, {});
    conn.state = ConnState::kClosed;
    conn.owner->heard(conn); // has nothing to say any more
    reactor_.loop.unwatch(conn);
    reactor_.outbox.discard(conn);
    reactor_.todos.add(conn, kTodoClose);
}

/// Whether an end of the connection leaves the peer with a part of a message.
bool Lifecycle::cuts_message(const Connection &conn) const
{
    const Codec &codec = reactor_.codec(conn);
    return codec.is_sending && codec.is_sending(conn);
}

void Lifecycle::reset(Connection &conn, int32_t reason)
{
    io::reset_on_close(conn.io, conn.fd());
    destroy(conn, reason, 0);
}

void Lifecycle::peer_ended(Connection &conn, int32_t code)
{
    if (code < 0)
        set_close_reason(conn, WM_REASON_PEER, code, reactor_.codec(conn).abnormal_code, last_error());
    conn.set(kPeerEnded);
    reactor_.loop.unwatch(conn, Watch::kRead);
    if (conn.todo & kTodoEnd)
        return;
    bool refusal_due = conn.todo & kTodoTurnedAway && conn.state <= ConnState::kOpen; // is the cause of the end, and goes first
    if (refusal_due || (reactor_.dispatch.host_has_records(conn) && conn.state == ConnState::kOpen))
        reactor_.todos.add(conn, kTodoEnd);
    else
        end_of_stream(conn);
}

int Lifecycle::shut_down(Connection &conn)
{
    if (conn.state > ConnState::kOpen)
        return fail(WM_ECLOSED, "the connection is closing");
    if (reactor_.codec(conn).stream)
        return fail(WM_ESTATE, "datagrams have no end of one side: wm_conn_close forgets the peer");
    if (!reactor_.codec(conn).can_shut_down())
        return fail(WM_ESTATE, "a %s connection has no end of one side alone: wm_conn_close ends it", reactor_.codec(conn).name);
    if (conn.has(kPipeTarget))
        return fail(WM_ESTATE, "another connection is piped to it: wm_conn_pipe(from, 0) ends that first");
    if (conn.has(kShutdown))
        return 0;
    reactor_.outbox.commit(conn);
    if (conn.state > ConnState::kOpen)
        return 0; // the socket broke: the host gets the close event
    conn.set(kShutdown);
    if (conn.state < ConnState::kOpen)
        return 0; // enter_open goes on
    if (conn.has(kPeerEnded))
        begin_close_timeout(conn);
    reactor_.outbox.flush(conn); // now, so that each later send meets an empty queue or one that waits for the kernel
    return 0;
}

void Lifecycle::send_shutdown(Connection &conn)
{
    if (conn.state != ConnState::kOpen || conn.has(kShutdownSent))
        return;
    end_write(conn);
    conn.set(kShutdownSent);
    if (conn.has(kPeerEnded) && !(conn.todo & kTodoEnd))
        destroy(conn, WM_REASON_PEER, 0);
}

bool Lifecycle::stays_half_open(const Connection &conn) const
{
    const Codec &codec = reactor_.codec(conn);
    if (conn.state != ConnState::kOpen || conn.has(kShutdownSent))
        return false;
    bool piped = conn.has(kPipeTarget) && codec.can_shut_down(); // until the source ends
    return piped || (codec.stays_half_open && codec.stays_half_open(conn));
}

void Lifecycle::end_of_stream(Connection &conn)
{
    if (conn.has(kPipeSource) && stays_half_open(conn))
        reactor_.pipes.source_ended(conn); // else as it closes
    bool stays = stays_half_open(conn);
    if (conn.state < ConnState::kOpen && conn.owner->client) {
        conn.owner->refused(conn, WM_ECLOSED, "the peer ended the connection before it was open");
        return;
    }
    if (conn.state < ConnState::kOpen || conn.state == ConnState::kLingering || (!stays && conn.sent_all())) {
        destroy_ended(conn);
        return;
    }
    if (!stays) {
        reactor_.outbox.commit(conn);
        if (conn.state > ConnState::kOpen)
            return;
        set_close_reason(conn, WM_REASON_PEER, 0, reactor_.codec(conn).abnormal_code, {});
        conn.state = ConnState::kClosing;
        conn.set(kNoInput);
        reactor_.outbox.schedule_flush(conn);
    }
    if (!conn.has(kPipeTarget))
        begin_close_timeout(conn);
}

/// Of a peer that has ended its side. A transport ends ours too.
void Lifecycle::destroy_ended(Connection &conn)
{
    if (conn.io && conn.state != ConnState::kLingering)
        end_write(conn);
    destroy(conn, WM_REASON_PEER, 0);
}

void Lifecycle::peer_closed(Connection &conn, int32_t code, std::string_view text)
{
    conn.set(kPeerClosed);
    conn.set(kNoInput);
    set_close_reason(conn, WM_REASON_PEER, 0, code, text);
    if (conn.state == ConnState::kOpen && reactor_.dispatch.host_has_records(conn)) {
        reactor_.todos.add(conn, kTodoEnd);
    } else if (conn.state == ConnState::kOpen) {
        answer_close(conn);
    } else {
        conn.state = ConnState::kClosing;
        reactor_.outbox.schedule_flush(conn);
    }
}

void Lifecycle::answer_close(Connection &conn)
{
    reactor_.outbox.commit(conn);
    if (conn.state > ConnState::kOpen)
        return;
    conn.state = ConnState::kClosing;
    reactor_.codec(conn).close(conn, conn.close_code, {});
    if (conn.state == ConnState::kClosed)
        return;
    begin_close_timeout(conn);
    reactor_.outbox.schedule_flush(conn);
}

void Lifecycle::advance(Connection &conn)
{
    // Not in kCloseSent: the server closes TCP after both close frames (RFC 6455 §7.1.1).
    if (conn.state != ConnState::kClosing || !conn.sent_all())
        return;
    if (cuts_message(conn)) {
        reset(conn, conn.close_reason);
        return;
    }
    if (conn.has(kPeerEnded)) {
        destroy_ended(conn);
        return;
    }
    // Both close frames are through, so nothing follows (RFC 6455 §7.1.1), and nothing unread makes close(2) a reset. A transport has
    // an end of its own to send.
    bool both_closed = conn.has(kPeerClosed), client = conn.owner->client;
    if (!conn.io && both_closed && !client && !conn.tail && !io::has_input(nullptr, conn.fd())) {
        destroy(conn, WM_REASON_PEER, 0);
        return;
    }
    // close(2) with unread input resets the connection, and the peer may lose what we sent last: wait for its
    // EOF. A websocket client leaves it to the server to be first.
    if (!conn.has(kShutdownSent) && !(both_closed && client))
        end_write(conn);
    conn.state = ConnState::kLingering;
    conn.set(kNoInput);
    update_read(conn);
}

void Lifecycle::end_write(Connection &conn)
{
    io::shutdown_write(conn.io, conn.fd());
    if (conn.parked() > 0)
        reactor_.outbox.wait_writable(conn);
}

void Lifecycle::write_progressed(Connection &conn)
{
    bool half_open = conn.state == ConnState::kOpen && conn.has(kPeerEnded) && conn.phase_deadline != 0;
    if (half_open || conn.state == ConnState::kClosing || conn.state == ConnState::kCloseSent)
        begin_close_timeout(conn);
    if (conn.cold && conn.cold->send_by != 0)
        reactor_.expiry.watch_send(conn, true);
    if (conn.has(kPipeTarget) || reactor_.codec(conn).answers_only)
        conn.last_active = reactor_.tick(); // what the peer takes is activity, too
}

void Lifecycle::half_open_changed(Connection &conn)
{
    if (conn.state == ConnState::kOpen && conn.has(kPeerEnded) && !(conn.todo & kTodoEnd))
        end_of_stream(conn);
}

void Lifecycle::finish(Connection &conn)
{
    bool announced = !conn.has(kUnannounced);
    if (announced && !reactor_.dispatch.may_close(conn))
        return;
    reactor_.notify_released(conn);
    const char *text = conn.cold ? conn.cold->close_text : "";
    size_t len = conn.cold ? conn.cold->close_text_len : 0;
    if (announced && !is_peer(conn))
        reactor_.dispatch.close(conn, conn.close_reason, conn.close_code, text, len);
    release(conn);
}

void Lifecycle::release(Connection &conn)
{
    if (!reactor_.forked && cuts_message(conn))
        io::reset_on_close(conn.io, conn.fd());
    reactor_.datagrams.peers -= is_peer(conn);
    end_codec(conn);
    reactor_.inbox.free_tail(conn);
    reactor_.outbox.discard(conn); // a control frame may be queued
    reactor_.deadlines.set(conn.slot, 0);
    conn.owner->remove(conn);
    delete conn.io;
    if (conn.fd() >= 0)
        conn.owner->close_fd(conn.fd());
    reactor_.retire(conn.user, conn.destroy_user);
    retire_callbacks(conn);
    if (reactor_.dispatch.polling() && conn.cold && (conn.cold->close_text_len > 0 || conn.cold->error_text))
        reactor_.inbox.keep_until_next_batch(conn.cold); // records refer to its texts
    else
        delete conn.cold;
    reactor_.connections.release(conn.slot);
}

void Lifecycle::destroy_all(int32_t reason)
{
    for (uint32_t slot = 0; slot < reactor_.connections.used(); slot++)
        if (reactor_.connections.live_at(slot))
            destroy(*reactor_.connections.at(slot), reason, 0);
}

void Lifecycle::abandon_all()
{
    for (uint32_t slot = 0; slot < reactor_.connections.used(); slot++)
        if (reactor_.connections.live_at(slot))
            release(*reactor_.connections.at(slot));
}

} // namespace wm
