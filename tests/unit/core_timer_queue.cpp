// The heap of timers against a sorted list: random additions, removals and firings.
#include "core/timer_queue.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <set>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;

void empty_has_no_first(void **)
{
    TimerQueue queue(0);
    assert_int_equal(queue.first(), UINT32_MAX);
    assert_true(queue.first_due_ms() == Loop::kNever);
}

void random_acts_agree_with_a_sorted_list(void **)
{
    TimerQueue queue(0);
    std::set<std::pair<int64_t, uint32_t>> sorted;
    std::map<uint32_t, int64_t> due_of;
    std::mt19937 random(7);
    for (int i = 0; i < 50000; i++) {
        unsigned long act = random() % 10;
        if (act < 5 || sorted.empty()) {
            int64_t due = static_cast<int64_t>(random() % 1000);
            uint32_t slot = queue.add(due, 0, nullptr, nullptr, nullptr);
            sorted.insert({due, slot});
            due_of[slot] = due;
        } else if (act < 8) {
            uint32_t slot = queue.first();
            assert_true(sorted.count({queue.first_due_ms(), slot}) == 1);
            sorted.erase({due_of[slot], slot});
            due_of.erase(slot);
            queue.remove(slot);
            queue.release(slot);
        } else {
            auto which = std::next(due_of.begin(), static_cast<long>(random() % due_of.size()));
            sorted.erase({which->second, which->first});
            queue.remove(which->first);
            queue.release(which->first);
            due_of.erase(which);
        }
        assert_int_equal(queue.live(), sorted.size());
        assert_true(queue.first_due_ms() == (sorted.empty() ? Loop::kNever : sorted.begin()->first));
    }
}

void a_timer_that_is_out_may_be_pushed_again(void **)
{
    TimerQueue queue(0);
    uint32_t early = queue.add(10, 5, nullptr, nullptr, nullptr), late = queue.add(12, 0, nullptr, nullptr, nullptr);
    assert_int_equal(queue.first(), early);
    queue.remove(early);
    queue.remove(early); // it is out: nothing happens
    assert_int_equal(queue.first(), late);
    queue.at(early)->due_ms = 15;
    queue.push(early);
    assert_int_equal(queue.first(), late);
    queue.remove(late);
    assert_int_equal(queue.first(), early);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(empty_has_no_first),
        cmocka_unit_test(random_acts_agree_with_a_sorted_list),
        cmocka_unit_test(a_timer_that_is_out_may_be_pushed_again),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
