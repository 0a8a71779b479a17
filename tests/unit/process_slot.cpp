// The states of a slot, driven by events as plain functions: no process is started.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>

#include "process/master/slot.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

using namespace wm;

namespace {

constexpr pid_t kFirst = 101, kSecond = 102;
constexpr int64_t kNow = 5000;

void assert_slot(const Slot &slot, SlotState state, pid_t process, pid_t successor)
{
    assert_int_equal(slot.state(), state);
    assert_int_equal(slot.process(), process);
    assert_int_equal(slot.successor(), successor);
}

Slot serving()
{
    Slot slot({});
    slot.started(kFirst);
    slot.ready(kFirst);
    return slot;
}

Slot replacing()
{
    Slot slot = serving();
    slot.started(kSecond);
    return slot;
}

void start__empty_starting_serving(void **)
{
    Slot slot({});
    assert_slot(slot, SlotState::kEmpty, 0, 0);
    assert_true(slot.can_start() && slot.is_gap());
    assert_int_equal(slot.start_at_ms(), 0);
    slot.started(kFirst);
    assert_slot(slot, SlotState::kStarting, kFirst, 0);
    assert_false(slot.can_start() || slot.is_gap() || slot.is_serving());
    assert_int_equal(slot.role(kFirst), SlotRole::kStarting);
    assert_int_equal(slot.ready(kFirst), 0);
    assert_slot(slot, SlotState::kServing, kFirst, 0);
    assert_true(slot.can_start() && slot.is_serving());
    assert_int_equal(slot.role(kFirst), SlotRole::kServing);
    assert_int_equal(slot.role(kSecond), SlotRole::kLeaving);
}

void replacement__the_old_process_serves_until_the_new_one_is_ready(void **)
{
    Slot slot = replacing();
    assert_slot(slot, SlotState::kReplacing, kFirst, kSecond);
    assert_true(slot.is_serving());
    assert_false(slot.can_start());
    assert_int_equal(slot.role(kSecond), SlotRole::kSuccessor);
    assert_int_equal(slot.ready(kSecond), kFirst);
    assert_slot(slot, SlotState::kServing, kSecond, 0);
    assert_int_equal(slot.role(kFirst), SlotRole::kLeaving);
    assert_int_equal(slot.ended(kFirst, 100, kNow), SlotRole::kLeaving);
    assert_slot(slot, SlotState::kServing, kSecond, 0);
}

void replacement__a_successor_that_dies_or_is_released_leaves_the_old_process(void **)
{
    Slot slot = replacing();
    assert_int_equal(slot.ended(kSecond, -1, kNow), SlotRole::kSuccessor);
    assert_slot(slot, SlotState::kServing, kFirst, 0);
    slot.started(kSecond);
    slot.release(kSecond);
    assert_slot(slot, SlotState::kServing, kFirst, 0);
}

void replacement__the_old_process_dies_first(void **)
{
    Slot slot = replacing();
    assert_int_equal(slot.ended(kFirst, 100, kNow), SlotRole::kServing);
    assert_slot(slot, SlotState::kSucceeding, 0, kSecond);
    assert_true(slot.is_gap());
    assert_false(slot.can_start() || slot.is_serving());
    assert_int_equal(slot.ready(kSecond), 0);
    assert_slot(slot, SlotState::kServing, kSecond, 0);

    slot = replacing();
    slot.ended(kFirst, 100, kNow);
    assert_int_equal(slot.ended(kSecond, -1, kNow), SlotRole::kSuccessor);
    assert_slot(slot, SlotState::kEmpty, 0, 0);

    slot = replacing();
    slot.ended(kFirst, 100, kNow);
    slot.release(kSecond);
    assert_slot(slot, SlotState::kEmpty, 0, 0);
}

/// A process that dies early, again and again; returns the pause after the last death.
int64_t die_early(Slot &slot, int times)
{
    for (int i = 0; i < times; i++) {
        slot.started(kFirst);
        assert_int_equal(slot.ended(kFirst, -1, kNow), SlotRole::kStarting);
    }
    return slot.start_at_ms() - kNow;
}

void deaths__a_pause_that_grows(void **)
{
    Slot slot({});
    const int64_t pauses[] = {0, 100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000};
    for (int64_t pause : pauses)
        assert_int_equal(die_early(slot, 1), pause);
}

void deaths__after_a_second_of_service_no_pause(void **)
{
    Slot slot({});
    die_early(slot, 3);
    slot.started(kFirst);
    slot.ready(kFirst);
    assert_int_equal(slot.ended(kFirst, 1000, kNow), SlotRole::kServing);
    assert_int_equal(slot.start_at_ms(), kNow);
    assert_int_equal(die_early(slot, 1), 400); // the row goes on
}

void deaths__ten_seconds_of_service_or_a_reload_end_the_row(void **)
{
    Slot slot({});
    die_early(slot, 3);
    slot.started(kFirst);
    slot.ready(kFirst);
    slot.ended(kFirst, 10000, kNow);
    assert_int_equal(die_early(slot, 1), 0);
    slot.forget_deaths();
    assert_int_equal(die_early(slot, 2), 100);
}

void replacement__without_a_successor_is_followed_by_a_pause(void **)
{
    Slot slot = serving();
    const int64_t pauses[] = {0, 100, 200};
    for (int64_t pause : pauses) {
        slot.started(kSecond);
        slot.ended(kSecond, -1, kNow); // the successor has never been ready
        slot.successor_failed(1000, kNow);
        slot.release(kFirst);
        assert_slot(slot, SlotState::kEmpty, 0, 0);
        assert_int_equal(slot.start_at_ms(), kNow + pause);
        slot.started(kFirst);
        slot.ready(kFirst);
    }
    slot.successor_failed(10000, kNow); // ten seconds of service
    assert_int_equal(slot.start_at_ms(), kNow);
}

void retry__sets_the_next_start(void **)
{
    Slot slot({});
    slot.retry_at(kNow + 1000);
    assert_slot(slot, SlotState::kEmpty, 0, 0);
    assert_int_equal(slot.start_at_ms(), kNow + 1000);
}

void close__from_every_state_and_for_good(void **)
{
    Slot empty({}), starting({}), succeeding = replacing();
    starting.started(kFirst);
    succeeding.ended(kFirst, 1, kNow);
    for (Slot slot : {empty, starting, serving(), replacing(), succeeding}) {
        slot.close();
        assert_slot(slot, SlotState::kClosed, 0, 0);
        assert_false(slot.can_start() || slot.is_gap() || slot.is_serving());
        assert_int_equal(slot.ended(kFirst, 100, kNow), SlotRole::kLeaving);
        slot.release(kSecond);
        assert_slot(slot, SlotState::kClosed, 0, 0);
    }
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(start__empty_starting_serving),
        cmocka_unit_test(replacement__the_old_process_serves_until_the_new_one_is_ready),
        cmocka_unit_test(replacement__a_successor_that_dies_or_is_released_leaves_the_old_process),
        cmocka_unit_test(replacement__the_old_process_dies_first),
        cmocka_unit_test(deaths__a_pause_that_grows),
        cmocka_unit_test(deaths__after_a_second_of_service_no_pause),
        cmocka_unit_test(deaths__ten_seconds_of_service_or_a_reload_end_the_row),
        cmocka_unit_test(replacement__without_a_successor_is_followed_by_a_pause),
        cmocka_unit_test(retry__sets_the_next_start),
        cmocka_unit_test(close__from_every_state_and_for_good),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
