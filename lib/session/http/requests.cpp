#include "session/http/requests.h"

#include "core/error.h"
#include "proto/http/response_writer.h"
#include "worker/app.h"
#include "worker/handles.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

namespace wm {

namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::string_view kPlain = "Content-Type: text/plain;charset=utf-8\r\n";
constexpr size_t kSmallHead = 1024;

/// Room for a head: on the stack, unless a host's header lines are long.
class HeadBuffer {
public:
    explicit HeadBuffer(size_t size) : heap_(size > kSmallHead ? static_cast<char *>(malloc(size)) : nullptr), small_(size <= kSmallHead) {}
    HeadBuffer(const HeadBuffer &) = delete;
    HeadBuffer &operator=(const HeadBuffer &) = delete;
    ~HeadBuffer() { free(heap_); }

    char *data() { return small_ ? stack_ : heap_; }

private:
    char *heap_;
    bool small_;
    char stack_[kSmallHead];
};

/// RFC 9110 §6.4.1: whether an answer with that status to that request has a body.
bool has_body(const HttpRequest &request, int status)
{
    return !request.slices.head && status != 204 && status != 304;
}

} // namespace

HttpRequest::~HttpRequest()
{
    free(kept);
    free(answer);
}

uint64_t HttpRequests::id_of(uint32_t slot) const
{
    return pack_id(IdKind::kRequest, app_.index(), slot, table_.generation_of(slot));
}

bool HttpRequests::readable(const HttpRequest &request) const
{
    return request.slice_epoch == HttpRequest::kKept || request.slice_epoch == app_.slice_epoch;
}

uint32_t HttpRequests::add(Connection &conn, const http::Request &slices)
{
    uint32_t slot = table_.acquire();
    if (slot == HttpSession::kNone) {
        app_.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
        return slot;
    }
    HttpRequest &request = *table_.at(slot);
    request.slices = slices;
    request.conn = Dispatch::id_of(conn);
    request.slice_epoch = app_.slice_epoch;
    HttpSession &session = *conn.http;
    if (session.last == HttpSession::kNone)
        session.first = slot;
    else
        table_.at(session.last)->next = slot;
    session.last = slot;
    session.count++;
    return slot;
}

void HttpRequests::pop(Connection &conn)
{
    HttpSession &session = *conn.http;
    uint32_t slot = session.first;
    session.first = table_.at(slot)->next;
    if (session.first == HttpSession::kNone)
        session.last = HttpSession::kNone;
    session.count--;
    if (session.current == slot)
        session.current = HttpSession::kNone;
    table_.release(slot);
}

void HttpRequests::drop_all(Connection &conn)
{
    while (conn.http->first != HttpSession::kNone)
        pop(conn);
}

void HttpRequests::arrived(Connection &conn, const http::Request &request)
{
    uint32_t slot = add(conn, request);
    if (slot == HttpSession::kNone)
        return;
    table_.at(slot)->close_after = !request.keep_alive;
    if (!request.keep_alive)
        conn.set(kNoInput); // nothing that follows is a request (RFC 9112 §9.6)
    HttpSession &session = *conn.http;
    session.continue_due = false; // the body came without it
    if (session.count >= static_cast<uint32_t>(conn.owner->options.max_pipelined))
        conn.set(kInputBlocked);
    session.current = slot;
    uint64_t id = id_of(slot);
    app_.dispatch.message(conn, request.body.data(), request.body.size(), WM_KIND_HTTP, id);
    session.current = HttpSession::kNone;
    if (conn.owner->callbacks.message)
        end_slices(id);
    else if (!app_.dispatch.polling())
        respond_oldest(conn, {}, 0); // nobody listens: an empty answer rather than silence
    // Who asks and does not read the answers is asked to wait: what it sends stays in its own socket.
    if (conn.has(kAboveHighWater))
        conn.set(kInputBlocked);
    if (conn.has(kInputBlocked))
        app_.lifecycle.update_read(conn);
}

void HttpRequests::unblock(Connection &conn)
{
    bool room = conn.http->count < static_cast<uint32_t>(conn.owner->options.max_pipelined);
    if (!conn.has(kInputBlocked) || !room || conn.has(kAboveHighWater) || conn.state != ConnState::kOpen)
        return;
    conn.unset(kInputBlocked);
    if (conn.tail)
        app_.todos.add(conn, kTodoInput);
    app_.lifecycle.update_read(conn);
}

