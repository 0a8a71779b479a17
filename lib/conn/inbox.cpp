#include "conn/inbox.h"

#include "net/stream.h"
#include "worker/app.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace wm {

Inbox::~Inbox()
{
    begin_batch();
    free(arena_);
}

void Inbox::begin_batch()
{
    for (Tail *tail : batch_tails_)
        free(tail);
    batch_tails_.clear();
    for (char *text : batch_texts_)
        free(text);
    batch_texts_.clear();
    used_ = 0;
}

const char *Inbox::keep(const char *text, size_t len)
{
    char *copy = static_cast<char *>(malloc(len + 1));
    if (!copy)
        return "";
    memcpy(copy, text, len);
    copy[len] = '\0';
    batch_texts_.push_back(copy);
    return copy;
}

// ---- tails

Tail *Inbox::make_tail(Connection &conn, size_t capacity)
{
    bool over = assembled_ + capacity > static_cast<size_t>(app_.options.max_assembly_total);
    Tail *tail = over ? nullptr : Tail::make(capacity);
    if (!tail) {
        over_assembly(conn);
        return nullptr;
    }
    assembled_ += capacity;
    return tail;
}

void Inbox::over_assembly(Connection &conn)
{
    app_.lifecycle.fault(conn, WM_REASON_LIMIT, WM_EFULL, websocket::kTryAgainLater, "incomplete messages are over max_assembly_total");
}

/// While the host has records of the connection, its bytes may stand in them: it is freed with the batch.
void Inbox::retire_tail(const Connection &conn, Tail *tail)
{
    assembled_ -= tail->capacity;
    if (app_.dispatch.awaits_host(conn))
        batch_tails_.push_back(tail);
    else
        free(tail);
}

void Inbox::free_tail(Connection &conn)
{
    if (conn.tail)
        retire_tail(conn, conn.tail);
    conn.tail = nullptr;
}

/// Makes data the connection's tail. data may stand in the arena or in the present tail.
bool Inbox::keep_tail(Connection &conn, const char *data, size_t len)
{
    Tail *old = conn.tail;
    bool shown = app_.dispatch.awaits_host(conn);
    if (old && data == old->data() && !shown) {
        old->end = old->begin + len;
        return true;
    }
    bool inside = old && data >= old->data() && data <= old->data() + old->size();
    if (old && inside && (!shown || app_.dispatch.full())) {
        // Parsed in place: what is consumed is skipped, nothing moves. A batch that is full is over before anything else reads into it.
        old->begin += static_cast<size_t>(data - old->data());
        old->end = old->begin + len;
        return true;
    }
    if (old && !inside && old->capacity >= len) {
        old->begin = 0;
        old->end = len;
        memcpy(old->data(), data, len);
        return true;
    }
    Tail *fresh = make_tail(conn, std::max<size_t>(len + len / 2, 256));
    if (!fresh)
        return false;
    memcpy(fresh->data(), data, len);
    fresh->end = len;
    if (old)
        retire_tail(conn, old);
    conn.tail = fresh;
    return true;
}

/// Room behind the tail's bytes: twice of what it has, so that a long message costs its length and not its square.
bool Inbox::grow_tail(Connection &conn)
{
    Tail *old = conn.tail;
    if (old->free_size() >= kCopyTail)
        return true;
    bool movable = !app_.dispatch.awaits_host(conn);
    if (movable && old->begin > 0 && old->capacity - old->size() >= std::max(old->size() / 2, kCopyTail)) {
        size_t len = old->size();
        char *from = old->data();
        old->begin = 0;
        old->end = len;
        memmove(old->data(), from, len);
        return true;
    }
    Tail *fresh = make_tail(conn, std::max(old->size() * 2, 4 * kCopyTail));
    if (!fresh)
        return false;
    memcpy(fresh->data(), old->data(), old->size());
    fresh->end = old->size();
    retire_tail(conn, old);
    conn.tail = fresh;
    return true;
}

// ---- reading

void Inbox::readable(Connection *conn)
{
    conn->owner->app.inbox.read(*conn);
}

bool Inbox::wants(const Connection &conn) const
{
    if (conn.flags & (kPaused | kInputBlocked | kNoInput) || conn.todo & kTodoOpen)
        return false;
    // After our close frame the peer's is still awaited.
    bool parses = conn.state <= ConnState::kOpen || (conn.state == ConnState::kClosing && conn.has(kCloseSent));
    const ConnCallbacks &callbacks = conn.owner->callbacks;
    bool room = app_.dispatch.room(callbacks.message) && app_.dispatch.room(callbacks.error);
    return parses && room && (conn.state != ConnState::kHandshake || app_.dispatch.room(callbacks.handshake));
}

