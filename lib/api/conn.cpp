#include "wm/conn.h"

#include "wm/client.h"

#include "api/callback.h"
#include "api/text.h"
#include "net/transport.h"
#include "proto/websocket/close.h"

#include <cstring>
#include <netinet/in.h>
#include <string>

using namespace wm;

namespace {

/// What is left of one that has closed, for as long as the host has its record; nullptr: nothing.
const ClosedConnection *closed(wm_conn conn)
{
    App *app = App::of_this_thread(unpack_id(conn).app);
    return app ? app->reactor.dispatch.closed(conn) : nullptr;
}

enum class Side : uint8_t { kRemote, kLocal };

int read_address(const Connection &conn, Side side, SocketAddress &out)
{
    bool known =
        side == Side::kRemote ? conn.owner->peer_of(conn, out) : conn.has_addresses() && io::local_address(conn.io, conn.fd(), out);
    if (known)
        return 0;
    // After a reset the kernel has no address any more, while the connection lives until its close event.
    return fail(WM_ECLOSED,
                !conn.has_addresses() ? "the client is not connected" : "the peer has reset the connection, so its address is unknown");
}

template <class Body> int with_address(wm_conn conn, Side side, Body body)
{
    SocketAddress address;
    int result = with_connection(conn, [&](Connection &self) { return read_address(self, side, address); });
    const ClosedConnection *gone = result == WM_ECLOSED && side == Side::kRemote ? closed(conn) : nullptr;
    if (gone && gone->peer.len > 0) {
        address = gone->peer;
        result = 0;
    }
    return result != 0 ? result : guarded([&] { return body(address); });
}

int ip_of(wm_conn conn, Side side, char *out, size_t cap)
{
    return with_address(conn, side, [&](SocketAddress &address) {
        char ip[INET6_ADDRSTRLEN];
        int len = format_ip(address.storage, ip);
        return copy_out({ip, static_cast<size_t>(len)}, out, cap);
    });
}

int address_of(wm_conn conn, Side side, char *out, size_t cap)
{
    return with_address(conn, side, [&](SocketAddress &address) { return copy_out(format_address(address), out, cap); });
}

int port_of_conn(wm_conn conn, Side side)
{
    return with_address(conn, side, [](SocketAddress &address) { return port_of(address.storage); });
}

[[gnu::noinline]] int post_send(wm_conn conn, std::string_view payload, int32_t flags, std::string_view key = {})
{
    Command command = {};
    command.kind = Command::Kind::kSend;
    command.conn = conn;
    command.flags = flags;
    return guarded([&] { return post_command(unpack_id(conn).app, command, key, payload); });
}

/// A count, which needs 64 bits, or the error.
template <class Body> int64_t count_of(wm_conn conn, Body body)
{
    int64_t count = 0;
    int result = with_connection(conn, [&](Connection &self) { return count = static_cast<int64_t>(body(self)), 0; });
    return result != 0 ? result : count;
}

/// The same, of a connection that has closed, too, until the next poll.
int64_t count_of_closed(wm_conn conn, int64_t count, uint64_t ClosedConnection::*member)
{
    const ClosedConnection *gone = count == WM_ECLOSED ? closed(conn) : nullptr;
    return gone ? static_cast<int64_t>(gone->*member) : count;
}

} // namespace

int wm_conn_send(wm_conn conn, const void *data, size_t len, int32_t flags)
{
    int code = check_message(data, len, flags);
    if (code != 0)
        return code;
    if (Connection *self = find_connection(conn, &code)) {
        return guarded([&] { return self->owner->reactor.outbox.send(*self, span(data, len), flags); });
    }
    return code == WM_ETHREAD ? post_send(conn, span(data, len), flags) : code;
}

int wm_conn_send_latest(wm_conn conn, const void *key, size_t key_len, const void *data, size_t len, int32_t flags)
{
    int code = check_latest(key, key_len, data, len, flags);
    if (code != 0)
        return code;
    if (Connection *self = find_connection(conn, &code))
        return guarded([&] { return self->owner->reactor.outbox.send_latest(*self, span(key, key_len), span(data, len), flags); });
    return code == WM_ETHREAD ? post_send(conn, span(data, len), flags, span(key, key_len)) : code;
}

