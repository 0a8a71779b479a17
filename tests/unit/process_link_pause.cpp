// How often the master links two processes of which one drops each link.
#include "process/master/link_pause.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using wm::LinkPause;

void pauses_grow_to_their_ceiling(void **)
{
    LinkPause pause;
    int64_t now = 5000;
    assert_true(pause.again_ms() <= now); // the first link comes at once
    for (int64_t expected : {50, 100, 200, 400, 800, 1600, 2000, 2000}) {
        pause.attempt(now);
        assert_int_equal(pause.again_ms() - now, expected);
        now = pause.again_ms(); // dropped at once
    }
}

void a_link_that_holds_begins_anew(void **)
{
    LinkPause pause;
    int64_t now = 5000;
    for (int i = 0; i < 8; i++) {
        pause.attempt(now);
        now = pause.again_ms();
    }
    pause.attempt(now += LinkPause::kHeldMs - 1);
    assert_int_equal(pause.again_ms() - now, LinkPause::kLongestMs);
    now = pause.again_ms() + LinkPause::kHeldMs;
    pause.attempt(now);
    assert_int_equal(pause.again_ms() - now, LinkPause::kShortestMs);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(pauses_grow_to_their_ceiling),
        cmocka_unit_test(a_link_that_holds_begins_anew),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
