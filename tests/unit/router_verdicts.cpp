// What is said about a request, and when: taken, offline, or unknown with its reason; over the hub's service, and between the two
// processes of a slot that overlap.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>

#include "router_rig.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace router_rig;

void assert_result(const Result &result, uint32_t connections, uint16_t silent, Reason reason)
{
    assert_int_equal(result.connections, connections);
    assert_int_equal(result.silent, silent);
    assert_int_equal(result.reason, reason);
}

void taken_by_all_that_have_connections(void **)
{
    Star star;
    star.a.holds = {1};
    star.c.holds = {2};
    assert_false(star.a.ask(7, 0));
    star.pump();
    assert_result(star.a.answered(7), 3, 0, Reason::kNone);
    assert_true(star.a.answered(7).verdict() == Verdict::kTaken);
    assert_int_equal(star.a.taken.size(), 1);
    assert_int_equal(star.b.taken.size(), 1);
    assert_int_equal(star.hub.router.outstanding() + star.a.router.outstanding(), 0);
}

void offline_when_all_have_none(void **)
{
    Star star;
    star.a.ask(7, 0);
    assert_int_equal(star.a.answers.size(), 0);
    star.pump();
    assert_true(star.a.answered(7).verdict() == Verdict::kOffline);
}

void every_request_arrives_as_it_was_sent(void **)
{
    Star star;
    for (Op op : {Op::kSend, Op::kBroadcast, Op::kGroupSend, Op::kPublish, Op::kQuery, Op::kKick, Op::kJoin, Op::kLeave}) {
        star.b.taken.clear();
        Request request;
        request.op = op;
        request.hub = 4;
        request.code = 4001;
        request.timeout_ms = 1000;
        request.name = "name";
        request.extra = "extra";
        request.payload = "payload";
        star.a.ask(static_cast<uint64_t>(op), request);
        star.pump();
        assert_int_equal(star.b.taken.size(), 1);
        const Request &got = star.b.taken[0];
        assert_true(got.op == op && got.hub == 4 && got.code == 4001 && got.sent_ms == star.now);
        assert_true(star.b.names.back() == "name" && star.b.extras.back() == "extra" && star.b.payloads.back() == "payload");
        assert_true(star.a.answered(static_cast<uint64_t>(op)).verdict() == Verdict::kOffline);
    }
}

void first_is_answered_while_others_are_asked(void **)
{
    Star star;
    star.b.holds = {1};
    star.c.holds = {1};
    star.c.stopped = true;
    star.a.ask(7, kFirst);
    star.a.ask(8, 0);
    star.pump();
    assert_result(star.a.answered(7), 1, 1, Reason::kNone);
    assert_int_equal(star.a.answers.count(8), 0);
    star.c.stopped = false;
    star.pump();
    assert_result(star.a.answered(7), 1, 1, Reason::kNone); // once
    assert_result(star.a.answered(8), 2, 0, Reason::kNone);
    assert_int_equal(star.hub.router.outstanding(), 0);
}

void first_is_answered_at_once_by_a_local_connection(void **)
{
    Star star;
    star.a.holds = {1};
    star.b.holds = {1};
    assert_true(star.a.ask(7, kFirst));
    assert_result(star.a.answered(7), 1, 1, Reason::kNone);
    star.pump();
    assert_int_equal(star.b.taken.size(), 1); // the other tabs
    assert_result(star.a.answered(7), 1, 1, Reason::kNone);
    assert_int_equal(star.a.router.outstanding(), 0);
}

void unknown_at_the_deadline_and_partial_if_others_took_it(void **)
{
    Star star;
    star.c.stopped = true;
    star.a.ask(7, 0);
    star.b.ask(8, 0, Op::kBroadcast);
    star.a.holds = {2};
    star.advance(899); // the service has given up, in time to say who did answer
    assert_int_equal(star.a.answers.count(7), 0);
    star.advance(60);
    assert_result(star.a.answered(7), 0, 1, Reason::kDeadline);
    assert_true(star.a.answered(7).verdict() == Verdict::kUnknown && may_be_delivered(star.a.answered(7).reason));
    assert_result(star.b.answered(8), 2, 1, Reason::kDeadline);
    assert_true(star.b.answered(8).verdict() == Verdict::kTaken && star.b.answered(8).is_partial());

    star.hub.stopped = true;
    star.a.ask(9, 0);
    star.advance(999);
    assert_int_equal(star.a.answers.count(9), 0);
    star.advance(1);
    assert_result(star.a.answered(9), 2, 1, Reason::kDeadline);
}