ssize_t Inbox::receive(Connection &conn, char *out, size_t len)
{
    ssize_t got = stream::receive(conn.fd, out, len);
    if (got > 0) {
        conn.bytes_read += static_cast<uint64_t>(got);
        conn.last_active = app_.tick();
        if (conn.has(kAwaitPong)) {
            // Whatever comes shows that the peer lives; a pong may stand behind megabytes of it.
            conn.unset(kAwaitPong);
            app_.expiry.alive(conn);
        }
    } else if (got == 0) {
        app_.lifecycle.peer_ended(conn);
    } else if (errno != EAGAIN && errno != EINTR) {
        app_.lifecycle.destroy(conn, WM_REASON_ERROR, errno);
    }
    return got;
}

void Inbox::read(Connection &conn)
{
    if (conn.has(kNoInput)) {
        discard(conn);
        return;
    }
    if (!arena_) {
        arena_ = static_cast<char *>(malloc(kArenaSize + kPadding));
        if (!arena_) {
            app_.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
            return;
        }
    }
    if (conn.todo & (kTodoInput | kTodoOpen)) {
        app_.todos.run();
        if (!app_.connections.live_at(conn.slot) || conn.state == ConnState::kClosed)
            return;
    }
    if (app_.dispatch.full() || kArenaSize - used_ < kMinRoom) {
        app_.loop.break_turn();
        return;
    }
    if (!wants(conn))
        return; // what made it so has seen to the read interest
    if (conn.tail && conn.tail->size() > kCopyTail)
        read_to_tail(conn);
    else
        read_to_arena(conn);
}

/// The peer may still be sending: it is read, so that it can finish and read our last words, and thrown away.
void Inbox::discard(Connection &conn)
{
    char scratch[kCopyTail]; // not the arena: a poll's records may fill it to the last byte
    receive(conn, scratch, sizeof scratch);
}

void Inbox::read_to_arena(Connection &conn)
{
    char *base = arena_ + used_;
    size_t before = conn.tail ? conn.tail->size() : 0;
    ssize_t got = receive(conn, base + before, std::min(kReadMax, kArenaSize - used_ - before));
    if (got <= 0)
        return;
    if (before > 0)
        memcpy(base, conn.tail->data(), before);
    size_t records = app_.dispatch.count();
    Rest rest = parse(conn, base, before + static_cast<size_t>(got));
    if (app_.dispatch.count() != records)
        used_ = (used_ + before + static_cast<size_t>(got) + 15) & ~size_t{15};
    settle(conn, rest);
}

void Inbox::read_to_tail(Connection &conn)
{
    if (!grow_tail(conn))
        return;
    Tail *tail = conn.tail;
    ssize_t got = receive(conn, tail->free_space(), std::min(kReadMax, tail->free_size()));
    if (got <= 0)
        return;
    tail->end += static_cast<size_t>(got);
    settle(conn, parse(conn, tail->data(), tail->size()));
}

void Inbox::parse_held(Connection &conn)
{
    if (conn.tail && conn.state != ConnState::kClosed)
        settle(conn, parse(conn, conn.tail->data(), conn.tail->size()));
}

/// Keeps what a parse has left, and sees to it that it goes on.
void Inbox::settle(Connection &conn, const Rest &rest)
{
    if (conn.state == ConnState::kClosed || conn.has(kNoInput) || rest.len == 0) {
        free_tail(conn);
        return;
    }
    if (!keep_tail(conn, rest.data, rest.len))
        return;
    bool held = conn.has(kPaused) || conn.has(kInputBlocked);
    if (!rest.hungry && !held)
        app_.todos.add(conn, kTodoInput);
}

// ---- parsing

Inbox::Rest Inbox::parse(Connection &conn, char *data, size_t len)
{
    Rest in = {data, len, false};
    switch (conn.owner->protocol()) {
    case Protocol::kRaw:
        return parse_raw(conn, in);
    case Protocol::kText:
        return parse_text(conn, in);
    case Protocol::kWebsocket:
        return conn.state == ConnState::kHandshake ? parse_handshake(conn, in) : parse_frames(conn, in);
    case Protocol::kHttp:
        return parse_http(conn, in);
    }
    return in;
}

Inbox::Rest Inbox::parse_raw(Connection &conn, Rest in)
{
    if (in.len == 0 || !wants(conn))
        return in;
    app_.dispatch.message(conn, in.data, in.len, WM_KIND_RAW, 0);
    return {in.data + in.len, 0, false};
}

Inbox::Rest Inbox::skip_line(Connection &conn, Rest in)
{
    char *end = static_cast<char *>(memchr(in.data, '\n', in.len));
    if (!end)
        return {in.data + in.len, 0, true};
    conn.unset(kSkipLine);
    size_t gone = static_cast<size_t>(end + 1 - in.data);
    return {end + 1, in.len - gone, false};
}