/// The callback is through: what it did not keep or answer has no slices any more.
void HttpRequests::end_slices(uint64_t id)
{
    Id parts = unpack_id(id);
    HttpRequest *request = table_.find(parts.slot, parts.generation);
    if (request && request->slice_epoch != HttpRequest::kKept)
        request->slice_epoch = HttpRequest::kEnded;
}

void HttpRequests::expects_continue(Connection &conn)
{
    // RFC 9110 §10.1.1, and in the order of the answers before it.
    if (conn.http->count == 0)
        app_.outbox.write(conn, {}, kContinue, 0, true);
    else
        conn.http->continue_due = true;
}

std::string_view HttpRequests::date()
{
    time_t now = time(nullptr);
    if (now != date_time_) {
        http::format_date(now, date_);
        date_time_ = now;
    }
    return {date_, http::kDateSize};
}

// ---- answers

int HttpRequests::answer(Connection &conn, HttpRequest &request, int status, std::string_view fields, std::string_view body,
                         bool default_type, int32_t flags, bool exempt)
{
    http::ResponseHead head;
    head.status = status;
    head.fields = fields;
    head.content_length = body.size();
    head.with_length = status != 304;
    head.minor = request.slices.minor;
    head.date = date();
    head.default_type = default_type;
    bool front = &request == table_.at(conn.http->first);
    bool last = front && leaves(conn);
    head.keep_alive = !request.close_after && !last;
    HeadBuffer buffer(http::head_bound(fields.size()));
    if (!buffer.data())
        return fail(WM_ENOMEM, "out of memory for a response head");
    std::string_view text(buffer.data(), http::write_head(buffer.data(), head));
    if (!has_body(request, status))
        body = {};
    if (!front)
        return store(conn, request, text, body);
    bool close_after = request.close_after;
    int result = app_.outbox.write(conn, text, body, flags, exempt);
    if (result < 0)
        return result;
    pop(conn);
    answered(conn, close_after, last);
    return result;
}

int HttpRequests::store(Connection &conn, HttpRequest &request, std::string_view head, std::string_view body)
{
    size_t limit = static_cast<size_t>(conn.owner->options_of(conn).max_send_buffer);
    if (conn.http->stored > limit)
        return fail(WM_EFULL, "%zu bytes of answers wait for those before them, over max_send_buffer (%zu)", conn.http->stored, limit);
    request.answer = static_cast<char *>(malloc(head.size() + body.size()));
    if (!request.answer)
        return fail(WM_ENOMEM, "out of memory for a response of %zu bytes", body.size());
    memcpy(request.answer, head.data(), head.size());
    if (!body.empty())
        memcpy(request.answer + head.size(), body.data(), body.size());
    request.answer_len = head.size() + body.size();
    conn.http->stored += request.answer_len;
    request.answered = true;
    return 0;
}

/// The app is leaving, and the next answer is the last that this connection has to wait for.
bool HttpRequests::leaves(const Connection &conn) const
{
    return conn.http->count == 1 && app_.departure.asked() && app_.departure.is_last(conn);
}

/// One answer is out: those behind it that are ready follow, or the connection ends.
void HttpRequests::answered(Connection &conn, bool close_after, bool leaves)
{
    if (close_after || leaves)
        app_.lifecycle.close(conn, close_after ? WM_REASON_LOCAL : WM_REASON_STOP, 0, {});
    else
        drain(conn);
}

int HttpRequests::write_stored(Connection &conn, const HttpRequest &request, bool leaves)
{
    std::string_view answer(request.answer, request.answer_len);
    if (!leaves)
        return app_.outbox.write(conn, {}, answer, 0, true);
    std::string_view head = answer.substr(0, answer.find("\r\n\r\n") + 4);
    std::string closing(http::closing_bound(head.size()), '\0');
    closing.resize(http::write_closing(closing.data(), head));
    return app_.outbox.write(conn, closing, answer.substr(head.size()), 0, true);
}

void HttpRequests::drain(Connection &conn)
{
    HttpSession &session = *conn.http;
    while (conn.state == ConnState::kOpen && session.first != HttpSession::kNone && table_.at(session.first)->answered) {
        HttpRequest &request = *table_.at(session.first);
        bool close_after = request.close_after;
        bool last = !close_after && leaves(conn);
        session.stored -= request.answer_len;
        if (write_stored(conn, request, last) < 0) {
            app_.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM); // an answer that is lost would shift all that follow
            return;
        }
        pop(conn);
        if (close_after || last)
            app_.lifecycle.close(conn, close_after ? WM_REASON_LOCAL : WM_REASON_STOP, 0, {});
    }
    if (conn.state != ConnState::kOpen)
        return;
    if (session.count == 0 && session.continue_due) {
        session.continue_due = false;
        app_.outbox.write(conn, {}, kContinue, 0, true);
    }
    if (session.count == 0 && conn.has(kPeerEnded))
        app_.lifecycle.close(conn, WM_REASON_PEER, 0, {});
    else
        unblock(conn);
}