int wm_conn_send_many(const void *data, size_t len, const int64_t *sends, size_t count, int32_t *results)
{
    if (int code = check_span("data", data, len))
        return code;
    if (!sends && count > 0)
        return null_argument("sends");
    if (count > INT32_MAX)
        return fail(WM_EINVAL, "%zu messages are more than one call takes (%d)", count, INT32_MAX);
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t part = static_cast<uint64_t>(sends[3 * i + 1]);
        if (part > len - total)
            return fail(WM_EINVAL, "message %zu of %zu ends behind the %zu bytes of data", i, count, len);
        total += part;
    }
    if (total != len)
        return fail(WM_EINVAL, "%zu messages have %zu bytes together, not %zu", count, static_cast<size_t>(total), len);
    int others = 0;
    const char *next = static_cast<const char *>(data);
    for (size_t i = 0; i < count; i++) {
        size_t part = static_cast<size_t>(sends[3 * i + 1]);
        int64_t flags = sends[3 * i + 2];
        int32_t known = flags >= 0 && flags <= INT32_MAX ? static_cast<int32_t>(flags) : -1;
        int result = wm_conn_send(static_cast<wm_conn>(sends[3 * i]), next, part, known);
        if (part > 0)
            next += part;
        if (results)
            results[i] = result;
        others += result != 0;
    }
    return others;
}

int wm_conn_close(wm_conn conn, int32_t code, const void *text, size_t len)
{
    if (int wrong = check_span("text", text, len))
        return wrong;
    if (int wrong = websocket::check_close(code, span(text, len)))
        return wrong;
    int result = 0;
    if (Connection *self = find_connection(conn, &result))
        return guarded([&] { return self->owner->reactor.lifecycle.close(*self, WM_REASON_LOCAL, code, span(text, len)), 0; });
    if (result != WM_ETHREAD)
        return result;
    Command command = {};
    command.kind = Command::Kind::kClose;
    command.conn = conn;
    command.flags = code;
    return guarded([&] { return post_command(unpack_id(conn).app, command, {}, span(text, len)); });
}

int wm_conn_destroy(wm_conn conn)
{
    return with_connection(conn, [](Connection &self) { return self.owner->reactor.lifecycle.destroy(self, WM_REASON_LOCAL, 0), 0; });
}

int wm_conn_shutdown(wm_conn conn)
{
    return with_connection(conn, [](Connection &self) { return self.owner->reactor.lifecycle.shut_down(self); });
}

int wm_conn_pipe(wm_conn from, wm_conn to)
{
    return with_connection(from, [to](Connection &source) {
        Pipes &pipes = source.owner->reactor.pipes;
        if (to == 0)
            return pipes.end(source), 0;
        return with_connection(to, [&](Connection &target) {
            if (&target.owner->reactor != &source.owner->reactor)
                return fail(WM_EINVAL, "a pipe joins connections of one app");
            return pipes.begin(source, target);
        });
    });
}

int wm_conn_pause_recv(wm_conn conn)
{
    return with_connection(conn, [](Connection &self) {
        if (codec_of(self).stream)
            return fail(WM_ESTATE, "datagrams of one peer cannot be held back: wm_worker_pause_accept pauses the worker's socket");
        return self.owner->reactor.lifecycle.pause(self), 0;
    });
}

int wm_conn_resume_recv(wm_conn conn)
{
    return with_connection(conn, [](Connection &self) { return self.owner->reactor.lifecycle.resume(self), 0; });
}

int wm_conn_remote_ip(wm_conn conn, char *out, size_t cap)
{
    return ip_of(conn, Side::kRemote, out, cap);
}
int wm_conn_remote_port(wm_conn conn)
{
    return port_of_conn(conn, Side::kRemote);
}
int wm_conn_remote_address(wm_conn conn, char *out, size_t cap)
{
    return address_of(conn, Side::kRemote, out, cap);
}
int wm_conn_local_ip(wm_conn conn, char *out, size_t cap)
{
    return ip_of(conn, Side::kLocal, out, cap);
}
int wm_conn_local_port(wm_conn conn)
{
    return port_of_conn(conn, Side::kLocal);
}
int wm_conn_local_address(wm_conn conn, char *out, size_t cap)
{
    return address_of(conn, Side::kLocal, out, cap);
}