void nothing_is_delivered_after_its_time(void **)
{
    Star star;
    star.c.stopped = true;
    star.a.ask(7, 0);
    star.advance(1000);
    assert_true(star.a.answered(7).reason == Reason::kDeadline);
    star.c.stopped = false;
    star.pump();
    assert_int_equal(star.c.taken.size(), 0);
    assert_int_equal(star.c.router.counters().stale, 1);
    assert_int_equal(star.hub.router.counters().late, 1);
}

void unknown_when_a_link_ends_before_the_answer(void **)
{
    Star star;
    star.c.stopped = true;
    star.a.ask(7, 0);
    star.pump();
    star.cut(Star::kLinkC);
    assert_result(star.a.answered(7), 0, 1, Reason::kLost);

    star.hub.stopped = true;
    star.a.ask(8, 0);
    star.pump();
    star.cut(Star::kLinkA);
    assert_result(star.a.answered(8), 0, 1, Reason::kLost);
}

void unknown_while_a_process_has_no_link_until_it_is_reported_dead(void **)
{
    Star star;
    star.cut(Star::kLinkC);
    assert_true(star.hub.state_of(12) == PeerState::kLost);
    star.a.ask(7, 0);
    star.pump();
    assert_result(star.a.answered(7), 0, 1, Reason::kUnreachable);
    assert_false(may_be_delivered(star.a.answered(7).reason));
    star.hub.router.forget(12);
    star.hub.router.expect(13, PeerKind::kChild);
    star.a.ask(8, 0);
    star.pump();
    assert_result(star.a.answered(8), 0, 1, Reason::kUnreachable); // one that starts
    star.hub.router.forget(13);
    star.a.ask(9, 0);
    star.pump();
    assert_true(star.a.answered(9).verdict() == Verdict::kOffline);
}

void unknown_at_once_without_a_service_that_is_expected(void **)
{
    Star star;
    star.cut(Star::kLinkA);
    assert_true(star.a.ask(7, 0));
    assert_result(star.a.answered(7), 0, 1, Reason::kUnreachable);
    star.a.holds = {1};
    assert_true(star.a.ask(8, 0));
    assert_result(star.a.answered(8), 1, 1, Reason::kUnreachable);
}

void a_process_alone_is_exact_at_once(void **)
{
    Rig rig;
    Node &only = rig.add(10);
    assert_true(only.ask(7, 0));
    assert_true(only.answered(7).verdict() == Verdict::kOffline);
    only.holds = {3};
    assert_true(only.ask(8, 0));
    assert_result(only.answered(8), 3, 0, Reason::kNone);
}

void what_the_connections_refuse_is_told(void **)
{
    Star star;
    star.b.holds = {0, 1, Reason::kTooLarge};
    star.a.ask(7, 0);
    star.pump();
    assert_result(star.a.answered(7), 0, 1, Reason::kTooLarge);
}

// ---- overlap

void the_sibling_is_asked_and_asks_no_other(void **)
{
    Overlap overlap;
    overlap.fresh.holds = {1};
    assert_false(overlap.old.ask(7, 0));
    overlap.pump();
    assert_result(overlap.old.answered(7), 1, 0, Reason::kNone);
    assert_true(overlap.fresh.taken[0].flags & kNoForward);
    assert_int_equal(overlap.old.taken.size(), 1);
    overlap.fresh.ask(8, 0, Op::kBroadcast);
    overlap.pump();
    assert_int_equal(overlap.old.taken.size(), 2 + 0);
    assert_result(overlap.fresh.answered(8), 1, 0, Reason::kNone);
}

void offline_only_when_both_sides_have_said_so(void **)
{
    Overlap overlap;
    overlap.fresh.stopped = true;
    overlap.old.ask(7, 0);
    overlap.pump();
    assert_int_equal(overlap.old.answers.size(), 0);
    overlap.fresh.stopped = false;
    overlap.pump();
    assert_true(overlap.old.answered(7).verdict() == Verdict::kOffline);
}

void a_side_that_is_expected_is_not_offline_yet(void **)
{
    Rig rig;
    Node &old = rig.add(10);
    old.router.expect(11, PeerKind::kChild);
    assert_true(old.ask(7, 0));
    assert_result(old.answered(7), 0, 1, Reason::kUnreachable);
}