namespace {

/// The connection of an id that belongs to this app.
Connection *connection_of(App &app, uint64_t id)
{
    Id parts = unpack_id(id);
    return app.connections.find(parts.slot, parts.generation);
}

} // namespace

int HttpRequests::respond(HttpRequest &request, int status, std::string_view fields, std::string_view body, int32_t flags)
{
    Connection *conn = connection_of(app_, request.conn);
    if (!conn || request.answered || request.handshake || conn->state != ConnState::kOpen)
        return fail(WM_ECLOSED,
                    request.handshake ? "a handshake is answered by wm_handshake_accept or _reject" : "the request is answered or gone");
    if (status < 200 || status > 599)
        return fail(WM_EINVAL, "status %d is not from 200 to 599", status);
    bool wants_close = false;
    if (const char *wrong = http::check_fields(fields, wants_close))
        return fail(WM_EINVAL, "bad header lines: %s", wrong);
    request.close_after = request.close_after || wants_close;
    return answer(*conn, request, status, fields, body, false, flags, false);
}

int HttpRequests::respond_oldest(Connection &conn, std::string_view body, int32_t flags)
{
    uint32_t slot = conn.http ? conn.http->first : HttpSession::kNone;
    while (slot != HttpSession::kNone && table_.at(slot)->answered)
        slot = table_.at(slot)->next;
    if (slot == HttpSession::kNone)
        return fail(WM_ESTATE, "no request of this connection waits for an answer");
    return answer(conn, *table_.at(slot), 200, {}, body, true, flags, false);
}

bool HttpRequests::is_head(std::string_view seen)
{
    size_t start = seen.find_first_not_of("\r\n");
    return start != std::string_view::npos && seen.substr(start).starts_with("HEAD ");
}

void HttpRequests::refuse(Connection &conn, int status, const char *text, int32_t reason, bool head_only)
{
    if (conn.state > ConnState::kOpen)
        return;
    conn.set(kNoInput);
    if (conn.state == ConnState::kHandshake || conn.http->count == 0) {
        refuse_now(conn, status, text, reason, head_only);
        return;
    }
    // Requests before it are unanswered: the refusal is the last answer in the line.
    app_.dispatch.error(conn, WM_EPROTOCOL, text);
    http::Request nobody = {};
    nobody.minor = 1;
    nobody.head = head_only;
    uint32_t slot = add(conn, nobody);
    if (slot == HttpSession::kNone)
        return;
    conn.phase_deadline = 0; // the head that was late is not waited for any more
    conn.http->continue_due = false;
    HttpRequest &request = *table_.at(slot);
    request.close_after = true;
    answer(conn, request, status, kPlain, std::string(text) + "\n", false, 0, true);
    app_.lifecycle.update_read(conn);
}

void HttpRequests::refuse_now(Connection &conn, int status, const char *text, int32_t reason, bool head_only)
{
    std::string body = std::string(text) + "\n";
    std::string fields(kPlain);
    if (status == 426) // RFC 9110 §15.5.22, RFC 6455 §4.4
        fields += "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    http::ResponseHead head;
    head.status = status;
    head.fields = fields;
    head.content_length = body.size();
    head.keep_alive = false;
    head.date = date();
    std::string out(http::head_bound(fields.size()), '\0');
    out.resize(http::write_head(out.data(), head));
    app_.lifecycle.fault(conn, reason, reason == WM_REASON_TIMEOUT ? WM_ETIMEDOUT : WM_EPROTOCOL, 0, text);
    app_.outbox.write(conn, out, head_only ? std::string_view() : std::string_view(body), 0, true);
}

// ---- handshakes

