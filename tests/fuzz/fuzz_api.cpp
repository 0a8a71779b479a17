// The public API as random programs use it: each input is a program of calls over wm.h, on apps, workers, clients, connections,
// requests, hubs and timers, in callbacks and between them, on two threads, with ids that are stale and lengths that lie. api_world.h has
// what is checked; the sanitizers see the rest. Nothing waits for time: timers are due at once or never.
#include "api_calls.h"
#include "api_client_calls.h"
#include "api_hub_calls.h"
#include "api_request_calls.h"
#include "api_watch_calls.h"
#include "api_websocket_calls.h"

namespace fuzz {
namespace {

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
    read_values,  read_values,  respond_fd,     respond_file,
    upgrade,      cookie,       read_form,      ping,
    watch_pings,  send_part,    send_part,      begin_or_end_parts,
    send_to,      send_latest,  hub_latest,     hub_send,
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
