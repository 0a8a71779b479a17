/**
 * @file
 * The calls of a random API program on apps, workers and connections. Each operation takes its arguments from the program.
 */
#ifndef FUZZ_API_CALLS_H
#define FUZZ_API_CALLS_H

#include "api_machine.h"

namespace fuzz {

// ---- apps

inline void new_app(Machine &m)
{
    App *room = nullptr;
    for (App &app : m.world.apps)
        if (!app.app && app.inside == 0)
            room = &app;
    if (!room && m.world.apps.size() < 2)
        room = &m.world.apps.emplace_back();
    if (!room)
        return;
    *room = {};
    room->app = m.world.make([] { return wm_app_new(); });
    room->batch.resize(1 + m.program.pick(8));
    wm_app_set_int(room->app, "stop_timeout_ms", 0);
}

inline void free_app(Machine &m)
{
    App &app = m.app();
    if (!app.app)
        return;
    if (app.inside > 0) { // waits for the end of the run, or is refused on another thread than that of the run
        if (app.holder == std::this_thread::get_id()) {
            wm_app_free(app.app);
            app.free_later = true;
        } else {
            check(!m.world.done([&] { wm_app_free(app.app); }), "an app freed under a run");
        }
        return;
    }
    m.world.begin_poll(app);
    m.world.enter(app, [&] { return wm_app_free(app.app), 0; });
    m.world.forget(app);
}

inline void poll(Machine &m)
{
    m.poll(m.app());
}

inline void poll_all(Machine &m)
{
    for (size_t i = 0; i < m.world.apps.size(); i++)
        m.poll(m.world.apps[i]);
}

inline void run(App &app, Machine &m, int64_t timeout_ms)
{
    if (!app.app)
        return;
    if (app.inside > 0) {
        check(m.world.call([&] { return wm_app_run_once(app.app, timeout_ms); }) == WM_ESTATE, "a run inside a run");
        return;
    }
    m.world.without_records(app);
    m.world.begin_poll(app);
    m.world.enter(app, [&] { return wm_app_run_once(app.app, timeout_ms); });
}

inline void run_once(Machine &m)
{
    run(m.app(), m, 0);
}

inline void run_stopped(Machine &m)
{
    App &app = m.app();
    if (!app.app || app.inside > 0)
        return;
    m.world.without_records(app);
    m.world.begin_poll(app);
    m.world.call([&] { return wm_app_stop(app.app); });
    m.world.enter(app, [&] { return wm_app_run(app.app); });
}

/// A wait without limit, which a post ends.
inline void wait_for_post(Machine &m)
{
    App &app = m.app();
    constexpr int64_t kLimits[] = {-1, INT64_MIN, INT64_MAX, int64_t{1} << 40};
    int64_t limit = m.program.one_of(kLimits);
    bool polls = m.program.pick(2) == 0;
    if (!app.app || app.inside > 0 ||
        m.with_user(true, [&](User *user) { return wm_app_post(app.app, nullptr, user, World::destroy); }) < 0)
        return;
    if (polls)
        m.poll(app, limit);
    else
        run(app, m, limit);
}

inline void stop_app(Machine &m)
{
    App &app = m.app();
    if (app.app)
        m.world.call([&] { return wm_app_stop(app.app); });
}

inline void flush(Machine &m)
{
    App &app = m.app();
    m.world.call([&] { return m.program.byte() == 0 ? wm_app_fd(app.app) : wm_app_flush(app.app); });
}

inline void post(Machine &m)
{
    App &app = m.app();
    wm_post_fn fn = m.program.pick(2) ? Machine::on_post : nullptr;
    m.with_user(true, [&](User *user) { return wm_app_post(app.app, fn, user, World::destroy); });
}

inline void set_app(Machine &m)
{
    App &app = m.app();
    const char *name = m.option(WM_SCOPE_APP);
    int64_t number = m.program.one_of(kNumbers);
    const char *text = nullptr;
    m.world.call([&] { return wm_app_set_int(app.app, name, number); });
    m.world.call([&] { return wm_app_get_int(app.app, name, &number); });
    if (m.world.call([&] { return wm_app_get_str(app.app, name, &text); }) == 0)
        m.world.call([&] { return wm_app_set_str(app.app, name, std::string(text).c_str()); });
}

inline void log(Machine &m)
{
    Span text = m.span();
    if (text.lies && text.len <= SIZE_MAX / 8)
        return; // a length that memory could have: the line is cut, not refused
    int64_t result = m.world.call([&] { return wm_log(static_cast<int32_t>(m.program.pick(6)), text.data, text.len); });
    check(!text.lies || result < 0, "a length that lies was taken");
}

// ---- workers

/// Registers each callback, or removes it.
inline void watch(Machine &m, wm_worker *worker, bool removes, bool parts = true)
{
    auto set = [&](auto on, auto fn) {
        m.with_user(false, [&](User *user) { return on(worker, removes ? nullptr : fn, user, World::destroy); });
    };
    set(wm_worker_on_start, Machine::on_start);
    set(wm_worker_on_stop, Machine::on_stop);
    set(wm_worker_on_connect, Machine::on_conn<WM_EVENT_CONNECT>);
    set(wm_worker_on_handshake, Machine::on_handshake);
    set(wm_worker_on_open, Machine::on_conn<WM_EVENT_OPEN>);
    set(wm_worker_on_message, Machine::on_message);
    set(wm_worker_on_body, Machine::on_body);
    if (parts)
        set(wm_worker_on_part, Machine::on_part);
    set(wm_worker_on_ping, Machine::on_ping<WM_EVENT_PING>);
    set(wm_worker_on_pong, Machine::on_ping<WM_EVENT_PONG>);
    set(wm_worker_on_error, Machine::on_error);
    set(wm_worker_on_closing, Machine::on_conn<WM_EVENT_CLOSING>);
    set(wm_worker_on_close, Machine::on_close);
    set(wm_worker_on_buffer_full, Machine::on_conn<WM_EVENT_BUFFER_FULL>);
    set(wm_worker_on_buffer_drain, Machine::on_conn<WM_EVENT_BUFFER_DRAIN>);
}

/// Whether the worker of that kind is one of datagrams, over the codecs of bytes or of lines.
inline bool is_datagrams(size_t kind)
{
    return (kind & 128) && kind % 4 < 2;
}

/// Datagrams; a websocket that compresses; http behind a proxy, whose PROXY header comes first where `kind` says so.
inline void extend(Machine &m, wm_worker *worker, size_t kind)
{
    auto set = [&](const char *name, const char *value) { m.world.call([&] { return wm_worker_set_str(worker, name, value); }); };
    if (is_datagrams(kind)) {
        set("transport", "udp");
        m.world.call([&] { return wm_worker_set_int(worker, "udp_peers", 2); });
        return;
    }
    set("trusted_proxies", "unix");
    m.world.call([&] { return wm_worker_set_int(worker, "proxy_protocol", (kind & 64) != 0); });
    set("deflate", kind & 16 ? "own" : "shared");
}

inline void new_worker(Machine &m)
{
    App &app = m.app();
    size_t kind = m.program.byte();
    if (kind >= 240) {
        const char *address = m.program.one_of(kAddresses);
        check(!m.world.make([&] { return wm_worker_new(app.app, address); }), "a worker at a bad address");
        return;
    }
    if (!app.app || m.world.workers.size() >= 4)
        return;
    std::string address = kSchemes[kind % 4] + ("@wm-fuzz-api-" + std::to_string(getpid()) + "-" + std::to_string(++m.addresses));
    wm_worker *worker = m.world.make([&] { return wm_worker_new(app.app, address.c_str()); });
    if (!worker)
        return;
    bool by_callbacks = kind & 4;
    m.world.workers.push_back({worker, &app, by_callbacks, !is_datagrams(kind)}); // whose peers come and go without an event
    if (by_callbacks)
        watch(m, worker, false, kind & 32);
    else if (kind & 8)
        m.world.call([&] { return wm_worker_set_int(worker, "defer_handshake", 1); });
    if (kind & 16)
        m.world.call([&] { return wm_worker_set_int(worker, "stream_body", 1); });
    if (kind & 32)
        m.world.call([&] { return wm_worker_set_int(worker, "stream_parts", 1); });
    if (kind & 64)
        m.world.call([&] { return wm_worker_set_str(worker, "upload_dir", Files::directory().c_str()); });
    if (kind & 128)
        extend(m, worker, kind);
    m.world.call([&] { return wm_worker_listen(worker); });
}

inline void send_to(Machine &m)
{
    wm_worker *worker = m.worker().worker;
    constexpr const char *kPeers[] = {"@wm-fuzz-nobody", "/nowhere", "127.0.0.1:1", "", nullptr};
    const char *address = m.program.pick(4) ? nullptr : m.program.one_of(kPeers);
    std::string own = worker && !address ? wm_worker_address(worker) : "";
    const char *to = address || own.empty() ? address : strchr(own.c_str(), '@');
    Span span = m.span();
    int32_t flags = m.program.one_of(kFlags);
    int64_t result = m.world.call([&] { return wm_worker_send_to(worker, to, span.data, span.len, flags); });
    check(result < 0 || !span.lies, "a datagram that cannot be was taken");
}

inline void free_worker(Machine &m)
{
    Worker worker = m.worker();
    if (m.program.pick(4) == 0 && worker.worker && m.world.done([&] { wm_worker_free(worker.worker); }))
        std::erase_if(m.world.workers, [&](const Worker &known) { return known.worker == worker.worker; });
}

inline void control_worker(Machine &m)
{
    Worker worker = m.worker();
    if (!worker.worker)
        return;
    constexpr int (*kCalls[])(wm_worker *) = {wm_worker_listen,        wm_worker_unlisten, wm_worker_pause_accept,
                                              wm_worker_resume_accept, wm_worker_stop,     wm_worker_check};
    auto fn = m.program.one_of(kCalls);
    m.world.enter(*worker.app, [&] { return fn(worker.worker); });
}

inline void set_worker(Machine &m)
{
    wm_worker *worker = m.worker().worker;
    const char *name = m.option(WM_SCOPE_WORKER);
    int64_t number = m.program.one_of(kNumbers);
    const char *text = nullptr;
    m.world.call([&] { return wm_worker_set_int(worker, name, number); });
    m.world.call([&] { return wm_worker_get_int(worker, name, &number); });
    if (m.world.call([&] { return wm_worker_get_str(worker, name, &text); }) == 0)
        m.world.call([&] { return wm_worker_set_str(worker, name, std::string(text).c_str()); });
}

inline void watch_worker(Machine &m)
{
    Worker worker = m.worker();
    if (!worker.worker || m.program.pick(4) != 0)
        return;
    m.world.not_strict(*worker.app);
    watch(m, worker.worker, m.program.pick(2) == 0);
}

inline void broadcast(Machine &m)
{
    wm_worker *worker = m.worker().worker;
    Span span = m.span();
    int32_t flags = m.program.one_of(kFlags);
    int64_t result = m.world.call([&] { return wm_worker_broadcast(worker, span.data, span.len, flags); });
    check(result < 0 || (!span.lies && !(flags & ~kSendFlags)), "a broadcast that cannot be was taken");
}

inline void look_at_worker(Machine &m)
{
    Worker worker = m.worker();
    wm_conn previous = m.conn();
    m.world.call([&] { return wm_worker_conn_count(worker.worker); });
    m.world.call([&] { return wm_worker_index(worker.worker); });
    wm_worker_next_conn(worker.worker, previous);
    check(wm_worker_address(worker.worker) && wm_worker_error(worker.worker), "no text");
    check(!worker.worker || wm_worker_app(worker.worker) == worker.app->app, "another app's worker");
    m.with_user(false, [&](User *user) { return wm_worker_set_user(worker.worker, user, World::destroy); });
}

// ---- connections

inline void send(Machine &m)
{
    wm_conn conn = m.conn();
    Span span = m.span();
    int32_t flags = m.program.one_of(kFlags);
    int64_t result = m.world.call([&] { return wm_conn_send(conn, span.data, span.len, flags); });
    check(result < 0 || (!span.lies && !(flags & ~kSendFlags)), "a message that cannot be was taken");
}

inline void send_latest(Machine &m)
{
    wm_conn conn = m.conn();
    Span key = m.span(), span = m.span();
    int32_t flags = m.program.one_of(kFlags);
    int64_t result = m.world.call([&] { return wm_conn_send_latest(conn, key.data, key.len, span.data, span.len, flags); });
    bool is_key = !key.lies && key.len >= 1 && key.len <= 255;
    check(result < 0 || (is_key && !span.lies && !(flags & ~kLatestFlags)), "a message of a key that cannot be was taken");
}

inline void send_many(Machine &m)
{
    int64_t sends[12];
    size_t total = 0, count = m.program.pick(5);
    for (size_t i = 0; i < count; i++) {
        int64_t len = static_cast<int64_t>(kSizes[m.program.pick(12)]);
        sends[3 * i] = static_cast<int64_t>(m.conn());
        sends[3 * i + 1] = len;
        sends[3 * i + 2] = m.program.one_of(kFlags);
        total += static_cast<size_t>(len);
    }
    int32_t results[4];
    Span lie = m.span();
    if (!lie.lies)
        m.world.call([&] { return wm_conn_send_many(guarded(std::min(total, kRoom)), std::min(total, kRoom), sends, count, results); });
    else
        m.world.call([&] { return wm_conn_send_many(lie.data, lie.len, sends, m.program.pick(2) ? count : lie.len, results); });
}

inline void close(Machine &m)
{
    constexpr int32_t kCodes[] = {0, 1000, 1001, 1005, 1006, 3000, 4999, 5000, -1, INT32_MIN};
    wm_conn conn = m.conn();
    int32_t code = m.program.one_of(kCodes);
    Span text = m.span();
    m.world.call([&] { return wm_conn_close(conn, code, text.data, text.len); });
}

inline void control_conn(Machine &m)
{
    constexpr int (*kCalls[])(wm_conn) = {wm_conn_pause_recv, wm_conn_resume_recv, wm_conn_resume_recv, wm_conn_shutdown, wm_conn_destroy};
    auto fn = m.program.one_of(kCalls);
    wm_conn conn = m.conn();
    m.world.call([&] { return fn(conn); });
}

inline void pipe_conns(Machine &m)
{
    wm_conn from = m.conn();
    wm_conn to = m.program.pick(4) == 0 ? 0 : m.program.pick(4) == 0 ? from : m.conn();
    m.world.call([&] { return wm_conn_pipe(from, to); });
}

inline void look_at_conn(Machine &m)
{
    wm_conn conn = m.conn();
    char text[128];
    size_t cap = m.program.pick(sizeof text);
    constexpr int (*kTexts[])(wm_conn, char *, size_t) = {wm_conn_remote_ip, wm_conn_remote_address, wm_conn_local_ip,
                                                          wm_conn_local_address};
    for (auto get : kTexts)
        m.world.call([&] { return get(conn, cap > 0 ? text : nullptr, cap); });
    constexpr int64_t (*kCounts[])(wm_conn) = {wm_conn_bytes_read, wm_conn_bytes_written, wm_conn_send_queue_size};
    for (auto get : kCounts)
        m.world.call([&] { return get(conn); });
    m.world.call([&] { return wm_conn_remote_port(conn) + wm_conn_local_port(conn) < 0 ? int64_t{wm_conn_remote_port(conn)} : 0; });
    wm_worker *worker = wm_conn_worker(conn);
    check(!worker || wm_worker_address(worker), "a connection of no worker");
    World::used(wm_conn_user(conn));
}

inline void set_conn(Machine &m)
{
    wm_conn conn = m.conn();
    const char *name = m.option(WM_SCOPE_CONN);
    int64_t number = m.program.one_of(kNumbers);
    m.world.call([&] { return wm_conn_set_int(conn, name, number); });
    m.world.call([&] { return wm_conn_get_int(conn, name, &number); });
    m.with_user(false, [&](User *user) { return wm_conn_set_user(conn, user, World::destroy); });
}

} // namespace fuzz

#endif
