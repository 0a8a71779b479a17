// http://: parses requests into messages, and handles the deadlines and the end of an HTTP connection.
#include "conn/reactor.h"
#include "session/codecs.h"
#include "session/sessions.h"

#include <algorithm>

namespace wm {

namespace {

/// The rest of the request may take its time.
void head_has_come(Connection &conn)
{
    conn.owner->heard(conn);
    if (http_session(conn).access) [[unlikely]]
        conn.owner->reactor.sessions->requests.note_head_end(conn);
}

/// One time of body_timeout_ms has passed: the next, if enough has come in it.
void body_timed_out(Connection &conn)
{
    Reactor &reactor = conn.owner->reactor;
    const EndpointOptions &options = conn.owner->options;
    HttpSession &session = http_session(conn);
    int64_t least = options.body_min_rate * std::min<int64_t>(options.body_timeout_ms, INT32_MAX) / 1000;
    if (conn.bytes_read - session.arrived >= static_cast<uint64_t>(std::max<int64_t>(least, 1))) {
        session.arrived = conn.bytes_read;
        conn.phase_deadline = reactor.expiry.tick_after(options.body_timeout_ms);
        return;
    }
    reactor.sessions->requests.refuse(conn, 408, "the body of the request came slower than body_timeout_ms and body_min_rate allow",
                                      WM_REASON_TIMEOUT, session.head_method);
}

http::Limits limits_of(const Connection &conn)
{
    const EndpointOptions &options = conn.owner->options;
    http::Limits limits = http_limits(conn, conn.options().max_message);
    if (options.stream_body != 0) {
        limits.stream_body = true;
        limits.max_message = options.max_body != 0 ? static_cast<size_t>(options.max_body) : http::kMaxBody;
    }
    return limits;
}

/// What the host has made of a step.
struct Delivered {
    bool is_http; ///< false: the connection is a websocket
    size_t left;  ///< octets of a piece that the host has not taken
};

inline Delivered deliver(Connection &conn, StepKind kind, const http::Request &request)
{
    HttpRequests &requests = conn.owner->reactor.sessions->requests;
    bool begins = kind == StepKind::kMessage || kind == StepKind::kHead;
    if (conn.has(kTrustedPeer) && begins && !requests.take_forwarded(conn, request)) [[unlikely]]
        return {true, 0};
    if (kind == StepKind::kMessage) [[likely]]
        return {requests.deliver(conn, request), 0};
    if (kind == StepKind::kHead)
        return {requests.deliver_head(conn, request), 0};
    return {true, requests.deliver_piece(conn, request, kind == StepKind::kLastPiece)};
}

/// The parser has failed at what is there.
void refuse_wrong(Connection &conn, std::string_view rest)
{
    const http::Failure &failure = http_session(conn).parser.failure();
    if (!conn.has(kBodyInPieces))
        note_tls_hello(conn, rest);
    conn.owner->reactor.sessions->requests.refuse(conn, failure.status, failure.text, WM_REASON_PROTOCOL, begins_with_head(rest), rest);
}

Rest parse(Connection &conn, char *data, size_t len)
{
    Reactor &reactor = conn.owner->reactor;
    HttpSession &session = http_session(conn);
    http::KnownHead *known = reactor.sessions->requests.known_head(conn);
    http::Request request;
    bool ended = false;
    while (len > 0 && reactor.inbox.wants_next(conn)) {
        http::Limits limits = limits_of(conn); // each time: the host may have set options
        Step step = session.held.body == 0 ? session.parser.step(data, len, limits, request, known) : session.held.take(data, request);
        if (step.kind != StepKind::kMessage) [[unlikely]] {
            switch (step.kind) {
            case StepKind::kContinue:
                reactor.sessions->requests.send_continue(conn);
                continue;
            case StepKind::kMore:
                watch_arrival(conn, ended);
                session.head_method = begins_with_head({data, step.size});
                return {data, step.size, true, step.need};
            case StepKind::kFail:
                refuse_wrong(conn, {data, len});
                return {data, len, false};
            default:
                break;
            }
        }
        data += step.size;
        len -= step.size;
        session.more_behind = len > 0;
        ended = ended || step.kind == StepKind::kMessage || step.kind == StepKind::kLastPiece;
        Delivered delivery = deliver(conn, step.kind, request);
        if (!delivery.is_http) [[unlikely]] // frames may follow
            return reactor.codec(conn).parse(conn, data, len);
        if (delivery.left > 0) [[unlikely]] {
            size_t held = session.held.hold(data, request, delivery.left, step.kind);
            data -= held;
            len += held;
            break;
        }
    }
    watch_arrival(conn, ended);
    if (len > 0)
        session.head_method = begins_with_head({data, len});
    return {data, len, false};
}

int answer(Connection &conn, std::string_view payload, int32_t flags)
{
    if (flags & WM_SEND_RAW && !HttpRequests::is_sending(conn))
        return conn.owner->reactor.outbox.write(conn, {}, payload, flags, false);
    return conn.owner->reactor.sessions->requests.respond_oldest(conn, payload, flags);
}

bool is_quiet(const Connection &conn)
{
    return http_session(conn).count == 0 && !holds_part_of_request(conn);
}

/// A connection without a request is idle since the last octet that has come, or since an answer that was given later. While it has
/// one, the time to look again.
uint32_t keepalive_deadline(const Connection &conn)
{
    int64_t timeout = conn.owner->options.keepalive_timeout_ms;
    if (timeout == 0)
        return 0;
    bool idle = is_quiet(conn) && !http_session(conn).parser.in_message() && !conn.has(kPaused) && conn.sent_all();
    uint32_t since = idle ? conn.last_active : conn.owner->reactor.tick();
    return since + static_cast<uint32_t>(std::min<int64_t>(timeout / Deadlines::kTickMs + 1, INT32_MAX)) + 1;
}

uint32_t deadline(const Connection &conn)
{
    uint32_t nearest = keepalive_deadline(conn);
    if (http_session(conn).count == 0)
        return nearest;
    for (uint32_t at : {conn.owner->reactor.sessions->requests.answer_deadline(conn), HttpRequests::event_deadline(conn)})
        if (at != 0 && (nearest == 0 || at < nearest))
            nearest = at;
    return nearest;
}

void timed_out(Connection &conn)
{
    Reactor &reactor = conn.owner->reactor;
    HttpRequests &requests = reactor.sessions->requests;
    auto passed = [now = reactor.tick()](uint32_t at) { return at != 0 && at <= now; };
    if (passed(requests.answer_deadline(conn))) {
        requests.answer_late(conn);
        return;
    }
    if (passed(HttpRequests::event_deadline(conn))) {
        requests.keep_events_alive(conn);
        return;
    }
    if (conn.has(kPeerEnded)) {
        reactor.lifecycle.destroy(conn, WM_REASON_PEER, 0);
        return;
    }
    if (passed(keepalive_deadline(conn))) {
        reactor.lifecycle.close(conn, WM_REASON_TIMEOUT, 0, "no request within keepalive_timeout_ms");
        return;
    }
    if (http_session(conn).body_timed) {
        body_timed_out(conn);
        return;
    }
    requests.refuse(conn, 408, "the head of the request did not arrive within handshake_timeout_ms", WM_REASON_TIMEOUT,
                    http_session(conn).head_method);
}

void drained(Connection &conn)
{
    conn.owner->reactor.sessions->requests.unblock(conn);
}

/// A client may shut down its side and still wait for answers.
bool stays_half_open(const Connection &conn)
{
    return http_session(conn).owed() > 0;
}

void resumed(Connection &conn)
{
    conn.owner->reactor.sessions->requests.resume_body(conn);
    watch_arrival(conn, false);
}

/// The host may still answer pending requests, and the last answer closes the connection. No further request
/// is delivered: on_stop may have freed what the message callback needs.
bool finish(Connection &conn)
{
    HttpSession &session = http_session(conn);
    if (session.count == 0)
        return false;
    Reactor &reactor = conn.owner->reactor;
    conn.set(kNoInput);
    session.continue_due = false;
    reactor.inbox.free_tail(conn);
    if (!conn.has(kPeerEnded))
        conn.phase_deadline = 0; // no further head is read
    reactor.expiry.update(conn);
    reactor.lifecycle.update_read(conn);
    return true;
}

} // namespace

void watch_arrival(Connection &conn, bool another)
{
    if (conn.state != ConnState::kOpen || conn.has(kPeerEnded))
        return;
    HttpSession &session = http_session(conn);
    const EndpointOptions &options = conn.owner->options;
    bool body = session.parser.in_body();
    if (body)
        head_has_come(conn);
    bool awaited = session.parser.in_message() && !(conn.flags & (kInputBlocked | kPaused)) && !session.continue_due;
    bool arriving = awaited && (!body || options.body_timeout_ms > 0);
    if (arriving == (conn.phase_deadline != 0) && !(arriving && (another || body != session.body_timed)))
        return;
    Reactor &reactor = conn.owner->reactor;
    session.body_timed = body;
    session.arrived = conn.bytes_read;
    conn.phase_deadline = arriving ? reactor.expiry.tick_after(body ? options.body_timeout_ms : options.handshake_timeout_ms) : 0;
    reactor.expiry.update(conn);
}

const Codec kHttpCodec = {.name = "http",
                          .answers_only = true,
                          .alpn = "http/1.1,http/1.0",
                          .begin = begin_http_session,
                          .end = end_http_session,
                          .parse = parse,
                          .send = answer,
                          .timed_out = timed_out,
                          .deadline = deadline,
                          .drained = drained,
                          .resumed = resumed,
                          .stays_half_open = stays_half_open,
                          .is_sending = HttpRequests::is_sending,
                          .is_quiet = is_quiet,
                          .turn_away = turn_away_request,
                          .finish = finish};

} // namespace wm
