// websocket:// before it opens: the server's side of the opening handshake (RFC 6455 §4.2).
#include "session/websocket/handshake.h"

#include "conn/reactor.h"
#include "core/error.h"
#include "proto/http/fields.h"
#include "proto/http/response_writer.h"
#include "session/codecs.h"
#include "session/http/final_answer.h"
#include "session/sessions.h"
#include "session/websocket/control.h"
#include "session/websocket/subprotocol.h"

#include <cerrno>
#include <cstring>
#include <optional>

namespace wm {

namespace {

constexpr const char *kHasBody = "this is a websocket port: its requests have no body (RFC 6455 4.1)";

constexpr const char *kExtensions = "Sec-WebSocket-Extensions is malformed (RFC 6455 9.1)";

/// Chooses what the answer to a valid handshake says of permessage-deflate. False: the request breaks the grammar.
bool choose_deflate(const Connection &conn, std::string_view fields, websocket::DeflateTerms &out)
{
    std::optional<websocket::DeflateWish> wish = Deflates::wish_of(conn.owner->options);
    return !wish || websocket::choose_deflate(fields, *wish, out);
}

/// Whether that request is still unanswered: a callback may have answered, closed or freed the connection.
bool is_pending(const Connection &conn, uint64_t id)
{
    if (conn.state != ConnState::kHandshake || !has_http_session(conn))
        return false;
    const HttpRequest *request = http_session(conn).first;
    return request && request->id == id && !request->answered;
}

/// Refuses an invalid request; else asks the host if it handles handshakes, else accepts.
void receive(Connection &conn, const http::Request &request)
{
    Reactor &reactor = conn.owner->reactor;
    if (conn.has(kTrustedPeer) && !reactor.sessions->requests.take_forwarded(conn, request))
        return;
    websocket::Handshake checked = websocket::check_handshake(request);
    if (checked.status != 101) {
        reactor.sessions->requests.refuse(conn, checked.status, checked.text, WM_REASON_PROTOCOL, request.head, request.raw_head());
        return;
    }
    if (!choose_deflate(conn, request.fields, http_session(conn).deflate)) {
        reactor.sessions->requests.refuse(conn, 400, kExtensions, WM_REASON_PROTOCOL, request.head, request.raw_head());
        return;
    }
    if (int wrong = choose_subprotocol(conn, request.fields)) {
        if (wrong == WM_ENOMEM)
            reactor.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
        else
            reactor.sessions->requests.refuse(conn, 400, last_error(), WM_REASON_PROTOCOL, request.head, request.raw_head());
        return;
    }
    const Callback<wm_handshake_fn> &callback = conn.callback(&ConnCallbacks::handshake);
    bool record = !callback && reactor.dispatch.polling() && conn.owner->options.defer_handshake;
    HttpRequest *pending = reactor.sessions->requests.add(conn, request);
    if (!pending)
        return;
    pending->handshake = true;
    if (http_session(conn).access) [[unlikely]]
        reactor.sessions->requests.note_arrival(*pending);
    memcpy(pending->accept, checked.accept, sizeof pending->accept);
    uint64_t id = pending->id;
    conn.set(kInputBlocked);
    int32_t verdict = record ? int32_t{WM_PENDING} : 0;
    if (callback) {
        reactor.callback_watch.next("handshake");
        verdict = callback.fn(conn.owner->worker, Dispatch::id_of(conn), id, callback.user);
        reactor.sessions->requests.end_slices(id);
    } else if (record) {
        reactor.dispatch.handshake(conn, id, request.raw_head());
    }
    if (!is_pending(conn, id))
        return;
    if (verdict == WM_PENDING)
        reactor.lifecycle.update_read(conn);
    else if (verdict < 0)
        reject_handshake(reactor, *pending, 403, {}, "refused\n");
    else
        accept_handshake(*pending, {});
}

Rest parse(Connection &conn, char *data, size_t len)
{
    Reactor &reactor = conn.owner->reactor;
    http::Limits limits = http_limits(conn, 0);
    limits.methods = http::kKnownMethods; // check_handshake() says that others than GET are none of a websocket
    while (len > 0 && reactor.inbox.wants_next(conn)) {
        http::RequestParser &parser = http_session(conn).parser;
        http::Request request;
        Step step = parser.step(data, len, limits, request);
        if (step.kind == StepKind::kContinue)
            continue; // a handshake has no body to wait for
        if (step.kind == StepKind::kMore) {
            http_session(conn).head_method = begins_with_head({data, step.size});
            return {data, step.size, true, step.need};
        }
        if (step.kind == StepKind::kFail) {
            const http::Failure &failure = parser.failure();
            note_tls_hello(conn, {data, len});
            bool has_body = &failure == &http::failure_of(http::Error::kBodyLong); // the limit is no option: it is 0
            reactor.sessions->requests.refuse(conn, failure.status, has_body ? kHasBody : failure.text, WM_REASON_PROTOCOL,
                                              begins_with_head({data, len}), {data, len});
            return {data, len, false};
        }
        data += step.size;
        len -= step.size;
        receive(conn, request);
        if (!has_http_session(conn)) // accepted: frames may follow the request
            return reactor.codec(conn).parse(conn, data, len);
    }
    return {data, len, false};
}

void timed_out(Connection &conn)
{
    if (http_session(conn).first) { // the peer has done its part
        conn.owner->reactor.sessions->requests.refuse(conn, 503, "the handshake was not decided within handshake_timeout_ms",
                                                      WM_REASON_TIMEOUT, false);
        return;
    }
    conn.owner->reactor.sessions->requests.refuse(conn, 408, "no websocket handshake within handshake_timeout_ms", WM_REASON_TIMEOUT,
                                                  http_session(conn).head_method);
}

/// The connection of a pending handshake; nullptr with WM_ECLOSED.
Connection *find_pending(const HttpRequest &request)
{
    if (request.handshake && request.conn.state == ConnState::kHandshake && !request.conn.has(kNoInput)) // kNoInput: it is being refused
        return &request.conn;
    fail(WM_ECLOSED, "no handshake waits at this id");
    return nullptr;
}

/// Switches to the websocket's codec behind the answer 101.
using Switch = void (Lifecycle::*)(Connection &conn, uint8_t codec, std::string_view answer);

/// Where there is no room for its windows, the offer of permessage-deflate is declined.
int answer_handshake(Connection &conn, const char accept[websocket::kAcceptSize], websocket::DeflateTerms terms, std::string_view fields,
                     Switch change)
{
    Reactor &reactor = conn.owner->reactor;
    if (int wrong = reactor.outbox.check_size(fields.size()))
        return wrong;
    std::string_view own, chosen = subprotocol_of(conn);
    if (const char *error = websocket::check_answer_fields(fields, own))
        return fail(WM_EINVAL, "bad header lines for a handshake: %s", error);
    HeadBuffer buffer(websocket::kAnswerSize + websocket::kMaxExtensionAnswer + chosen.size() + fields.size());
    if (!buffer.data())
        return fail(WM_ENOMEM, "out of memory for the answer of a handshake");
    if (int wrong = own.empty() ? 0 : set_subprotocol(conn, own))
        return wrong;
    bool deflate = terms.agreed() && reactor.sessions->deflates.prepare(Role::kServer, terms);
    char room[websocket::kMaxExtensionAnswer];
    std::string_view extension(room, deflate ? websocket::write_deflate_answer(room, terms) : 0);
    std::string_view protocol = own.empty() ? subprotocol_of(conn) : std::string_view(); // else the host's lines have it
    std::string_view answer(buffer.data(), websocket::write_answer(buffer.data(), accept, extension, protocol, fields));
    reactor.sessions->requests.note_answer(*http_session(conn).first, 101, 0);
    (reactor.lifecycle.*change)(conn, static_cast<uint8_t>(deflate ? CodecRow::kDeflate : CodecRow::kWebsocket), answer);
    return 0;
}

} // namespace

int accept_handshake(HttpRequest &request, std::string_view fields)
{
    Connection *conn = find_pending(request);
    return conn ? answer_handshake(*conn, request.accept, http_session(*conn).deflate, fields, &Lifecycle::upgrade) : WM_ECLOSED;
}

int upgrade_request(HttpRequest &request, std::string_view fields)
{
    Connection &conn = request.conn;
    if (request.answered || request.handshake || conn.state != ConnState::kOpen)
        return HttpRequests::not_answerable(request);
    if (conn.has(kPeerEnded))
        return fail(WM_ECLOSED, "the peer has ended its side, so that it cannot answer a close frame");
    if (conn.owner->reactor.shutting_down)
        return fail(WM_ESTATE, "the process is about to end: answer with 503, and the page finds another when it connects again");
    if (http_session(conn).count != 1)
        return fail(WM_ESTATE, "%u other requests of this connection have no answer yet", http_session(conn).count - 1);
    if (!http::any_has_token(request.slices.fields, "Upgrade", "websocket"))
        return fail(WM_EPROTOCOL, "no websocket handshake: Upgrade: websocket is missing (RFC 6455 4.2.1)");
    websocket::Handshake checked = websocket::check_handshake(request.slices);
    if (checked.status != 101)
        return fail(WM_EPROTOCOL, "no websocket handshake: %s", checked.text);
    if (request.slices.in_pieces)
        return fail(WM_EPROTOCOL, "no websocket handshake: it has no body (RFC 6455 4.1)");
    if (request.close_after)
        return fail(WM_EPROTOCOL, "no websocket handshake: Connection: close ends the connection behind the answer (RFC 9112 9.6)");
    websocket::DeflateTerms deflate;
    if (!choose_deflate(conn, request.slices.fields, deflate))
        return fail(WM_EPROTOCOL, "no websocket handshake: %s", kExtensions);
    if (int wrong = choose_subprotocol(conn, request.slices.fields))
        return wrong;
    return answer_handshake(conn, checked.accept, deflate, fields, &Lifecycle::change_codec);
}

int reject_handshake(Reactor &reactor, HttpRequest &request, int status, std::string_view fields, std::string_view body)
{
    Connection *conn = find_pending(request);
    if (!conn)
        return WM_ECLOSED;
    if (status < 300 || status > 599)
        return fail(WM_EINVAL, "status %d is not from 300 to 599", status);
    if (int wrong = reactor.outbox.check_size(fields.size() + body.size()))
        return wrong;
    bool wants_close = false;
    if (const char *error = http::check_fields(fields, wants_close))
        return fail(WM_EINVAL, "bad header lines: %s", error);
    FinalAnswer out(reactor.sessions->requests.date(), status, fields, body);
    if (!out.ok())
        return fail(WM_ENOMEM, "out of memory for the answer of a handshake");
    conn->unset(kInputBlocked);
    reactor.lifecycle.close(*conn, WM_REASON_LOCAL, 0, "handshake refused");
    std::string_view content = http::has_content(status) ? body : std::string_view();
    if (reactor.outbox.write(*conn, out.head(), content, 0, true) >= 0)
        reactor.sessions->requests.note_answer(request, status, content.size());
    reactor.sessions->requests.drop_all(*conn); // after the write: body may be a slice of the request
    return 0;
}

const Codec kHandshakeCodec = {.name = "websocket",
                               .has_handshake = true,
                               .carries_bytes = true,
                               .alpn = "http/1.1,http/1.0",
                               .abnormal_code = websocket::kAbnormal,
                               .begin = begin_http_session,
                               .end = end_http_session,
                               .parse = parse,
                               .frame = frame_message,
                               .timed_out = timed_out,
                               .turn_away = turn_away_request};

} // namespace wm
