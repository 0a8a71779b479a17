// The row of deadlines: nothing expires early, nothing later than a sweep's distance, and due_ms says when to look.
#include "core/deadlines.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <set>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using wm::Deadlines;

std::set<uint32_t> sweep(Deadlines &deadlines, int64_t now)
{
    std::set<uint32_t> out;
    deadlines.sweep(now, [&out](uint32_t slot) { out.insert(slot); });
    return out;
}

void nothing_set_is_never_due(void **)
{
    Deadlines deadlines;
    deadlines.start(1000);
    assert_true(deadlines.due_ms() == INT64_MAX);
    assert_true(deadlines.reserve(3));
    deadlines.set(3, 0);
    assert_true(deadlines.due_ms() == INT64_MAX);
}

void each_expires_once_neither_early_nor_a_second_late(void **)
{
    for (int64_t delay = 1; delay < 5000; delay += 37) {
        Deadlines deadlines;
        int64_t now = 123456;
        deadlines.start(now);
        assert_true(deadlines.reserve(5));
        deadlines.set(5, deadlines.tick_after(now, delay));
        int64_t fired = 0;
        for (int64_t at = now; at < now + delay + 1500; at++) {
            if (deadlines.due_ms() > at)
                continue;
            if (sweep(deadlines, at).count(5)) {
                assert_true(fired == 0);
                fired = at;
            }
        }
        assert_true(fired >= now + delay);
        assert_true(fired <= now + delay + 1000);
    }
}

void only_those_that_are_due_expire_and_the_rest_stays(void **)
{
    Deadlines deadlines;
    deadlines.start(0);
    for (uint32_t slot = 0; slot < 1000; slot++) {
        assert_true(deadlines.reserve(slot));
        deadlines.set(slot, deadlines.tick_after(0, slot % 2 ? 1000 : 60000));
    }
    deadlines.set(7, 0);
    std::set<uint32_t> expired = sweep(deadlines, 2000);
    assert_int_equal(expired.size(), 499);
    assert_int_equal(expired.count(7), 0);
    assert_true(deadlines.due_ms() > 2000 && deadlines.due_ms() <= 60400);
    assert_int_equal(sweep(deadlines, 61000).size(), 500);
    assert_true(deadlines.due_ms() == INT64_MAX);
}

void a_deadline_set_while_sweeping_counts(void **)
{
    Deadlines deadlines;
    deadlines.start(0);
    assert_true(deadlines.reserve(0));
    deadlines.set(0, deadlines.tick_after(0, 100));
    deadlines.sweep(1000, [&](uint32_t slot) { deadlines.set(slot, deadlines.tick_after(1000, 500)); });
    assert_true(deadlines.due_ms() <= 1000 + 500 + 200);
    assert_int_equal(sweep(deadlines, 2000).count(0), 1);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(nothing_set_is_never_due),
        cmocka_unit_test(each_expires_once_neither_early_nor_a_second_late),
        cmocka_unit_test(only_those_that_are_due_expire_and_the_rest_stays),
        cmocka_unit_test(a_deadline_set_while_sweeping_counts),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
