// The judge of pushes over machines (tests/support/hub_load): what a fault excuses, for how long, and that pushes must be well behind it.
#include "support/hub_load_court.h"

namespace {

using namespace hub_load;

/// A court over machines, a minute after its pages came.
struct FaultCourt : Court {
    FaultCourt() : Court(rules(), true) { wait(60000); }

    static Rules rules()
    {
        Rules rules;
        rules.faults = true;
        return rules;
    }
    PushId failed(uint32_t uid, const char *why)
    {
        PushId id = judge.sent(uid);
        fail_with(id, why);
        pongs();
        return id;
    }
    /// An ok that page 2 gets, each 100 ms.
    void good(int64_t ms)
    {
        for (int64_t end = now + ms; now < end; wait(100))
            judge.received(2, ok(1, 1));
    }
    uint64_t counted(const char *name) { return report.counts[name]; }
};

void unknown_in_a_fault__is_right_if_pushes_are_well_behind_it(void **)
{
    FaultCourt court;
    court.judge.fault_begins("engine away");
    court.failed(1, "busy");
    court.wait(5000);
    court.judge.fault_ends();
    court.wait(400);
    court.failed(1, "timeout");
    court.good(2000);
    court.judge.finish();
    court.assert_right();
    assert_int_equal(court.counted("unwell"), 2);
    assert_int_equal(court.report.rates["well_after_ms"], 400);
}

void unknown_until_the_end__is_not_well(void **)
{
    FaultCourt court;
    court.judge.fault_begins("engine away");
    court.judge.fault_ends();
    court.good(2000);
    court.failed(1, "timeout");
    court.good(500);
    court.judge.finish();
    court.assert_wrong(Wrong::kNotWell);
}

void fault_without_an_end__is_not_well(void **)
{
    FaultCourt court;
    court.judge.fault_begins("engine away");
    court.good(3000);
    court.judge.finish();
    court.assert_wrong(Wrong::kNotWell);
}

void fault_that_is_followed_at_once__is_not_well(void **)
{
    FaultCourt court;
    for (int i = 0; i < 2; i++) {
        court.judge.fault_begins("engine away");
        court.judge.fault_ends();
        court.good(i == 0 ? 500 : 2000);
    }
    court.judge.finish();
    court.assert_wrong(Wrong::kNotWell);
}

void unknown_before_any_fault__is_counted(void **)
{
    FaultCourt court;
    court.failed(1, "timeout");
    court.judge.finish();
    court.assert_right();
    assert_int_equal(court.counted("unwell_before_faults"), 1);
}

void offline_in_a_fault_and_three_seconds_behind_it__is_counted(void **)
{
    FaultCourt court;
    court.judge.fault_begins("partition");
    court.failed(1, "offline");
    court.judge.fault_ends();
    court.wait(2900);
    court.failed(1, "offline");
    court.good(2000);
    court.judge.finish();
    court.assert_right();
    assert_int_equal(court.counted("offline_in_fault"), 2);
    assert_int_equal(court.report.rates["well_after_ms"], 2900);
}

void offline_of_a_push_that_a_fault_overtakes__is_counted(void **)
{
    FaultCourt court;
    PushId id = court.judge.sent(1);
    court.judge.fault_begins("partition");
    court.fail_with(id, "offline");
    court.pongs();
    court.assert_right();
    assert_int_equal(court.counted("offline_in_fault"), 1);
}

void offline_without_a_fault__is_false(void **)
{
    FaultCourt before;
    before.failed(1, "offline");
    before.assert_wrong(Wrong::kFalseOffline);

    FaultCourt behind;
    behind.judge.fault_begins("partition");
    behind.judge.fault_ends();
    behind.wait(3100);
    behind.failed(1, "offline");
    behind.assert_wrong(Wrong::kFalseOffline);
}

void offline_of_a_page_that_has_just_come__is_counted(void **)
{
    FaultCourt court;
    court.judge.ended(2, 1012, "");
    court.come(2);
    court.wait(900);
    court.failed(1, "offline");
    court.assert_right();
    assert_int_equal(court.counted("offline_of_young_page"), 1);
    court.wait(200);
    court.failed(1, "offline");
    court.assert_wrong(Wrong::kFalseOffline);
}

void offline_in_a_fault_that_was_delivered__is_false(void **)
{
    FaultCourt court;
    court.judge.fault_begins("partition");
    PushId id = court.judge.sent(1);
    court.fail_with(id, "offline");
    court.judge.received(2, id);
    court.assert_wrong(Wrong::kFalseOffline);
}

void ok_in_a_fault_that_no_page_has_got__is_false(void **)
{
    FaultCourt court;
    court.judge.fault_begins("partition");
    court.ok(1, 1);
    court.wait(1000);
    court.pongs();
    court.assert_wrong(Wrong::kFalseOk);
}

void partial_broadcast__may_miss_pages_and_is_unwell(void **)
{
    FaultCourt court;
    court.judge.fault_begins("partition");
    Answer answer;
    answer.ok = answer.partial = true;
    court.judge.answered(court.judge.sent(kToAll), answer);
    court.wait(1000);
    court.pongs();
    court.assert_right();
    assert_int_equal(court.counted("unwell"), 1);
}

void fault__does_not_explain_the_end_of_a_page(void **)
{
    FaultCourt court;
    court.judge.fault_begins("engine away");
    court.lose(2);
    court.assert_wrong(Wrong::kLost);
}

void machine_that_is_away__needs_a_kill(void **)
{
    Rules rules = FaultCourt::rules();
    rules.kills = true;
    Court killed(rules, true);
    killed.judge.killed(1);
    killed.judge.refused(true, "connection refused");
    killed.assert_right();
    FaultCourt alive;
    alive.judge.fault_begins("engine away");
    alive.judge.refused(true, "connection refused");
    alive.assert_wrong(Wrong::kRefused);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(unknown_in_a_fault__is_right_if_pushes_are_well_behind_it),
        cmocka_unit_test(unknown_until_the_end__is_not_well),
        cmocka_unit_test(fault_without_an_end__is_not_well),
        cmocka_unit_test(fault_that_is_followed_at_once__is_not_well),
        cmocka_unit_test(unknown_before_any_fault__is_counted),
        cmocka_unit_test(offline_in_a_fault_and_three_seconds_behind_it__is_counted),
        cmocka_unit_test(offline_of_a_push_that_a_fault_overtakes__is_counted),
        cmocka_unit_test(offline_without_a_fault__is_false),
        cmocka_unit_test(offline_of_a_page_that_has_just_come__is_counted),
        cmocka_unit_test(offline_in_a_fault_that_was_delivered__is_false),
        cmocka_unit_test(ok_in_a_fault_that_no_page_has_got__is_false),
        cmocka_unit_test(partial_broadcast__may_miss_pages_and_is_unwell),
        cmocka_unit_test(fault__does_not_explain_the_end_of_a_page),
        cmocka_unit_test(machine_that_is_away__needs_a_kill),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