void HttpRequests::handshake(Connection &conn, const http::Request &request)
{
    websocket::Handshake checked = websocket::check_handshake(request);
    if (checked.status != 101) {
        refuse(conn, checked.status, checked.text, WM_REASON_PROTOCOL, request.head);
        return;
    }
    const ConnCallbacks &callbacks = conn.owner->callbacks;
    bool record = !callbacks.handshake && app_.dispatch.polling() && conn.owner->options.defer_handshake;
    uint32_t slot = add(conn, request);
    if (slot == HttpSession::kNone)
        return;
    HttpRequest &pending = *table_.at(slot);
    pending.handshake = true;
    memcpy(pending.accept, checked.accept, sizeof pending.accept);
    uint64_t id = id_of(slot);
    conn.set(kInputBlocked);
    int32_t verdict = record ? int32_t{WM_PENDING} : 0;
    if (callbacks.handshake) {
        verdict = callbacks.handshake.fn(conn.owner->worker, Dispatch::id_of(conn), id, callbacks.handshake.user);
        end_slices(id);
    } else if (record) {
        app_.dispatch.handshake(conn, id);
    }
    // The callback may have answered, closed, or freed what it was asked about.
    if (conn.state != ConnState::kHandshake || !conn.http || conn.http->first != slot || table_.at(slot)->answered)
        return;
    if (verdict == WM_PENDING)
        app_.lifecycle.update_read(conn);
    else if (verdict < 0)
        reject(pending, 403, "refused\n");
    else
        accept(pending, {});
}

int HttpRequests::accept(HttpRequest &request, std::string_view fields)
{
    Connection *conn = connection_of(app_, request.conn);
    if (!conn || !request.handshake || conn->state != ConnState::kHandshake)
        return fail(WM_ECLOSED, "no handshake waits at this id");
    bool wants_close = false;
    const char *wrong = http::check_fields(fields, wants_close);
    if (wrong || wants_close)
        return fail(WM_EINVAL, "bad header lines for a handshake: %s", wrong ? wrong : "Connection: close");
    std::string answer(websocket::kAnswerSize + fields.size(), '\0');
    answer.resize(websocket::write_answer(answer.data(), request.accept, fields));
    drop_all(*conn);
    conn->unset(kInputBlocked);
    app_.lifecycle.open(*conn, answer);
    if (conn->state == ConnState::kClosed)
        return 0; // its socket broke, or the open callback has ended it
    if (conn->tail)
        app_.todos.add(*conn, kTodoInput);
    app_.lifecycle.update_read(*conn);
    return 0;
}

int HttpRequests::reject(HttpRequest &request, int status, std::string_view body)
{
    Connection *conn = connection_of(app_, request.conn);
    if (!conn || !request.handshake || conn->state != ConnState::kHandshake)
        return fail(WM_ECLOSED, "no handshake waits at this id");
    if (status < 300 || status > 599)
        return fail(WM_EINVAL, "status %d is not from 300 to 599", status);
    http::ResponseHead head;
    head.status = status;
    head.fields = kPlain;
    head.content_length = body.size();
    head.keep_alive = false;
    head.date = date();
    std::string out(http::head_bound(kPlain.size()), '\0');
    out.resize(http::write_head(out.data(), head));
    out += body; // may be a slice of the request, which ends here
    drop_all(*conn);
    conn->unset(kInputBlocked);
    app_.lifecycle.close(*conn, WM_REASON_LOCAL, 0, "handshake refused");
    app_.outbox.write(*conn, out, {}, 0, true);
    return 0;
}

int HttpRequests::keep(HttpRequest &request)
{
    if (request.slice_epoch == HttpRequest::kKept)
        return 0;
    if (!readable(request))
        return fail(WM_ESTATE, "the request's slices have ended: keep it in the callback, or before the next poll");
    const http::Request &old = request.slices;
    const char *begin = old.method.data();
    const char *end = old.fields.data() + old.fields.size();
    size_t head_len = static_cast<size_t>(end - begin);
    char *copy = static_cast<char *>(malloc(head_len + old.body.size() + 1));
    if (!copy)
        return fail(WM_ENOMEM, "out of memory to keep a request");
    memcpy(copy, begin, head_len);
    if (!old.body.empty())
        memcpy(copy + head_len, old.body.data(), old.body.size());
    http::Request kept = old;
    for (std::string_view *slice : {&kept.method, &kept.target, &kept.path, &kept.query, &kept.fields, &kept.authority})
        if (slice->data() >= begin && slice->data() <= end) // "/" of an absolute form without a path stands elsewhere
            *slice = {copy + (slice->data() - begin), slice->size()};
    kept.body = {copy + head_len, old.body.size()};
    request.kept = copy;
    request.slices = kept;
    request.slice_epoch = HttpRequest::kKept;
    return 0;
}

} // namespace wm