int wm_conn_tls_info(wm_conn conn, int32_t what, char *out, size_t cap)
{
    return with_connection(conn, [&](Connection &self) {
        std::string text;
        int result = io::describe(self.io, what, &text);
        return result != 0 ? result : copy_out(text, out, cap);
    });
}

int64_t wm_conn_bytes_read(wm_conn conn)
{
    return count_of_closed(conn, count_of(conn, [](Connection &self) { return self.bytes_read; }), &ClosedConnection::bytes_read);
}

int64_t wm_conn_bytes_written(wm_conn conn)
{
    return count_of_closed(conn, count_of(conn, [](Connection &self) { return self.bytes_written; }), &ClosedConnection::bytes_written);
}

int64_t wm_conn_send_queue_size(wm_conn conn)
{
    return count_of(conn, [](Connection &self) { return self.queued() + self.held(); });
}

wm_worker *wm_conn_worker(wm_conn conn)
{
    int code = 0;
    Connection *self = find_connection(conn, &code);
    const ClosedConnection *gone = self ? nullptr : closed(conn);
    return self ? self->owner->worker : gone ? gone->worker : nullptr;
}

wm_client *wm_conn_client(wm_conn conn)
{
    int code = 0;
    Connection *self = find_connection(conn, &code);
    const ClosedConnection *gone = self ? nullptr : closed(conn);
    return self ? self->owner->client : gone ? gone->client : nullptr;
}

void *wm_conn_user(wm_conn conn)
{
    int code = 0;
    Connection *self = find_connection(conn, &code);
    const ClosedConnection *gone = self ? nullptr : closed(conn);
    return self ? self->user : gone ? gone->user : nullptr;
}

int wm_conn_set_user(wm_conn conn, void *user, wm_destroy_fn destroy)
{
    return with_connection(conn, [&](Connection &self) {
        if (!self.owner->reactor.reserve_retire(destroy))
            return no_memory();
        self.owner->reactor.retire(self.user, self.destroy_user);
        self.user = user;
        self.destroy_user = destroy;
        return 0;
    });
}

int wm_conn_set_int(wm_conn conn, const char *option, int64_t value)
{
    if (!option)
        return null_argument("option");
    return with_connection(conn, [&](Connection &self) { return set_conn_option(self, option, value); });
}

int wm_conn_get_int(wm_conn conn, const char *option, int64_t *value)
{
    if (!option || !value)
        return null_argument(option ? "value" : "option");
    return with_connection(conn, [&](Connection &self) { return get_option(Scope::kConn, &self.options(), option, value); });
}

int wm_conn_on_handshake(wm_conn conn, wm_handshake_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(conn, &ConnCallbacks::handshake, fn, user, destroy);
}

int wm_conn_on_open(wm_conn conn, wm_conn_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(conn, &ConnCallbacks::open, fn, user, destroy);
}

int wm_conn_on_message(wm_conn conn, wm_message_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(conn, &ConnCallbacks::message, fn, user, destroy);
}

int wm_conn_on_error(wm_conn conn, wm_error_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(conn, &ConnCallbacks::error, fn, user, destroy);
}

int wm_conn_on_closing(wm_conn conn, wm_conn_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(conn, &ConnCallbacks::closing, fn, user, destroy);
}

int wm_conn_on_close(wm_conn conn, wm_close_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(conn, &ConnCallbacks::close, fn, user, destroy);
}

int wm_conn_on_buffer_full(wm_conn conn, wm_conn_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(conn, &ConnCallbacks::buffer_full, fn, user, destroy);
}

int wm_conn_on_buffer_drain(wm_conn conn, wm_conn_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(conn, &ConnCallbacks::buffer_drain, fn, user, destroy);
}
