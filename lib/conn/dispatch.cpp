#include "conn/dispatch.h"

#include "conn/reactor.h"
#include "core/error.h"
#include "core/id.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

namespace wm {

namespace {

/// Copies a text to `end`, which it moves behind the copy. No text stays none.
const void *copy_text(const void *text, size_t len, char *&end)
{
    char *copy = end;
    if (!text)
        return nullptr;
    memcpy(copy, text, len);
    end += len;
    return copy;
}

} // namespace

static_assert(sizeof(Tail) % alignof(wm_part) == 0, "a part is at the beginning of its tail");

uint64_t Dispatch::id_of(const Connection &conn)
{
    return pack_id(IdKind::kConn, conn.owner->reactor.index(), conn.slot, conn.generation);
}

bool Dispatch::pull()
{
    if (!reactor_.overflow.reserve(reactor_.connections.live()) || !reactor_.todos.reserve(reactor_.connections.live(), true))
        return false;
    pulls_ = true;
    return true;
}

bool Dispatch::begin_poll(wm_event *events, size_t cap)
{
    if (!pull())
        return false;
    reactor_.overflow.begin_poll();
    events_ = events;
    cap_ = cap;
    count_ = 0;
    closed_.clear();
    return true;
}

bool Dispatch::host_has_records(const Connection &conn) const
{
    return polling() && conn.record_epoch == static_cast<uint32_t>(reactor_.slice_epoch);
}

wm_event *Dispatch::new_record(uint32_t kind, Connection &conn)
{
    if (!events_ || count_ == cap_)
        return nullptr;
    wm_event *event = &events_[count_++];
    *event = {};
    event->kind = kind;
    event->conn = id_of(conn);
    event->worker = conn.owner->worker;
    event->user = conn.user;
    conn.record_epoch = static_cast<uint32_t>(reactor_.slice_epoch);
    return event;
}

bool Dispatch::write_record(const wm_event &event)
{
    if (full())
        return false;
    if (events_)
        events_[count_++] = event;
    return true;
}

/// user: what is retired once the host has received the record.
uint64_t Dispatch::deliver_record(const wm_event &event, void *user, wm_destroy_fn destroy)
{
    if (!write_record(event))
        return reactor_.overflow.add(event, user, destroy);
    reactor_.retire(user, destroy);
    return 0;
}

// ---- events of a connection

bool Dispatch::has_room(const Connection &conn, ConnEvent event) const
{
    if (!full())
        return true;
    switch (event) {
    case kEventConnect:
        return conn.callback(&ConnCallbacks::connect).fn;
    case kEventOpen:
        return conn.callback(&ConnCallbacks::open).fn;
    case kEventError:
        return conn.callback(&ConnCallbacks::error).fn;
    case kEventFull:
        return conn.callback(&ConnCallbacks::buffer_full).fn;
    case kEventDrain:
        return conn.callback(&ConnCallbacks::buffer_drain).fn;
    case kEventClosing:
        return conn.callback(&ConnCallbacks::closing).fn;
    case kEventClose:
        return conn.callback(&ConnCallbacks::close).fn;
    }
    return false;
}

bool Dispatch::calls_back(const Connection &conn) const
{
    return conn.callback(&ConnCallbacks::message) && conn.callback(&ConnCallbacks::error) &&
           (conn.state != ConnState::kHandshake || conn.callback(&ConnCallbacks::handshake)) &&
           (conn.owner->options.ping_events == 0 || (conn.callback(&ConnCallbacks::ping) && conn.callback(&ConnCallbacks::pong))) &&
           (!conn.has(kBodyInPieces) ||
            (conn.callback(&ConnCallbacks::body) && (conn.owner->options.stream_parts == 0 || conn.callback(&ConnCallbacks::part))));
}

void Dispatch::deliver(Connection &conn, ConnEvent event, int32_t code, const char *text)
{
    if (!conn.has(kEventsDeferred) && has_room(conn, event))
        emit(conn, event, code, text);
    else
        reactor_.overflow.defer(conn, event, code, text);
}

bool Dispatch::may_close(Connection &conn)
{
    if (!conn.has(kEventsDeferred) && (is_peer(conn) || has_room(conn, kEventClose)))
        return true;
    reactor_.overflow.defer(conn, kEventClose);
    return false;
}

void Dispatch::emit(Connection &conn, ConnEvent event, int32_t code, const char *text)
{
    switch (event) {
    case kEventConnect:
        conn_event(conn, conn.callback(&ConnCallbacks::connect), WM_EVENT_CONNECT, "connect");
        break;
    case kEventOpen:
        conn_event(conn, conn.callback(&ConnCallbacks::open), WM_EVENT_OPEN, "open");
        break;
    case kEventFull:
        conn_event(conn, conn.callback(&ConnCallbacks::buffer_full), WM_EVENT_BUFFER_FULL, "buffer_full");
        break;
    case kEventDrain:
        conn_event(conn, conn.callback(&ConnCallbacks::buffer_drain), WM_EVENT_BUFFER_DRAIN, "buffer_drain");
        break;
    case kEventError:
        error_event(conn, code, text);
        break;
    case kEventClosing:
        conn_event(conn, conn.callback(&ConnCallbacks::closing), WM_EVENT_CLOSING, "closing");
        break;
    case kEventClose: // by Lifecycle::finish
        break;
    }
}

void Dispatch::conn_event(Connection &conn, const Callback<wm_conn_fn> &callback, uint32_t kind, const char *name)
{
    if (callback) {
        reactor_.callback_watch.next(name);
        callback.fn(conn.owner->worker, id_of(conn), callback.user);
    } else {
        new_record(kind, conn);
    }
}

/// The first of a connection, one that idle_timeout_ms counts from, one with a callback of its own, or one for a pipe. Apart, so that other
/// messages keep no registers for a call.
[[gnu::noinline]] void Dispatch::noted_message(Connection &conn, const char *data, size_t len, int32_t kind, uint64_t request,
                                               size_t head_len)
{
    if (conn.has(kSilent))
        conn.owner->heard(conn);
    conn.last_active = reactor_.tick();
    if (conn.has(kPipeSource)) {
        conn.owner->requests++;
        messages_++;
        reactor_.pipes.message(conn, {data, len}, kind);
        return;
    }
    deliver_message(conn, conn.callback(&ConnCallbacks::message), data, len, kind, request, head_len);
}

void Dispatch::message(Connection &conn, const char *data, size_t len, int32_t kind, uint64_t request, size_t head_len)
{
    if (conn.flags & (kSilent | kIdleTimed | kOwnCallbacks | kPipeSource)) [[unlikely]]
        return noted_message(conn, data, len, kind, request, head_len);
    deliver_message(conn, conn.owner->callbacks.message, data, len, kind, request, head_len);
}

[[gnu::always_inline]] inline void Dispatch::deliver_message(Connection &conn, const Callback<wm_message_fn> &callback, const char *data,
                                                             size_t len, int32_t kind, uint64_t request, size_t head_len)
{
    if (!data)
        data = "";
    conn.owner->requests++;
    messages_++;
    if (callback) {
        reactor_.callback_watch.name("message");
        callback.fn(conn.owner->worker, id_of(conn), data, len, kind, callback.user);
    } else if (wm_event *event = new_record(WM_EVENT_MESSAGE, conn)) {
        event->flags = static_cast<uint32_t>(kind);
        event->data = data;
        event->len = len;
        event->id = request;
        event->detail = static_cast<int32_t>(head_len);
    }
}

void Dispatch::ping(Connection &conn, uint32_t kind, std::string_view payload)
{
    const auto &callback = conn.callback(kind == WM_EVENT_PING ? &ConnCallbacks::ping : &ConnCallbacks::pong);
    if (callback) {
        reactor_.callback_watch.name(kind == WM_EVENT_PING ? "ping" : "pong");
        callback.fn(conn.owner->worker, id_of(conn), payload.data(), payload.size(), callback.user);
        reactor_.callback_watch.name("message");
        return;
    }
    if (!events_ || full() || !conn.owner->options.ping_events)
        return;
    Tail *kept = Tail::make(payload.size());
    if (!kept) {
        reactor_.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
        return;
    }
    memcpy(kept->data(), payload.data(), payload.size());
    wm_event *event = new_record(kind, conn);
    event->data = kept->data();
    event->len = payload.size();
    reactor_.assembly.retire(kept);
    if (reactor_.assembly.batch_is_full())
        end_batch();
}

void Dispatch::body(Connection &conn, std::string_view data, bool last, uint64_t request)
{
    conn.last_active = reactor_.tick();
    const auto &callback = conn.callback(&ConnCallbacks::body);
    if (callback) {
        reactor_.callback_watch.name("body");
        callback.fn(conn.owner->worker, id_of(conn), request, data.data(), data.size(), last, callback.user);
    } else if (wm_event *event = new_record(WM_EVENT_BODY, conn)) {
        event->flags = last;
        event->data = data.data();
        event->len = data.size();
        event->id = request;
    }
}

void Dispatch::part(Connection &conn, const wm_part &part, bool last, uint64_t request)
{
    conn.last_active = reactor_.tick();
    const auto &callback = conn.callback(&ConnCallbacks::part);
    reactor_.callback_watch.name("part");
    callback.fn(conn.owner->worker, id_of(conn), request, &part, part.data, part.data_len, last, callback.user);
}

bool Dispatch::part_record(Connection &conn, const wm_part &part, bool last, uint64_t request, bool copies_piece)
{
    conn.last_active = reactor_.tick();
    if (!events_ || full())
        return true; // as all events without a callback
    size_t piece = copies_piece ? part.data_len : 0;
    Tail *kept = Tail::make(sizeof part + part.name_len + part.filename_len + part.type_len + part.headers_len + piece);
    if (!kept)
        return false;
    wm_part *copy = new (kept->data()) wm_part(part);
    char *end = reinterpret_cast<char *>(copy + 1);
    copy->name = copy_text(part.name, part.name_len, end);
    copy->filename = copy_text(part.filename, part.filename_len, end);
    copy->type = copy_text(part.type, part.type_len, end);
    copy->headers = copy_text(part.headers, part.headers_len, end);
    if (copies_piece)
        copy->data = copy_text(part.data, part.data_len, end);
    wm_event *event = new_record(WM_EVENT_PART, conn);
    event->flags = last;
    event->data = copy;
    event->len = sizeof part;
    event->id = request;
    reactor_.assembly.retire(kept);
    if (reactor_.assembly.batch_is_full())
        end_batch();
    return true;
}

void Dispatch::error_event(Connection &conn, int32_t code, const char *text)
{
    const auto &callback = conn.callback(&ConnCallbacks::error);
    if (callback) {
        reactor_.callback_watch.next("error");
        callback.fn(conn.owner->worker, id_of(conn), code, text, strlen(text), callback.user);
    } else if (wm_event *event = new_record(WM_EVENT_ERROR, conn)) {
        event->code = code;
        event->data = text;
        event->len = strlen(text);
    }
}

void Dispatch::close(Connection &conn, int32_t reason, int32_t code, const char *text, size_t len)
{
    const auto &callback = conn.callback(&ConnCallbacks::close);
    if (callback) {
        reactor_.callback_watch.next("close");
        callback.fn(conn.owner->worker, id_of(conn), reason, code, text, len, callback.user);
    } else if (wm_event *event = new_record(WM_EVENT_CLOSE, conn)) {
        event->flags = static_cast<uint32_t>(reason);
        event->code = -int32_t{conn.close_error};
        event->detail = code;
        event->data = text;
        event->len = len;
        try {
            closed_.push_back({event->conn, conn.bytes_read, conn.bytes_written, conn.owner->worker, conn.owner->client, conn.user, {}});
        } catch (const std::bad_alloc &) {
            return; // its getters are WM_ECLOSED then
        }
        if (!conn.owner->peer_of(conn, closed_.back().peer))
            closed_.back().peer.len = 0;
    }
}

const ClosedConnection *Dispatch::closed(uint64_t conn) const
{
    for (const ClosedConnection &each : closed_)
        if (each.conn == conn)
            return &each;
    return nullptr;
}

void Dispatch::handshake(Connection &conn, uint64_t request, std::string_view head)
{
    conn.owner->heard(conn);
    if (wm_event *event = new_record(WM_EVENT_HANDSHAKE, conn)) {
        event->id = request;
        event->data = head.data();
        event->len = head.size();
    }
}

// ---- events of no connection

uint64_t Dispatch::timer(uint64_t timer, void *user, wm_destroy_fn destroy)
{
    wm_event event = {};
    event.kind = WM_EVENT_TIMER;
    event.id = timer;
    event.user = user;
    return deliver_record(event, destroy);
}

uint64_t Dispatch::watch(uint64_t watch, int32_t events, void *user)
{
    wm_event event = {};
    event.kind = WM_EVENT_WATCH;
    event.id = watch;
    event.user = user;
    event.detail = events;
    return deliver_record(event, nullptr);
}

uint64_t Dispatch::signal(uint64_t signal, int32_t number, void *user)
{
    wm_event event = {};
    event.kind = WM_EVENT_SIGNAL;
    event.id = signal;
    event.user = user;
    event.detail = number;
    return deliver_record(event, nullptr);
}

void Dispatch::post(void *user, wm_destroy_fn destroy)
{
    wm_event event = {};
    event.kind = WM_EVENT_POST;
    event.user = user;
    deliver_record(event, destroy);
}

void Dispatch::hub(int32_t status, int64_t connections, void *user, wm_destroy_fn destroy)
{
    wm_event event = {};
    event.kind = WM_EVENT_HUB;
    event.code = status;
    event.id = static_cast<uint64_t>(connections);
    event.user = user;
    deliver_record(event, destroy);
}

int Dispatch::hub_message(std::string_view topic, std::string_view payload, void *user)
{
    if (!pulls_)
        return 0;
    std::unique_ptr<char, decltype(&free)> copy(static_cast<char *>(malloc(topic.size() + payload.size())), free);
    if (!copy || !reactor_.overflow.reserve_record())
        return fail(WM_ENOMEM, "out of memory for a message of %zu bytes", payload.size());
    reactor_.overflow.release_record(); // what is added next takes its place
    if (!reactor_.reserve_retire(free))
        return fail(WM_ENOMEM, "out of memory for a message of %zu bytes", payload.size());
    std::copy(topic.begin(), topic.end(), copy.get());
    std::copy(payload.begin(), payload.end(), copy.get() + topic.size());
    wm_event event = {};
    event.kind = WM_EVENT_HUB_MESSAGE;
    event.user = user;
    event.data = copy.get() + topic.size();
    event.len = payload.size();
    event.detail = static_cast<int32_t>(topic.size());
    deliver_record(event, copy.release(), free);
    return 1;
}

uint64_t Dispatch::worker_event(uint32_t kind, wm_worker *worker)
{
    wm_event event = {};
    event.kind = kind;
    event.worker = worker;
    return deliver_record(event, nullptr);
}

} // namespace wm
