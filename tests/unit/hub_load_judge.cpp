// The judge of pushes over processes (tests/support/hub_load): it sees each thing that a server must never do, and says nothing of what
// crossed on the way, or of what a kill explains.
#include "support/hub_load_court.h"

namespace {

using namespace hub_load;

// ---- 1: false ok

void ok_that_all_have_got__is_right(void **)
{
    Court court;
    PushId id = court.judge.sent(0);
    court.judge.received(0, id);
    Answer answer;
    answer.ok = true;
    answer.connections = 2;
    court.judge.answered(id, answer);
    court.judge.received(1, id);
    court.wait(1000);
    assert_true(court.asked.empty());
    assert_true(court.judge.settled());
    court.assert_right();
}

void ok_that_no_page_has_got__is_false(void **)
{
    Court court;
    court.ok(0, 1);
    court.wait(1000);
    assert_int_equal(court.asked.size(), 2);
    court.assert_right(); // it may still be on its way
    court.pongs();
    court.assert_wrong(Wrong::kFalseOk);
}

void ok_for_two_that_one_has_got__is_false(void **)
{
    Court court;
    court.judge.received(0, court.ok(0, 2));
    court.wait(1000);
    court.pongs();
    court.assert_wrong(Wrong::kFalseOk);
}

void ok_to_a_uid_without_pages__is_false(void **)
{
    Court court;
    court.ok(2, 1);
    court.wait(1000);
    court.assert_wrong(Wrong::kFalseOk);
}

void ok_that_comes_late__is_right(void **)
{
    Court court;
    PushId id = court.ok(1, 1);
    court.wait(1000);
    court.judge.received(2, id);
    court.pongs();
    court.wait(1000);
    court.assert_right();
    assert_true(court.judge.settled());
}

void ok_to_a_page_that_was_closed_before_it_came__is_false(void **)
{
    Court court;
    court.ok(1, 1);
    court.judge.ended(2, 1012, "");
    court.wait(1000);
    court.assert_wrong(Wrong::kFalseOk);
}

void ok_to_a_page_whose_process_was_killed__may_be_lost_with_it(void **)
{
    Court court(true);
    court.ok(1, 1);
    court.judge.killed(1);
    court.lose(2);
    court.come(2);
    court.wait(1000);
    court.assert_right();
    assert_int_equal(court.report.counts["lost_with_process"], 1);
}

void ok_to_a_page_that_was_asked_behind_it__is_not_lost_with_its_process(void **)
{
    Court court(true);
    court.ok(1, 1);
    court.wait(1000);
    court.pongs();
    court.judge.killed(1);
    court.lose(2);
    court.assert_wrong(Wrong::kFalseOk);
}

void ok_for_two__one_killed_process_does_not_explain_both(void **)
{
    Court court(true);
    court.ok(0, 2);
    court.judge.killed(1);
    court.lose(0);
    court.wait(1000);
    court.pongs();
    court.assert_wrong(Wrong::kFalseOk);
}

// ---- 2: unanswered, cut

void push_without_an_answer__is_unanswered(void **)
{
    Court court;
    court.judge.sent(0);
    court.wait(29999);
    court.assert_right();
    court.wait(1);
    court.assert_wrong(Wrong::kUnanswered);
}

void push_without_an_answer_at_the_end__is_unanswered(void **)
{
    Court court;
    court.judge.sent(0);
    court.judge.finish();
    court.assert_wrong(Wrong::kUnanswered);
}

void push_that_was_cut__needs_a_kill(void **)
{
    Court court;
    court.judge.cut(court.judge.sent(0));
    court.assert_wrong(Wrong::kCut);

    Court killed(true);
    PushId id = killed.judge.sent(0);
    killed.judge.killed(1);
    killed.judge.cut(id);
    killed.assert_right();
    killed.wait(10001);
    killed.judge.cut(killed.judge.sent(0));
    killed.assert_wrong(Wrong::kCut);
}

// ---- 3 and 4: false offline, false fail

void offline_while_a_page_is_open__is_false(void **)
{
    Court court(true);
    court.fail_with(court.judge.sent(1), "offline");
    court.assert_right(); // a close frame may have crossed
    court.pongs();
    court.assert_wrong(Wrong::kFalseOffline);
}

void offline_while_the_page_closes__is_undecided(void **)
{
    Court court;
    court.fail_with(court.judge.sent(1), "offline");
    court.judge.ended(2, 1012, "");
    court.assert_right();
    assert_int_equal(court.report.counts["fail_undecided"], 1);
    assert_int_equal(court.report.counts["fail_right"], 0);
}

void offline_to_a_page_that_came_meanwhile__is_right(void **)
{
    Court court(false, false);
    PushId id = court.judge.sent(1);
    court.come(2);
    court.fail_with(id, "offline");
    assert_true(court.asked.empty());
    court.assert_right();
    assert_int_equal(court.report.counts["fail_right"], 1);
}

void offline_that_was_delivered__is_false(void **)
{
    for (bool before : {false, true}) {
        Court court(true, false);
        PushId id = court.judge.sent(1);
        court.come(2);
        if (before)
            court.judge.received(2, id);
        court.fail_with(id, "offline");
        if (!before)
            court.judge.received(2, id);
        court.assert_wrong(Wrong::kFalseOffline);
    }
}

void another_fail_while_a_page_is_open__needs_kills(void **)
{
    for (const char *why : {"plain", "full", "unknown"}) {
        Court court;
        court.fail_with(court.judge.sent(1), why);
        court.pongs();
        court.assert_wrong(Wrong::kFalseFail);

        Court killed(true);
        killed.fail_with(killed.judge.sent(1), why);
        killed.pongs();
        killed.assert_right();
    }
}

void bad__is_false_always(void **)
{
    Court court(true);
    court.fail_with(court.judge.sent(2), "bad");
    court.assert_wrong(Wrong::kFalseFail);
}

// ---- 5: twice

void the_same_push_again__is_twice(void **)
{
    for (uint32_t uid : {1U, kToAll}) {
        Court court;
        PushId id = court.ok(uid, 1);
        court.judge.received(2, id);
        court.judge.received(2, id);
        court.assert_wrong(Wrong::kTwice);
    }
}

void the_same_push_over_the_next_connection__is_no_second_time(void **)
{
    Court court;
    PushId id = court.ok(1, 1);
    court.judge.received(2, id);
    court.judge.ended(2, 1012, "");
    court.come(2);
    court.judge.received(2, id);
    court.assert_right();
}

void push_to_another_uid_or_unknown__is_a_stray(void **)
{
    Court court;
    court.judge.received(2, court.ok(0, 1));
    court.assert_wrong(Wrong::kStray);

    Court unknown;
    unknown.judge.received(2, 17);
    unknown.assert_wrong(Wrong::kStray);
}

void push_that_comes_after_all_that_is_kept__is_a_stray(void **)
{
    Court court;
    PushId id = court.ok(1, 1);
    court.judge.received(2, id);
    court.wait(60000);
    assert_false(court.judge.knows(id));
    court.judge.received(2, id);
    court.assert_wrong(Wrong::kStray);
}

// ---- 6: broadcasts

void broadcast_that_an_open_page_has_not_got__is_missed(void **)
{
    Court court(true);
    PushId id = court.ok(kToAll, 3);
    court.judge.received(0, id);
    court.judge.received(1, id);
    court.wait(1000);
    assert_int_equal(court.asked.size(), 1);
    court.assert_right();
    court.pongs();
    court.assert_wrong(Wrong::kMissed);
}

void broadcast_to_a_page_that_came_meanwhile_or_has_gone__is_not_missed(void **)
{
    Court court(false, false);
    court.come(0);
    court.come(1);
    PushId id = court.judge.sent(kToAll);
    court.come(2);
    Answer answer;
    answer.ok = true;
    court.judge.answered(id, answer);
    court.judge.received(0, id);
    court.wait(1000);
    court.judge.ended(1, 1012, "");
    court.assert_right();
    assert_int_equal(court.report.counts["broadcast_undecided"], 1);
}

void broadcast_that_says_it_is_partial__may_miss_pages_after_kills_only(void **)
{
    for (bool kills : {false, true}) {
        Court court(kills);
        PushId id = court.judge.sent(kToAll);
        Answer answer;
        answer.ok = answer.partial = true;
        court.judge.answered(id, answer);
        court.judge.received(0, id);
        court.judge.received(1, id);
        court.wait(1000);
        court.pongs();
        if (kills)
            court.assert_right();
        else
            court.assert_wrong(Wrong::kMissed);
    }
}

// ---- connections

void page_that_ends_otherwise_than_by_1012__is_wrong(void **)
{
    Court court;
    court.lose(0);
    court.assert_wrong(Wrong::kLost);

    Court closed(true);
    closed.judge.ended(0, 1013, "too slow");
    closed.assert_wrong(Wrong::kClosed);

    Court killed(true);
    killed.judge.killed(1);
    killed.lose(0);
    killed.assert_right();
}

void attempt_that_fails__needs_a_kill_and_a_listener(void **)
{
    Court court;
    court.judge.refused(false, "reset");
    court.assert_wrong(Wrong::kRefused);

    Court killed(true);
    killed.judge.killed(1);
    killed.judge.refused(false, "reset");
    killed.assert_right();
    killed.judge.refused(true, "refused");
    killed.assert_wrong(Wrong::kRefused);
}

void page_that_is_away_at_the_end__is_wrong(void **)
{
    Court court;
    court.judge.ended(0, 1012, "");
    assert_false(court.judge.settled());
    court.judge.finish();
    court.assert_wrong(Wrong::kNeverOpen);
}

/// One ping is on its way at a time, and its answer proves nothing of what came behind it.
void page_that_is_asked_twice__answers_twice(void **)
{
    Court court(true);
    court.fail_with(court.judge.sent(1), "offline");
    court.fail_with(court.judge.sent(1), "offline");
    assert_int_equal(court.asked.size(), 1);
    court.asked.clear();
    court.judge.pong(2);
    assert_int_equal(court.asked.size(), 1);
    court.assert_wrong(Wrong::kFalseOffline);
    court.judge.ended(2, 1012, "");
    assert_int_equal(court.report.counts["fail_undecided"], 1);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(ok_that_all_have_got__is_right),
        cmocka_unit_test(ok_that_no_page_has_got__is_false),
        cmocka_unit_test(ok_for_two_that_one_has_got__is_false),
        cmocka_unit_test(ok_to_a_uid_without_pages__is_false),
        cmocka_unit_test(ok_that_comes_late__is_right),
        cmocka_unit_test(ok_to_a_page_that_was_closed_before_it_came__is_false),
        cmocka_unit_test(ok_to_a_page_whose_process_was_killed__may_be_lost_with_it),
        cmocka_unit_test(ok_to_a_page_that_was_asked_behind_it__is_not_lost_with_its_process),
        cmocka_unit_test(ok_for_two__one_killed_process_does_not_explain_both),
        cmocka_unit_test(push_without_an_answer__is_unanswered),
        cmocka_unit_test(push_without_an_answer_at_the_end__is_unanswered),
        cmocka_unit_test(push_that_was_cut__needs_a_kill),
        cmocka_unit_test(offline_while_a_page_is_open__is_false),
        cmocka_unit_test(offline_while_the_page_closes__is_undecided),
        cmocka_unit_test(offline_to_a_page_that_came_meanwhile__is_right),
        cmocka_unit_test(offline_that_was_delivered__is_false),
        cmocka_unit_test(another_fail_while_a_page_is_open__needs_kills),
        cmocka_unit_test(bad__is_false_always),
        cmocka_unit_test(the_same_push_again__is_twice),
        cmocka_unit_test(the_same_push_over_the_next_connection__is_no_second_time),
        cmocka_unit_test(push_to_another_uid_or_unknown__is_a_stray),
        cmocka_unit_test(push_that_comes_after_all_that_is_kept__is_a_stray),
        cmocka_unit_test(broadcast_that_an_open_page_has_not_got__is_missed),
        cmocka_unit_test(broadcast_to_a_page_that_came_meanwhile_or_has_gone__is_not_missed),
        cmocka_unit_test(broadcast_that_says_it_is_partial__may_miss_pages_after_kills_only),
        cmocka_unit_test(page_that_ends_otherwise_than_by_1012__is_wrong),
        cmocka_unit_test(attempt_that_fails__needs_a_kill_and_a_listener),
        cmocka_unit_test(page_that_is_away_at_the_end__is_wrong),
        cmocka_unit_test(page_that_is_asked_twice__answers_twice),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
