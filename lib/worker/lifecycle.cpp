#include "worker/lifecycle.h"

#include "net/stream.h"
#include "worker/app.h"

#include <algorithm>
#include <cstring>
#include <unistd.h>

namespace wm {

namespace {

bool is_websocket(const Connection &conn)
{
    return conn.worker->protocol() == Protocol::kWebsocket;
}
std::string_view held_bytes(Connection &conn)
{
    return conn.tail ? std::string_view(conn.tail->data(), conn.tail->size()) : std::string_view();
}
bool is_http(const Connection &conn)
{
    return conn.worker->protocol() == Protocol::kHttp;
}

} // namespace

bool Lifecycle::accept(Worker &worker, int fd)
{
    uint32_t slot = app_.connections.acquire();
    if (slot == SlotTable<Connection, kConnSlots>::kNone)
        return false;
    Connection &conn = *app_.connections.at(slot);
    conn.worker = &worker;
    conn.slot = slot;
    conn.generation = app_.connections.generation_of(slot);
    bool needs_http = worker.protocol() == Protocol::kWebsocket || worker.protocol() == Protocol::kHttp;
    if (needs_http)
        conn.http = new (std::nothrow) HttpSession;
    if (worker.protocol() == Protocol::kText)
        new (&conn.codec.text) text::LineParser;
    conn.last_active = app_.tick();
    if ((needs_http && !conn.http) || !conn.read.arm_read<&Inbox::readable>(app_.loop, fd, &conn)) {
        delete conn.http;
        app_.connections.release(slot);
        return false;
    }
    conn.fd = fd;
    worker.add(conn);

    conn.set(kConnected);
    app_.dispatch.connect(conn);
    if (conn.state != ConnState::kHandshake)
        return true; // the callback has closed it
    if (is_websocket(conn)) {
        conn.phase_deadline = ticks_after(worker.options.handshake_timeout_ms);
        update_deadline(conn);
    } else {
        open(conn);
    }
    return true;
}

void Lifecycle::open(Connection &conn)
{
    conn.state = ConnState::kOpen;
    conn.phase_deadline = 0;
    if (is_websocket(conn)) {
        delete conn.http;
        conn.http = nullptr;
        int64_t interval = conn.worker->options_of(conn).ping_interval_ms;
        conn.ping_at = interval ? next_ping(interval) : 0;
    }
    update_deadline(conn);
    if (conn.blocked())
        app_.outbox.list(conn); // what was sent in the connect callback
    if (app_.dispatch.room(conn.worker->callbacks.open) && conn.state == ConnState::kOpen)
        app_.dispatch.open(conn);
    else
        todo(conn, kTodoOpen);
}

void Lifecycle::keep_reason(Connection &conn, int32_t reason, int32_t code, std::string_view text)
{
    if (conn.close_reason != 0)
        return; // the first cause is the one to tell
    conn.close_reason = static_cast<uint8_t>(reason);
    conn.close_code = code;
    if (text.empty())
        return;
    if (!conn.cold)
        conn.cold = new (std::nothrow) Cold;
    if (!conn.cold)
        return;
    conn.cold->close_text_len = static_cast<uint8_t>(std::min(text.size(), sizeof conn.cold->close_text));
    memcpy(conn.cold->close_text, text.data(), conn.cold->close_text_len);
}

void Lifecycle::close(Connection &conn, int32_t reason, int32_t code, std::string_view text)
{
    if (conn.state >= ConnState::kClosing)
        return;
    bool frame = is_websocket(conn) && conn.state == ConnState::kOpen;
    if (is_websocket(conn) && !frame)
        app_.outbox.discard(conn); // held for a handshake that will not be
    if (frame && code == 0)
        code = websocket::kNormal;
    keep_reason(conn, reason, is_websocket(conn) ? (frame ? code : int32_t{websocket::kAbnormal}) : 0, text);
    conn.state = ConnState::kClosing;
    if (frame && !conn.has(kCloseSent)) {
        char payload[websocket::kMaxControlPayload];
        size_t len = std::min(text.size(), sizeof payload - 2);
        payload[0] = static_cast<char>(code >> 8);
        payload[1] = static_cast<char>(code);
        if (len > 0)
            memcpy(payload + 2, text.data(), len);
        app_.outbox.control(conn, websocket::kClose, payload, len + 2);
        conn.set(kCloseSent);
    }
    if (!frame || conn.has(kPeerEnded))
        conn.set(kNoInput);
    if (conn.state == ConnState::kClosed)
        return; // the close frame met a broken socket
    // Nothing is delivered any more, so nothing is held: the peer's close frame may stand behind what was.
    conn.unset(kPaused);
    conn.unset(kInputBlocked);
    if (frame && conn.tail)
        todo(conn, kTodoInput);
    conn.phase_deadline = ticks_after(conn.worker->options_of(conn).close_timeout_ms);
    update_deadline(conn);
    update_read(conn);
    app_.outbox.list(conn);
}

void Lifecycle::fault(Connection &conn, int32_t reason, int32_t error, int32_t code, const char *text)
{
    if (conn.state == ConnState::kClosed)
        return;
    bool later = awaits_host(conn) && conn.state == ConnState::kOpen;
    if (conn.state <= ConnState::kOpen)
        app_.dispatch.error(conn, error, text);
    conn.set(kNoInput);
    if (later) {
        keep_reason(conn, reason, code, text);
        todo(conn, kTodoEnd);
    } else {
        close(conn, reason, code, text);
        app_.outbox.list(conn);
    }
    update_read(conn);
}

bool Lifecycle::awaits_host(const Connection &conn) const
{
    return app_.dispatch.polling() && conn.record_epoch == static_cast<uint32_t>(app_.slice_epoch);
}

/// The host has had its turn: what the peer caused takes place.
void Lifecycle::end(Connection &conn)
{
    if (conn.state != ConnState::kOpen)
        return;
    if (conn.has(kCloseReceived))
        answer_close_frame(conn);
    else if (conn.has(kPeerEnded) && (conn.close_reason == 0 || conn.close_reason == WM_REASON_PEER))
        end_of_stream(conn);
    else
        close(conn, conn.close_reason, conn.close_code,
              conn.cold ? std::string_view(conn.cold->close_text, conn.cold->close_text_len) : std::string_view());
}

void Lifecycle::destroy(Connection &conn, int32_t reason, int32_t code)
{
    if (conn.state == ConnState::kClosed)
        return;
    if (is_websocket(conn) && conn.close_reason == 0)
        code = websocket::kAbnormal;
    keep_reason(conn, reason, code, {});
    conn.state = ConnState::kClosed;
    conn.read.disarm();
    app_.outbox.discard(conn);
    todo(conn, kTodoClose);
}

void Lifecycle::peer_ended(Connection &conn)
{
    conn.set(kPeerEnded);
    conn.read.disarm();
    if (conn.todo & kTodoEnd)
        return;
    if (awaits_host(conn) && conn.state == ConnState::kOpen)
        todo(conn, kTodoEnd);
    else
        end_of_stream(conn);
}

void Lifecycle::end_of_stream(Connection &conn)
{
    bool waits = is_http(conn) ? conn.http->count > 0 : !is_websocket(conn) && conn.worker->options_of(conn).half_open;
    bool unanswered = waits && conn.state == ConnState::kOpen;
    bool handshake = conn.state == ConnState::kHandshake;
    if (handshake || conn.state == ConnState::kLingering || (!unanswered && conn.queued() == 0)) {
        destroy(conn, WM_REASON_PEER, 0);
        return;
    }
    // A client may end its side and still wait for what it asked: it gets it.
    conn.phase_deadline = ticks_after(conn.worker->options_of(conn).close_timeout_ms);
    if (!unanswered) {
        keep_reason(conn, WM_REASON_PEER, is_websocket(conn) ? int32_t{websocket::kAbnormal} : 0, {});
        conn.state = ConnState::kClosing;
        conn.set(kNoInput);
        app_.outbox.list(conn);
    }
    update_deadline(conn);
}

void Lifecycle::peer_close_frame(Connection &conn, int32_t code, std::string_view text)
{
    conn.set(kCloseReceived);
    conn.set(kNoInput);
    keep_reason(conn, WM_REASON_PEER, code, text);
    conn.close_answer = code == websocket::kNoStatus ? 0 : static_cast<uint16_t>(code);
    if (conn.state == ConnState::kOpen && awaits_host(conn))
        todo(conn, kTodoEnd);
    else if (conn.state == ConnState::kOpen)
        answer_close_frame(conn);
    else
        app_.outbox.list(conn);
}

void Lifecycle::answer_close_frame(Connection &conn)
{
    // RFC 6455 §5.5.1: the answer carries the code that came.
    char payload[2] = {static_cast<char>(conn.close_answer >> 8), static_cast<char>(conn.close_answer)};
    app_.outbox.control(conn, websocket::kClose, payload, conn.close_answer ? 2 : 0);
    conn.set(kCloseSent);
    if (conn.state == ConnState::kClosed)
        return;
    conn.state = ConnState::kClosing;
    conn.phase_deadline = ticks_after(conn.worker->options_of(conn).close_timeout_ms);
    update_deadline(conn);
    app_.outbox.list(conn);
}

void Lifecycle::advance(Connection &conn)
{
    if (conn.state != ConnState::kClosing || conn.queued() > 0)
        return;
    // Between our close frame and the peer's nothing is shut down: the server ends TCP when both are through (RFC 6455 §7.1.1).
    if (conn.has(kCloseSent) && !conn.has(kCloseReceived) && !conn.has(kNoInput))
        return;
    if (conn.has(kPeerEnded)) {
        destroy(conn, WM_REASON_PEER, 0);
        return;
    }
    // What the peer has sent and we have not read would make close() a reset, and the peer lose our last words: its end is awaited.
    stream::shutdown_write(conn.fd);
    conn.state = ConnState::kLingering;
    conn.set(kNoInput);
    update_read(conn);
}

void Lifecycle::progressed(Connection &conn)
{
    if (conn.state == ConnState::kClosing) {
        conn.phase_deadline = ticks_after(conn.worker->options_of(conn).close_timeout_ms);
        update_deadline(conn);
    }
}

int Lifecycle::set_option(Connection &conn, const char *name, int64_t value)
{
    ConnOptions changed = conn.worker->options_of(conn);
    int result = wm::set_option(Scope::kConn, &changed, false, name, value);
    if (result != 0)
        return result;
    if (!conn.cold)
        conn.cold = new Cold;
    if (!conn.cold->options)
        conn.cold->options = new ConnOptions;
    *conn.cold->options = changed;
    if (conn.state == ConnState::kOpen && is_websocket(conn) && !conn.has(kAwaitPong))
        conn.ping_at = changed.ping_interval_ms ? next_ping(changed.ping_interval_ms) : 0;
    update_deadline(conn);
    if (conn.state == ConnState::kOpen && conn.has(kPeerEnded) && !is_http(conn) && !(conn.todo & kTodoEnd) && !changed.half_open)
        end_of_stream(conn); // what it stayed open for is through
    return 0;
}

void Lifecycle::pause(Connection &conn)
{
    conn.set(kPaused);
    update_read(conn);
}

void Lifecycle::resume(Connection &conn)
{
    if (!conn.has(kPaused))
        return;
    conn.unset(kPaused);
    if (conn.tail)
        todo(conn, kTodoInput);
    update_read(conn);
}

void Lifecycle::update_read(Connection &conn)
{
    bool held = (conn.has(kPaused) || conn.has(kInputBlocked)) && !conn.has(kNoInput) && conn.state <= ConnState::kOpen;
    if (held || conn.has(kPeerEnded) || conn.state == ConnState::kClosed)
        conn.read.disarm();
    else if (!conn.read.arm_read<&Inbox::readable>(app_.loop, conn.fd, &conn))
        destroy(conn, WM_REASON_ERROR, ENOMEM);
}

void Lifecycle::todo(Connection &conn, Todo what)
{
    conn.todo = static_cast<uint8_t>(conn.todo | what);
    if (conn.has(kListedTodo))
        return;
    conn.set(kListedTodo);
    listed_.push_back(conn.slot);
    app_.has_work();
}

bool Lifecycle::run_todos()
{
    size_t done = 0;
    for (; done < listed_.size(); done++) {
        // Listed until it is through, so that what its callbacks cause does not list it a second time.
        Connection &conn = *app_.connections.at(listed_[done]);
        Progress progress = run_todo(conn);
        if (progress == Progress::kWaits)
            break;
        if (progress == Progress::kGone)
            continue;
        if (progress == Progress::kLater) {
            later_.push_back(conn.slot);
            continue;
        }
        if (conn.todo != 0)
            listed_.push_back(conn.slot);
        else
            conn.unset(kListedTodo);
    }
    bool all = done == listed_.size();
    listed_.erase(listed_.begin(), listed_.begin() + static_cast<ptrdiff_t>(done));
    return all;
}

void Lifecycle::recall()
{
    listed_.insert(listed_.end(), later_.begin(), later_.end());
    later_.clear();
}

Lifecycle::Progress Lifecycle::run_todo(Connection &conn)
{
    const Callbacks &callbacks = conn.worker->callbacks;
    Dispatch &dispatch = app_.dispatch;
    auto take = [&conn](Todo what) { conn.todo = static_cast<uint8_t>(conn.todo & ~what); };
    if (conn.state == ConnState::kClosed)
        take(static_cast<Todo>(kTodoOpen | kTodoInput));
    if (conn.todo & kTodoOpen) {
        if (!dispatch.room(callbacks.open))
            return Progress::kWaits;
        take(kTodoOpen);
        if (conn.tail)
            conn.todo |= kTodoInput;
        if (conn.state == ConnState::kOpen)
            dispatch.open(conn);
    }
    if (conn.todo & kTodoInput) {
        take(kTodoInput);
        app_.inbox.parse_held(conn);
        if (conn.todo & kTodoInput)
            return Progress::kWaits;
    }
    if (conn.todo & kTodoFull) {
        if (!dispatch.room(callbacks.buffer_full))
            return Progress::kWaits;
        take(kTodoFull);
        dispatch.buffer_full(conn);
    }
    if (conn.todo & kTodoDrain) {
        if (!dispatch.room(callbacks.buffer_drain))
            return Progress::kWaits;
        take(kTodoDrain);
        dispatch.buffer_drain(conn);
    }
    if (conn.todo & kTodoRefused) {
        if (!dispatch.room(callbacks.error))
            return Progress::kWaits;
        take(kTodoRefused);
        if (conn.state <= ConnState::kOpen)
            dispatch.error(conn, WM_EFULL, "send buffer full: message of a broadcast or hub dropped");
    }
    if (conn.todo & kTodoEnd) {
        if (awaits_host(conn))
            return Progress::kLater;
        take(kTodoEnd);
        end(conn);
    }
    if (conn.todo & kTodoClose) {
        if (!dispatch.room(callbacks.close))
            return Progress::kWaits;
        finish(conn);
        return Progress::kGone;
    }
    return Progress::kDone;
}

void Lifecycle::finish(Connection &conn)
{
    for (AppPart *part : app_.parts_)
        part->released(conn);
    // The poll that shows the record outlives the connection: the text moves to where the batch keeps its bytes.
    const char *text = conn.cold ? conn.cold->close_text : "";
    size_t len = conn.cold ? conn.cold->close_text_len : 0;
    if (app_.dispatch.polling() && len > 0)
        text = app_.inbox.keep(text, len);
    app_.dispatch.close(conn, conn.close_reason, conn.close_code, text, len);

    if (conn.http) {
        app_.requests.drop_all(conn);
        delete conn.http;
    }
    app_.inbox.free_tail(conn);
    app_.outbox.discard(conn); // a callback cannot send, but a control frame may have been on its way
    app_.deadlines.set(conn.slot, 0);
    conn.worker->remove(conn);
    ::close(conn.fd);
    app_.retire(conn.user, conn.destroy_user);
    delete conn.cold;
    app_.connections.release(conn.slot);
}

uint32_t Lifecycle::ticks_after(int64_t ms)
{
    return app_.deadlines.tick_after(app_.loop.now_ms(), ms);
}

/// A tenth of jitter either way, so that those who came together do not stay together.
uint32_t Lifecycle::next_ping(int64_t interval_ms)
{
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    int64_t tenth = interval_ms / 10;
    int64_t jitter = tenth > 0 ? static_cast<int64_t>(random_ % static_cast<uint64_t>(2 * tenth + 1)) - tenth : 0;
    return ticks_after(interval_ms + jitter);
}

void Lifecycle::update_deadline(Connection &conn)
{
    uint32_t nearest = conn.phase_deadline;
    auto consider = [&nearest](uint32_t at) {
        if (at != 0 && (nearest == 0 || at < nearest))
            nearest = at;
    };
    if (conn.state == ConnState::kOpen) {
        consider(conn.ping_at);
        int64_t idle = conn.worker->options_of(conn).idle_timeout_ms;
        if (idle > 0)
            consider(conn.last_active +
                     static_cast<uint32_t>(std::min<int64_t>((idle + Deadlines::kTickMs - 1) / Deadlines::kTickMs, INT32_MAX)) + 1);
    }
    app_.deadlines.set(conn.slot, nearest);
}

void Lifecycle::expired(uint32_t slot)
{
    if (!app_.connections.live_at(slot))
        return;
    Connection &conn = *app_.connections.at(slot);
    uint32_t now = app_.tick();
    switch (conn.state) {
    case ConnState::kHandshake:
        if (is_websocket(conn))
            app_.requests.refuse(conn, 408, "no websocket handshake within handshake_timeout_ms", WM_REASON_TIMEOUT,
                                 HttpRequests::is_head(held_bytes(conn)));
        break;
    case ConnState::kOpen:
        expired_open(conn, now);
        break;
    case ConnState::kClosing:
    case ConnState::kLingering:
        if (conn.phase_deadline <= now) {
            stream::reset_on_close(conn.fd);
            destroy(conn, WM_REASON_TIMEOUT, 0);
        }
        break;
    case ConnState::kClosed:
        return;
    }
    if (conn.state != ConnState::kClosed)
        update_deadline(conn);
}

void Lifecycle::expired_open(Connection &conn, uint32_t now)
{
    const ConnOptions &options = conn.worker->options_of(conn);
    if (conn.phase_deadline != 0 && conn.phase_deadline <= now) {
        if (conn.has(kPeerEnded))
            destroy(conn, WM_REASON_PEER, 0);
        else
            app_.requests.refuse(conn, 408, "the head of the request did not arrive within handshake_timeout_ms", WM_REASON_TIMEOUT,
                                 HttpRequests::is_head(held_bytes(conn)));
        return;
    }
    int64_t idle_ticks = options.idle_timeout_ms / Deadlines::kTickMs;
    if (options.idle_timeout_ms > 0 && now > conn.last_active && now - conn.last_active > idle_ticks) {
        close(conn, WM_REASON_TIMEOUT, websocket::kNormal, "idle timeout");
        return;
    }
    if (conn.ping_at == 0 || conn.ping_at > now)
        return;
    if (conn.has(kAwaitPong)) {
        destroy(conn, WM_REASON_TIMEOUT, 0);
        return;
    }
    send_ping(conn, now);
}

void Lifecycle::send_ping(Connection &conn, uint32_t)
{
    const ConnOptions &options = conn.worker->options_of(conn);
    if (options.ping_interval_ms == 0) {
        conn.ping_at = 0;
        return;
    }
    app_.outbox.control(conn, websocket::kPing, "", 0);
    conn.set(kAwaitPong);
    conn.ping_at = ticks_after(options.pong_timeout_ms);
}

void Lifecycle::alive(Connection &conn)
{
    int64_t interval = conn.worker->options_of(conn).ping_interval_ms;
    conn.ping_at = interval ? next_ping(interval) : 0;
    update_deadline(conn);
}

void Lifecycle::watch_head(Connection &conn)
{
    if (conn.state != ConnState::kOpen || conn.has(kPeerEnded))
        return;
    bool arriving = conn.http->parser.in_message() && !conn.http->parser.in_body() && !conn.has(kInputBlocked);
    if (arriving == (conn.phase_deadline != 0))
        return;
    conn.phase_deadline = arriving ? ticks_after(conn.worker->options.handshake_timeout_ms) : 0;
    update_deadline(conn);
}

void Lifecycle::destroy_all(int32_t reason)
{
    for (uint32_t slot = 0; slot < app_.connections.used(); slot++)
        if (app_.connections.live_at(slot))
            destroy(*app_.connections.at(slot), reason, 0);
}

} // namespace wm