void a_side_that_has_said_bye_is_not_missed(void **)
{
    Overlap overlap;
    overlap.old.router.bye();
    overlap.pump();
    assert_true(overlap.fresh.ask(7, 0));
    assert_true(overlap.fresh.answered(7).verdict() == Verdict::kOffline);
    overlap.cut(1);
    assert_true(overlap.fresh.ask(8, 0));
    assert_true(overlap.fresh.answered(8).verdict() == Verdict::kOffline);
}

void what_a_side_has_not_read_when_it_leaves_is_offline(void **)
{
    Overlap overlap;
    overlap.old.holds = {1};
    overlap.fresh.ask(7, 0);
    overlap.pump();
    overlap.fresh.ask(8, 0, Op::kPublish);
    overlap.fresh.router.flush(); // under way
    overlap.old.router.bye();
    assert_false(overlap.old.router.bye_was_read());
    overlap.pump(); // BYE comes before the side has read the request
    assert_true(overlap.old.router.bye_was_read());
    assert_result(overlap.fresh.answered(7), 1, 0, Reason::kNone);
    assert_result(overlap.fresh.answered(8), 0, 0, Reason::kNone);
    assert_int_equal(overlap.old.taken.size(), 1);
}

void an_answer_that_is_missing_before_bye_is_unknown(void **)
{
    Overlap overlap;
    overlap.old.holds = {1};
    overlap.fresh.ask(7, 0);
    overlap.fresh.stopped = true;
    overlap.fresh.router.flush();
    overlap.old.router.receive(1, overlap.fresh.out[0].bytes.data(), overlap.fresh.out[0].bytes.size(), overlap.now);
    overlap.fresh.out.clear();
    overlap.old.router.flush();
    overlap.old.out.clear(); // the answer is lost
    overlap.fresh.stopped = false;
    overlap.old.router.bye();
    overlap.pump();
    assert_true(overlap.fresh.state_of(10) == PeerState::kLeft);
    assert_true(overlap.fresh.answers[7].empty());
    overlap.cut(1);
    assert_result(overlap.fresh.answered(7), 0, 1, Reason::kLost);
}

void a_side_that_leaves_says_so_over_a_later_link_too(void **)
{
    Overlap overlap;
    overlap.old.router.bye();
    overlap.cut(1);
    overlap.connect(overlap.old, overlap.fresh);
    assert_true(overlap.fresh.state_of(10) == PeerState::kLeft);
    assert_true(overlap.old.router.bye_was_read());
}

void with_a_service_a_sibling_gets_it_once(void **)
{
    Star star;
    star.b.holds = {1};
    star.link(star.a, PeerKind::kChild, star.b, PeerKind::kChild);
    star.a.ask(7, 0);
    star.pump();
    assert_result(star.a.answered(7), 1, 0, Reason::kNone);
    assert_int_equal(star.b.taken.size(), 1);
    star.cut(Star::kLinkA); // another path would put later requests in front of earlier ones
    assert_true(star.a.ask(8, 0));
    assert_result(star.a.answered(8), 0, 1, Reason::kUnreachable);
    assert_int_equal(star.b.taken.size(), 1);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(taken_by_all_that_have_connections),
        cmocka_unit_test(offline_when_all_have_none),
        cmocka_unit_test(every_request_arrives_as_it_was_sent),
        cmocka_unit_test(first_is_answered_while_others_are_asked),
        cmocka_unit_test(first_is_answered_at_once_by_a_local_connection),
        cmocka_unit_test(unknown_at_the_deadline_and_partial_if_others_took_it),
        cmocka_unit_test(nothing_is_delivered_after_its_time),
        cmocka_unit_test(unknown_when_a_link_ends_before_the_answer),
        cmocka_unit_test(unknown_while_a_process_has_no_link_until_it_is_reported_dead),
        cmocka_unit_test(unknown_at_once_without_a_service_that_is_expected),
        cmocka_unit_test(a_process_alone_is_exact_at_once),
        cmocka_unit_test(what_the_connections_refuse_is_told),
        cmocka_unit_test(the_sibling_is_asked_and_asks_no_other),
        cmocka_unit_test(offline_only_when_both_sides_have_said_so),
        cmocka_unit_test(a_side_that_is_expected_is_not_offline_yet),
        cmocka_unit_test(a_side_that_has_said_bye_is_not_missed),
        cmocka_unit_test(what_a_side_has_not_read_when_it_leaves_is_offline),
        cmocka_unit_test(an_answer_that_is_missing_before_bye_is_unknown),
        cmocka_unit_test(a_side_that_leaves_says_so_over_a_later_link_too),
        cmocka_unit_test(with_a_service_a_sibling_gets_it_once),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
