// The part of Lifecycle that begins connections, makes their transports secure, and ends those whose transport has failed.
#include "conn/lifecycle.h"

#include "conn/reactor.h"
#include "core/error.h"
#include "net/transport.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace wm {

bool Lifecycle::make_transport(Connection &conn, const TransportKind &kind, void *settings)
{
    if (kind.make)
        conn.io = kind.make(settings);
    if (conn.io)
        conn.io->count_parked_in(&reactor_.queue_total);
    return conn.io || !kind.make;
}

void Lifecycle::begin(Connection &conn)
{
    bool has_handshake = conn.io || reactor_.codec(conn).has_handshake;
    if (has_handshake && !conn.owner->client && conn.phase_deadline == 0) { // a client's deadline is for the whole of it
        conn.phase_deadline = reactor_.expiry.tick_after(conn.owner->options.handshake_timeout_ms);
        reactor_.expiry.update(conn);
    }
    if (!conn.io) {
        begin_protocol(conn);
        return;
    }
    conn.state = ConnState::kSecuring;
    if (conn.io->speaks_first())
        continue_handshake(conn);
}

/// The proxy has connected, or its header has come: the endpoint's own transport begins.
void Lifecycle::leave_proxy(Connection &conn)
{
    if (!conn.owner->leave_proxy(conn))
        return;
    delete std::exchange(conn.io, nullptr);
    if (!make_transport(conn, *conn.owner->transport, conn.owner->transport_settings)) {
        destroy(conn, WM_REASON_ERROR, ENOMEM);
    } else if (conn.has(kUnannounced)) {
        conn.unset(kUnannounced);
        announce(conn);
    } else {
        begin(conn);
    }
}

void Lifecycle::proxy_failed(Connection &conn, const IoResult &result)
{
    if (result.kind == IoResult::Kind::kEnd)
        conn.owner->refused(conn, WM_ECLOSED, "the proxy ended the connection before it had connected");
    else if (result.code < 0)
        conn.owner->refused(conn, result.code, last_error());
    else
        conn.owner->refused(conn, code_of_errno(result.code), strerror(result.code));
}

/// The transport is ready.
void Lifecycle::begin_protocol(Connection &conn)
{
    const Codec &codec = reactor_.codec(conn);
    conn.state = ConnState::kHandshake;
    if (conn.flags & (kPaused | kPipeHeld))
        update_read(conn); // what was held before the connection was there
    if (!codec.has_handshake)
        open(conn);
    else if (codec.start)
        codec.start(conn);
}

bool Lifecycle::secure(Connection &conn)
{
    // The rest comes in the next turn: a storm of handshakes does not hold up those that are through theirs.
    bool cheap = conn.io->is_proxy();
    if (!cheap && handshakes_ >= conn.owner->options.tls_handshakes_per_turn)
        return false;
    handshakes_ += !cheap;
    conn.last_active = reactor_.tick();
    continue_handshake(conn);
    return conn.state >= ConnState::kHandshake && conn.state < ConnState::kLingering;
}

void Lifecycle::continue_handshake(Connection &conn)
{
    IoResult result = conn.io->secure(conn.fd());
    if (conn.parked() > 0)
        reactor_.outbox.wait_writable(conn);
    bool ended = result.kind == IoResult::Kind::kEnd || result.kind == IoResult::Kind::kFailed;
    if (ended && conn.io->is_proxy()) {
        proxy_failed(conn, result);
        return;
    }
    switch (result.kind) {
    case IoResult::Kind::kBlocked:
        break;
    case IoResult::Kind::kDone:
        if (conn.io->is_proxy())
            leave_proxy(conn);
        else
            begin_protocol(conn);
        update_read(conn); // a pause has waited for it
        break;
    case IoResult::Kind::kEnd:
        if (conn.io->speaks_first())
            fail_attempt(conn, WM_REASON_PEER, WM_ETLS, 0, "the server ended the connection in the TLS handshake");
        else
            destroy(conn, WM_REASON_PEER, 0);
        break;
    case IoResult::Kind::kFailed:
        io_failed(conn, result.code);
        break;
    }
}

void Lifecycle::io_failed(Connection &conn, int32_t code)
{
    bool securing = conn.state == ConnState::kSecuring;
    bool by_client = conn.io && conn.io->speaks_first();
    bool opening = conn.state == ConnState::kHandshake || conn.todo & kTodoOpen; // the host has not had its open event
    if (conn.close_reason == 0 && code >= 0 && opening && conn.owner->client) {
        char broke[160];
        snprintf(broke, sizeof broke, "the connection broke before it was open: %s", strerror(code));
        conn.owner->refused(conn, code_of_errno(code), broke);
        return;
    }
    if (conn.close_reason != 0 || (code >= 0 && !(securing && by_client))) {
        destroy(conn, WM_REASON_ERROR, code >= 0 ? code : EPROTO);
        return;
    }
    int32_t error = code < 0 ? code : code_of_errno(code);
    char text[512];
    snprintf(text, sizeof text, "%s%s", code < 0 ? "" : "the TLS handshake failed: ", code < 0 ? last_error() : strerror(code));
    if (!securing || by_client) {
        fail_attempt(conn, WM_REASON_ERROR, error, code < 0 ? 0 : code, text);
        return;
    }
    if (code == WM_EPROTOCOL)
        log_misdirected(conn, text);
    tell_failure(conn, WM_REASON_ERROR, error, 0, text);
    if (conn.state == ConnState::kClosed)
        return;
    // The client has an alert to read, or an answer: close(2) with unread input would take it away.
    reactor_.outbox.discard(conn);
    conn.state = ConnState::kClosing;
    conn.set(kNoInput);
    begin_close_timeout(conn);
    reactor_.outbox.schedule_flush(conn); // an alert may be parked
}

/// A peer that does not speak TLS came to a port that does.
void Lifecycle::log_misdirected(const Connection &conn, const char *text)
{
    LogThrottle &throttle = conn.owner->misdirected;
    if (throttle.due(reactor_.loop.now_ms()))
        throttle.log(WM_LOG_WARN, "%s: %s", conn.owner->display.c_str(), text);
}

} // namespace wm
