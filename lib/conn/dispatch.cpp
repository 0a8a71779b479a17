#include "conn/dispatch.h"

#include "conn/reactor.h"
#include "core/id.h"

#include <cstring>

namespace wm {

uint64_t Dispatch::id_of(const Connection &conn)
{
    return pack_id(IdKind::kConn, conn.owner->reactor.index(), conn.slot, conn.generation);
}

bool Dispatch::awaits_host(const Connection &conn) const
{
    return polling() && conn.record_epoch == static_cast<uint32_t>(conn.owner->reactor.slice_epoch);
}

wm_event *Dispatch::record(uint32_t kind, Connection *conn)
{
    if (!events_ || count_ == cap_)
        return nullptr;
    wm_event *event = &events_[count_++];
    *event = {};
    event->kind = kind;
    if (conn) {
        event->conn = id_of(*conn);
        event->worker = conn->owner->worker;
        event->user = conn->user;
        conn->record_epoch = static_cast<uint32_t>(conn->owner->reactor.slice_epoch);
    }
    return event;
}

void Dispatch::conn_event(Connection &conn, const Callback<wm_conn_fn> &callback, uint32_t kind)
{
    if (callback)
        callback.fn(conn.owner->worker, id_of(conn), callback.user);
    else
        record(kind, &conn);
}

void Dispatch::connect(Connection &conn)
{
    conn_event(conn, conn.owner->callbacks.connect, WM_EVENT_CONNECT);
}
void Dispatch::open(Connection &conn)
{
    conn_event(conn, conn.owner->callbacks.open, WM_EVENT_OPEN);
}
void Dispatch::buffer_full(Connection &conn)
{
    conn_event(conn, conn.owner->callbacks.buffer_full, WM_EVENT_BUFFER_FULL);
}
void Dispatch::buffer_drain(Connection &conn)
{
    conn_event(conn, conn.owner->callbacks.buffer_drain, WM_EVENT_BUFFER_DRAIN);
}

void Dispatch::message(Connection &conn, const char *data, size_t len, int32_t kind, uint64_t request)
{
    const auto &callback = conn.owner->callbacks.message;
    if (!data)
        data = "";
    conn.owner->requests++;
    messages_++;
    if (callback) {
        callback.fn(conn.owner->worker, id_of(conn), data, len, kind, callback.user);
    } else if (wm_event *event = record(WM_EVENT_MESSAGE, &conn)) {
        event->flags = static_cast<uint32_t>(kind);
        event->data = data;
        event->len = len;
        event->id = request;
    }
}

void Dispatch::error(Connection &conn, int32_t code, const char *text)
{
    const auto &callback = conn.owner->callbacks.error;
    if (callback) {
        callback.fn(conn.owner->worker, id_of(conn), code, text, strlen(text), callback.user);
    } else if (wm_event *event = record(WM_EVENT_ERROR, &conn)) {
        event->code = code;
        event->data = text;
        event->len = strlen(text);
    }
}

void Dispatch::close(Connection &conn, int32_t reason, int32_t code, const char *text, size_t len)
{
    const auto &callback = conn.owner->callbacks.close;
    if (callback) {
        callback.fn(conn.owner->worker, id_of(conn), reason, code, text, len, callback.user);
    } else if (wm_event *event = record(WM_EVENT_CLOSE, &conn)) {
        event->code = reason;
        event->detail = code;
        event->data = text;
        event->len = len;
    }
}

void Dispatch::handshake(Connection &conn, uint64_t request)
{
    if (wm_event *event = record(WM_EVENT_HANDSHAKE, &conn))
        event->id = request;
}

void Dispatch::timer(uint64_t timer, void *user)
{
    if (wm_event *event = record(WM_EVENT_TIMER, nullptr)) {
        event->id = timer;
        event->user = user;
    }
}

void Dispatch::post(void *user)
{
    if (wm_event *event = record(WM_EVENT_POST, nullptr))
        event->user = user;
}

void Dispatch::hub(int64_t connections, void *user)
{
    if (wm_event *event = record(WM_EVENT_HUB, nullptr)) {
        event->len = static_cast<size_t>(connections);
        event->user = user;
    }
}

} // namespace wm
