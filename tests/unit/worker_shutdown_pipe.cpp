// A drain of what is piped: bytes go on both ways, an end comes through, and the time is a limit.
#include "shutdown_rig.h"

namespace {

struct Joined {
    Client a, b;
};

/// Two connections, joined both ways.
Joined join(Rig &rig)
{
    Joined joined = {client_open(rig), client_open(rig)};
    wm_conn a = rig.nth(WM_EVENT_OPEN, 0).conn, b = rig.nth(WM_EVENT_OPEN, 1).conn;
    assert_int_equal(wm_conn_pipe(a, b), 0);
    assert_int_equal(wm_conn_pipe(b, a), 0);
    return joined;
}

void drain__what_is_piped_goes_on_after_a_silence(void **state)
{
    Rig rig(state, "tcp://127.0.0.1:0");
    Joined joined = join(rig);
    rig.drain(100, kLong);
    for (int64_t end = clock_ms() + 400; clock_ms() < end;)
        rig.turn();
    joined.a.say("there");
    joined.b.hear("there");
    joined.b.say("back");
    joined.a.hear("back");
    assert_int_equal(rig.stops, 0);
    assert_int_equal(rig.count(WM_EVENT_CLOSE), 0);
    joined.a.end_writing();
    joined.b.hear_end();
    joined.a.hear_end();
    rig.until_stopped();
    assert_int_equal(rig.count(WM_EVENT_CLOSE), 2);
}

void drain__the_end_of_one_side_comes_through(void **state)
{
    Rig rig(state, "tcp://127.0.0.1:0");
    Joined joined = join(rig);
    rig.drain(kLong / 2, kLong);
    joined.a.say("last");
    joined.a.end_writing();
    joined.b.hear("last");
    rig.until([&] { return joined.b.ended(); });
    joined.b.say("answer");
    joined.a.hear("answer");
    joined.b.hear_end();
    joined.a.hear_end();
    rig.until_stopped();
}

void drain__its_time_ends_both_sides(void **state)
{
    Rig rig(state, "tcp://127.0.0.1:0");
    Joined joined = join(rig);
    int64_t began = clock_ms();
    rig.drain(kLong, 200);
    while (!joined.b.ended()) {
        joined.a.try_say("x");
        rig.turn();
        assert_true(clock_ms() < began + kLong);
    }
    rig.until([&] { return joined.a.ended(); });
    rig.until_stopped();
    assert_int_equal(rig.count(WM_EVENT_CLOSE), 2);
}

} // namespace

#define SCENARIO(function)                                                                                                                 \
    {                                                                                                                                      \
#function, function                                                                                                                \
    }

int main()
{
    return run_scenarios("worker_shutdown_pipe", {
                                                     SCENARIO(drain__what_is_piped_goes_on_after_a_silence),
                                                     SCENARIO(drain__the_end_of_one_side_comes_through),
                                                     SCENARIO(drain__its_time_ends_both_sides),
                                                 });
}