Inbox::Rest Inbox::parse_text(Connection &conn, Rest in)
{
    while (in.len > 0 && wants(conn)) {
        if (conn.has(kSkipLine)) {
            in = skip_line(conn, in);
            continue;
        }
        size_t max_message = static_cast<size_t>(conn.owner->options_of(conn).max_message);
        size_t message_len = 0;
        Step step = conn.codec.text.step(in.data, in.len, max_message, message_len);
        if (step.kind == StepKind::kMore)
            return {in.data, in.len, true};
        char *line = in.data;
        in = {in.data + step.size, in.len - step.size, false};
        if (step.kind == StepKind::kMessage) {
            app_.dispatch.message(conn, line, message_len, WM_KIND_TEXT, 0);
        } else if (!conn.owner->options.skip_oversize) {
            app_.lifecycle.fault(conn, WM_REASON_LIMIT, WM_EMSGSIZE, 0, "line over max_message");
        } else {
            if (line[step.size - 1] != '\n') {
                conn.set(kSkipLine);
                conn.codec.text.reset();
            }
            app_.dispatch.error(conn, WM_EMSGSIZE, "line over max_message");
        }
    }
    return in;
}

Inbox::Rest Inbox::parse_handshake(Connection &conn, Rest in)
{
    const EndpointOptions &options = conn.owner->options;
    http::Limits limits = {static_cast<size_t>(options.max_header_bytes), static_cast<size_t>(options.max_headers), 0};
    while (in.len > 0 && wants(conn)) {
        http::Request request;
        Step step = conn.http->parser.step(in.data, in.len, limits, request);
        if (step.kind == StepKind::kContinue)
            continue; // a handshake has no body to wait for
        if (step.kind == StepKind::kMore)
            return {in.data, step.size, true};
        if (step.kind == StepKind::kFail) {
            const http::Failure &failure = conn.http->parser.failure();
            app_.requests.refuse(conn, failure.status, failure.text, WM_REASON_PROTOCOL, HttpRequests::is_head({in.data, in.len}));
            return in;
        }
        in = {in.data + step.size, in.len - step.size, false};
        app_.requests.handshake(conn, request);
        if (!conn.http) // it has opened, and may be closing again
            return parse_frames(conn, in);
    }
    return in;
}

Inbox::Rest Inbox::parse_frames(Connection &conn, Rest in)
{
    while (in.len > 0 && wants(conn)) {
        websocket::Frame frame = {};
        size_t max_message = static_cast<size_t>(conn.owner->options_of(conn).max_message);
        Step step = conn.codec.websocket.step(in.data, in.len, max_message, frame);
        if (step.kind == StepKind::kMore)
            return {in.data, step.size, true};
        if (step.kind == StepKind::kFail) {
            const websocket::FrameFailure &failure = conn.codec.websocket.failure();
            bool limit = failure.code == websocket::kTooBig;
            app_.lifecycle.fault(conn, limit ? WM_REASON_LIMIT : WM_REASON_PROTOCOL, limit ? WM_EMSGSIZE : WM_EPROTOCOL, failure.code,
                                 failure.text);
            return in;
        }
        in = {in.data + step.size, in.len - step.size, false};
        if (step.kind == StepKind::kControl)
            control_frame(conn, frame);
        else if (conn.state == ConnState::kOpen)
            app_.dispatch.message(conn, frame.data, frame.len, frame.opcode == websocket::kText ? WM_KIND_TEXT : WM_KIND_BINARY, 0);
    }
    return in;
}

void Inbox::control_frame(Connection &conn, const websocket::Frame &frame)
{
    switch (frame.opcode) {
    case websocket::kPing:
        if (conn.state == ConnState::kOpen)
            app_.outbox.control(conn, websocket::kPong, frame.data, frame.len);
        return;
    case websocket::kClose: {
        int code;
        if (const websocket::FrameFailure *failure = websocket::check_close(frame.data, frame.len, code)) {
            app_.lifecycle.fault(conn, WM_REASON_PROTOCOL, WM_EPROTOCOL, failure->code, failure->text);
            return;
        }
        std::string_view text = frame.len > 2 ? std::string_view(frame.data + 2, frame.len - 2) : std::string_view();
        app_.lifecycle.peer_close_frame(conn, code, text);
        return;
    }
    default:
        return; // a pong has done its work by arriving
    }
}

Inbox::Rest Inbox::parse_http(Connection &conn, Rest in)
{
    const EndpointOptions &options = conn.owner->options;
    http::Limits limits = {static_cast<size_t>(options.max_header_bytes), static_cast<size_t>(options.max_headers),
                           static_cast<size_t>(conn.owner->options_of(conn).max_message)};
    while (in.len > 0 && wants(conn)) {
        http::Request request;
        Step step = conn.http->parser.step(in.data, in.len, limits, request);
        switch (step.kind) {
        case StepKind::kContinue:
            app_.requests.expects_continue(conn);
            continue;
        case StepKind::kMore:
            app_.expiry.watch_head(conn);
            return {in.data, step.size, true};
        case StepKind::kFail:
            app_.requests.refuse(conn, conn.http->parser.failure().status, conn.http->parser.failure().text, WM_REASON_PROTOCOL,
                                 HttpRequests::is_head({in.data, in.len}));
            return in;
        default:
            break;
        }
        in = {in.data + step.size, in.len - step.size, false};
        conn.http->more_behind = in.len > 0;
        app_.requests.arrived(conn, request);
    }
    app_.expiry.watch_head(conn);
    return in;
}

} // namespace wm
