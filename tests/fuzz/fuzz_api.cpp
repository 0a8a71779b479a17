// The public API as random programs use it: each input is a program of calls over wm.h, on apps, workers, clients, connections,
// requests, hubs and timers, in callbacks and between them, on two threads, with ids that are stale and lengths that lie. api_world.h has
// what is checked; the sanitizers see the rest. Nothing waits for time: timers are due at once or never.
#include "api_calls.h"
#include "api_client_calls.h"
#include "api_hub_calls.h"
#include "api_watch_calls.h"

namespace fuzz {
namespace {

// ---- requests

void look_at_request(Machine &m)
{
    wm_request request = m.request();
    m.world.check_kept(request);
    const void *name = nullptr, *value = nullptr;
    size_t name_len = 0, len = 0;
    constexpr int (*kSlices[])(wm_request, const void **, size_t *) = {wm_request_path, wm_request_query, wm_request_authority,
                                                                       wm_request_version, wm_request_body};
    for (auto get : kSlices)
        if (m.world.call([&] { return get(request, &value, &len); }) == 0)
            m.world.touch(value, len);
    if (m.world.call([&] { return wm_request_header(request, "host", &value, &len); }) == 1)
        m.world.touch(value, len);
    constexpr size_t kIndexes[] = {0, 1, 2, 100, SIZE_MAX};
    size_t index = m.program.one_of(kIndexes);
    if (m.world.call([&] { return wm_request_header_at(request, index, &name, &name_len, &value, &len); }) == 1)
        m.world.touch(value, len);
    wm_request_conn(request);
}

void read_values(Machine &m)
{
    wm_request request = m.request();
    const void *name = nullptr, *value = nullptr;
    size_t name_len = 0, len = 0;
    constexpr int (*kPairs[])(wm_request, size_t, const void **, size_t *, const void **,
                              size_t *) = {wm_request_query_at, wm_request_form_at, wm_request_cookie_at, wm_request_header_at};
    auto pair_at = m.program.one_of(kPairs);
    for (size_t i = 0; m.world.call([&] { return pair_at(request, i, &name, &name_len, &value, &len); }) == 1; i++) {
        m.world.touch(name, name_len);
        m.world.touch(value, len);
    }
    wm_part part;
    for (size_t i = 0; m.world.call([&] { return wm_request_part_at(request, i, &part); }) == 1; i++) {
        m.world.touch(part.data, part.data_len);
        if (wm_part_header(&part, "content-disposition", &value, &len) == 1)
            m.world.touch(value, len);
    }
    Span body = m.span();
    wm_part parts[4];
    char text[32];
    if (!body.lies) {
        constexpr std::string_view kType = "multipart/form-data; boundary=b";
        int count = m.world.call(
            [&] { return wm_form_parts(kType.data(), kType.size(), body.data, body.len, parts, std::size(parts), text, sizeof text); });
        for (int i = 0; i < count; i++)
            m.world.touch(parts[i].data, parts[i].data_len);
    }
    if (m.world.call([&] { return wm_request_path_decoded(request, &value, &len); }) == 0)
        m.world.touch(value, len);
    constexpr int (*kLookups[])(wm_request, const char *, const void **, size_t *) = {wm_request_query_value, wm_request_form_value,
                                                                                      wm_request_cookie, wm_request_media_parameter};
    auto look_up = m.program.one_of(kLookups);
    if (m.world.call([&] { return look_up(request, "a", &value, &len); }) == 1)
        m.world.touch(value, len);
}

void keep(Machine &m)
{
    m.world.keep(m.request());
}

void respond(Machine &m)
{
    constexpr int32_t kStatus[] = {200, 200, 204, 304, 404, 503, 100, 599, 600, -1};
    wm_request request = m.request();
    int32_t status = m.program.one_of(kStatus), flags = m.program.one_of(kFlags);
    Span body = m.span();
    std::string fields(m.program.one_of(kFields));
    auto known = m.world.requests.find(request);
    if (known != m.world.requests.end())
        fields += std::string(kNumber) + std::to_string(known->second.number) + "\r\n";
    int64_t result =
        m.world.call([&] { return wm_request_respond(request, status, fields.data(), fields.size(), body.data, body.len, flags); });
    // The length of a body that is not sent, as to HEAD, can be any that memory has.
    bool unbelievable = body.lies && (!body.data || body.len > SIZE_MAX / 8);
    check(result < 0 || (!unbelievable && !(flags & ~7)), "an answer that cannot be was taken");
    check(result < 0 || wm_request_respond(request, 200, nullptr, 0, nullptr, 0, 0) < 0, "two answers to one request");
}

/// A call that goes on with an answer in parts, in any order; nothing is known of what it returns.
void stream(Machine &m)
{
    wm_request request = m.request();
    constexpr int32_t kStatus[] = {200, 200, 204, 304, 103, 199, 600};
    constexpr int64_t kLengths[] = {-1, -1, 0, 3, 100, INT64_MAX, INT64_MIN};
    int32_t status = m.program.one_of(kStatus);
    int64_t length = m.program.one_of(kLengths);
    std::string_view fields = m.program.one_of(kFields);
    Span text = m.span();
    auto call = [&]() -> int {
        switch (m.program.pick(8)) {
        case 0:
            return wm_request_respond_begin(request, status, fields.data(), fields.size(), length);
        case 1:
            return wm_request_respond_end(request);
        case 2:
            return m.program.pick(4) == 0 ? wm_request_respond_abort(request) : wm_request_respond_end(request);
        case 3:
            return wm_request_inform(request, status, fields.data(), fields.size());
        case 4:
            return wm_request_event_begin(request, fields.data(), fields.size());
        case 5:
            return wm_request_event_send(request, "1", 1, nullptr, 0, length, text.data, text.len);
        case 6:
            return wm_request_event_comment(request, text.data, text.len);
        default:
            return wm_request_respond_write(request, text.data, text.len);
        }
    };
    m.world.call(call);
    m.with_user(false, [&](User *user) { return wm_request_set_user(request, user, World::destroy); });
    wm_request_user(request);
}

void answer_handshake(Machine &m)
{
    wm_request request = m.request();
    auto known = m.world.requests.find(request);
    std::string_view fields = m.program.one_of(kFields);
    bool accepts = m.program.pick(4) != 0;
    Span body = accepts ? Span{nullptr, 0, false} : m.span();
    auto answer = [&] {
        return accepts ? wm_handshake_accept(request, fields.data(), fields.size())
                       : wm_handshake_reject(request, 403, fields.data(), fields.size(), body.data, body.len);
    };
    App *app = known != m.world.requests.end() ? m.world.conns[known->second.conn].app : nullptr;
    int64_t result = app ? m.world.enter(*app, answer) : m.world.call(answer);
    check(result < 0 || !body.lies, "an answer that cannot be was taken");
}

// ---- timers

void add_timer(Machine &m)
{
    App &app = m.app();
    int64_t delay = m.program.one_of(kTimes), repeat = m.program.pick(4) == 0 ? m.program.one_of(kTimes) : 0;
    wm_timer_fn fn = m.program.pick(2) ? Machine::on_timer : nullptr;
    User *user = m.world.user(repeat == 0);
    World::registered(user);
    wm_timer timer = m.world.make([&] { return wm_timer_add(app.app, delay, repeat, fn, user, World::destroy); });
    if (timer)
        m.world.timers.push_back(timer);
    else
        World::failed(user);
}

void delete_timer(Machine &m)
{
    wm_timer timer = m.world.timers.empty() || m.program.pick(8) == 0 ? m.conn() : m.program.one_of(m.world.timers);
    m.world.call([&] { return wm_timer_del(timer); });
}

// ---- peers

void dial(Machine &m)
{
    wm_worker *worker = m.worker().worker;
    if (worker)
        m.peers.dial(m.program.pick(Peers::kPeers), wm_worker_address(worker));
}

void say(Machine &m)
{
    size_t peer = m.program.pick(Peers::kPeers), what = m.program.byte();
    m.peers.say(peer, what < 192 ? kSayings[what % std::size(kSayings)] : m.program.bytes());
}

void say_frame(Machine &m)
{
    constexpr uint8_t kFirst[] = {0x81, 0x82, 0x89, 0x8a, 0x88, 0x01, 0x00, 0x80, 0xc1};
    size_t peer = m.program.pick(Peers::kPeers);
    uint8_t first = m.program.one_of(kFirst);
    m.peers.say_frame(peer, first, m.program.bytes());
}

void read(Machine &m)
{
    constexpr size_t kMost[] = {1, 100, 65536, SIZE_MAX};
    size_t peer = m.program.pick(Peers::kPeers);
    m.peers.read(peer, m.program.one_of(kMost));
}

void end_peer(Machine &m)
{
    size_t peer = m.program.pick(Peers::kPeers);
    if (m.program.pick(2) == 0)
        m.peers.end_writing(peer);
    else
        m.peers.close(peer);
}

constexpr Machine::Operation kOperations[] = {
    new_app,      free_app,     poll,           poll_all,
    run_once,     run_stopped,  wait_for_post,  stop_app,
    flush,        post,         set_app,        log,
    new_worker,   free_worker,  control_worker, set_worker,
    watch_worker, broadcast,    look_at_worker, send,
    send,         send_many,    close,          control_conn,
    pipe_conns,   look_at_conn, set_conn,       look_at_request,
    keep,         respond,      respond,        answer_handshake,
    stream,       stream,       stream,         stream,
    add_timer,    delete_timer, add_watch,      add_signal,
    change_watch, disturb,      adopt,          new_client,
    new_client,   free_client,  control_client, set_client,
    watch_client, use_client,   use_client,     new_hub,
    free_hub,     bind,         join,           hub_send,
    group_call,   kick,         watch_topic,    publish,
    set_hub,      dial,         dial,           say,
    say,          say,          say_frame,      say_frame,
    read,         end_peer,     poll_all,       poll_all,
    read_values,  read_values,
};

/// Stops each app and takes all that comes, or frees it at once.
void finish(Machine &m, bool stops)
{
    for (size_t i = 0; i < m.world.apps.size(); i++) {
        App &app = m.world.apps[i];
        if (app.app && stops)
            m.world.call([&] { return wm_app_stop(app.app); });
        for (int round = 0; app.app && stops && m.poll(app) != WM_ESTOPPED; round++)
            check(round < 1000, "a stop without an end");
        if (!app.app)
            continue;
        app.is_drained = stops;
        m.world.begin_poll(app);
        m.world.enter(app, [&] { return wm_app_free(app.app), 0; });
        m.world.forget(app);
    }
}

} // namespace

void Machine::step()
{
    uint8_t code = program.byte();
    Operation operation = kOperations[(code & 127) % std::size(kOperations)];
    if (code < 128 || other_thread().is_this())
        operation(*this);
    else
        other_thread().run([&] { operation(*this); });
}

} // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    using namespace fuzz;
    static int quiet = wm_log_set([](int32_t, const void *, size_t, void *) {}, nullptr, nullptr);
    check(quiet == 0, "no log");
    if (size == 0)
        return 0;
    Machine machine(data, size);
    bool stops = machine.program.pick(2) == 0;
    new_app(machine);
    new_worker(machine);
    new_hub(machine);
    poll(machine);
    while (!machine.program.ended())
        machine.step();
    finish(machine, stops);
    machine.world.check_end();
    return 0;
}
