// Links of a router: batches and their limits, peers that stop reading, come back, restart, repeat themselves or lie.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>

#include "router_rig.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace router_rig;

Limits small()
{
    Limits limits;
    limits.peer_bytes = 1000;
    limits.total_bytes = 2500;
    limits.peer_requests = 8;
    return limits;
}

/// A batch as a node would send it over a link.
std::string batch_of(uint64_t node, uint64_t epoch, uint64_t position, uint64_t seen, Batch &batch)
{
    const char *bytes = batch.finish({node, epoch, position, seen});
    return {bytes, batch.size()};
}

std::string hello(uint64_t node, uint64_t epoch, uint64_t position, uint64_t seen = 0)
{
    Batch batch;
    assert_true(batch.add(Op::kHello));
    return batch_of(node, epoch, position, seen, batch);
}

std::string question(uint64_t node, uint64_t epoch, uint64_t position, int64_t now)
{
    Batch batch;
    Request request;
    request.sent_ms = now;
    request.timeout_ms = 1000;
    assert_true(batch.add(request, 1));
    return batch_of(node, epoch, position, 0, batch);
}

std::string ack(uint64_t node, uint64_t position, uint32_t ref, uint32_t connections)
{
    Batch batch;
    assert_true(batch.add(Ack{ref, {connections}}));
    return batch_of(node, 1, position, 0, batch);
}

void receive(Node &node, uint64_t link, const std::string &bytes)
{
    node.router.receive(link, bytes.data(), bytes.size(), *node.clock);
}

// ---- batches

void one_batch_a_peer_and_turn(void **)
{
    Star star;
    for (uint64_t ref = 0; ref < 100; ref++)
        star.a.ask(ref, 0);
    star.a.router.flush();
    assert_int_equal(star.a.out.size(), 1);
    star.a.router.flush();
    assert_int_equal(star.a.out.size(), 1);
    star.pump();
    assert_int_equal(star.a.answers.size(), 100);
}

void a_full_batch_leaves_before_the_end_of_the_turn(void **)
{
    Star star;
    std::string payload(10000, 'x');
    for (uint64_t ref = 0; ref < 7; ref++)
        star.a.ask(ref, 0, Op::kSend, payload);
    assert_int_equal(star.a.out.size(), 1);
    assert_true(star.a.out[0].bytes.size() >= kBatchBytes);
    star.pump();
    assert_int_equal(star.a.answers.size(), 7);
}

// ---- limits

void busy_is_told_of_one_peer_and_the_others_get_it(void **)
{
    Star star(small());
    star.b.holds = {1};
    star.c.stopped = true;
    Result last;
    for (uint64_t ref = 0; ref < 20; ref++) {
        star.a.ask(ref, kFirst);
        star.pump();
        last = star.a.answered(ref);
        assert_int_equal(last.connections, 1);
    }
    assert_true(last.reason == Reason::kBusy);
    assert_int_equal(star.b.taken.size(), 20);
    assert_true(star.hub.router.counters().busy > 0);
    assert_true(star.hub.router.in_flight() < 2500);
}

void what_is_on_the_way_is_limited(void **)
{
    Limits peer, total;
    peer.peer_bytes = 1000;
    total.total_bytes = 1000;
    for (const Limits &limits : {peer, total}) {
        Star star(limits);
        star.c.stopped = true;
        for (uint64_t ref = 0; ref < 50; ref++) {
            star.a.ask(ref, kFirst);
            star.pump();
        }
        assert_in_range(star.hub.router.in_flight(), 500, 1200); // with a few answers on top
        assert_true(star.hub.router.counters().busy > 0);
        star.c.stopped = false;
        star.pump();
        star.a.ask(99, 0);
        star.pump();
        assert_true(star.a.answered(99).verdict() == Verdict::kOffline);
    }
}

void answers_that_were_read_are_not_on_the_way(void **)
{
    Star star(small());
    for (uint64_t ref = 0; ref < 100; ref++) {
        star.a.ask(ref, 0);
        star.pump();
    }
    star.advance(200);
    assert_in_range(star.hub.router.peers()[0].in_flight(), 0, 300);
    assert_int_equal(star.a.router.counters().busy + star.hub.router.counters().busy, 0);
}

void busy_at_the_limit_of_requests_that_wait(void **)
{
    Limits limits;
    limits.outstanding = 4;
    Star star(limits);
    star.hub.stopped = true;
    for (uint64_t ref = 0; ref < 4; ref++)
        assert_false(star.a.ask(ref, 0));
    assert_true(star.a.ask(4, 0));
    assert_true(star.a.answered(4).reason == Reason::kBusy && star.a.answered(4).silent == 1);
    assert_false(may_be_delivered(Reason::kBusy));
}

void what_no_batch_can_carry_is_too_large(void **)
{
    Star star(small());
    assert_true(star.a.ask(7, 0, Op::kSend, std::string(1000, 'x')));
    assert_true(star.a.answered(7).reason == Reason::kTooLarge);
    Request request;
    std::string name(UINT16_MAX + 1, 'n');
    request.name = name;
    Star large;
    large.a.ask(8, request);
    assert_true(large.a.answered(8).reason == Reason::kTooLarge);
}

void a_peer_that_asks_and_does_not_read_is_dropped(void **)
{
    Star star(small());
    uint64_t position = 1000;
    for (int i = 0; i < 200 && star.hub.dropped.empty(); i++) {
        receive(star.hub, Star::kLinkA, question(10, 1, position += 100, star.now));
        star.b.router.flush();
        star.pump();
    }
    assert_int_equal(star.hub.dropped.size(), 1);
    assert_int_equal(star.hub.dropped[0], Star::kLinkA);
}

void peers_are_limited(void **)
{
    Rig rig;
    Node &hub = rig.add(kHubNode);
    for (uint64_t i = 0; i < kMaxPeers; i++)
        assert_true(hub.router.expect(100 + i, PeerKind::kChild));
    assert_false(hub.router.expect(9999, PeerKind::kChild));
    hub.router.forget(150);
    assert_true(hub.router.expect(9999, PeerKind::kChild));
    assert_false(hub.router.expect(0, PeerKind::kChild));
}

// ---- peers that stop and come back

void a_peer_that_stops_reading_is_not_asked_until_it_speaks(void **)
{
    Star star;
    star.c.stopped = true;
    star.a.ask(7, 0);
    star.advance(310);
    assert_true(star.hub.state_of(12) == PeerState::kUnsure);
    star.a.ask(8, 0);
    star.pump();
    assert_true(star.a.answered(8).reason == Reason::kSuspect && star.a.answered(8).silent == 1);
    star.c.stopped = false;
    star.pump();
    assert_true(star.hub.state_of(12) == PeerState::kVerified);
    star.a.ask(9, 0);
    star.pump();
    assert_true(star.a.answered(9).verdict() == Verdict::kOffline);
    assert_int_equal(star.hub.router.counters().suspects, 1);
}

void a_service_that_waits_for_a_child_is_no_suspect(void **)
{
    Star star;
    star.c.stopped = true;
    star.a.ask(7, 0);
    star.advance(800);
    assert_int_equal(star.a.router.counters().suspects, 0);
}

void a_process_that_was_stopped_itself_suspects_no_other(void **)
{
    Star star;
    star.a.ask(7, 0);
    star.a.router.flush();
    star.now += 5000;
    star.a.router.tick(star.now);
    assert_true(star.a.state_of(kHubNode) == PeerState::kVerified);
    assert_true(star.a.answered(7).reason == Reason::kDeadline);
    star.pump();
    star.a.ask(8, 0);
    star.pump();
    assert_true(star.a.answered(8).verdict() == Verdict::kOffline);
}

void an_idle_router_has_nothing_due(void **)
{
    Star star;
    star.a.ask(7, 0);
    star.advance(3000);
    for (auto &node : star.nodes)
        assert_true(node->router.due_ms() == INT64_MAX);
}

void another_link_of_a_peer_replaces_the_one_it_had(void **)
{
    Star star;
    star.connect(star.a, star.hub);
    assert_int_equal(star.a.dropped.size(), 1);
    assert_int_equal(star.hub.dropped.size(), 1);
    star.a.ask(7, 0);
    star.pump();
    assert_true(star.a.answered(7).verdict() == Verdict::kOffline);
}

void a_service_that_starts_again_is_another_life(void **)
{
    Star star;
    star.a.ask(7, 0);
    star.pump();
    star.hub.stopped = true;
    for (uint64_t link : {Star::kLinkA, Star::kLinkB, Star::kLinkC})
        star.cut(link);
    Node &hub = star.add(kHubNode, 2);
    for (Node *child : {&star.a, &star.b, &star.c})
        hub.router.expect(child->node, PeerKind::kChild);
    star.connect(star.a, hub);
    star.a.ask(8, 0);
    star.pump();
    assert_true(star.a.answered(8).reason == Reason::kUnreachable && star.a.answered(8).silent == 2);
    star.connect(star.b, hub);
    star.connect(star.c, hub);
    star.a.ask(9, 0);
    star.pump();
    assert_true(star.a.answered(9).verdict() == Verdict::kOffline);
    uint64_t link = star.last_link - 2;
    receive(star.a, link, ack(kHubNode, 1'000'000, 1, 5)); // of the first life
    receive(star.a, link, hello(kHubNode, 1, 2'000'000));
    star.a.ask(10, 0);
    star.pump();
    assert_true(star.a.answered(10).verdict() == Verdict::kOffline);
}

void a_receiver_of_results_may_ask_again(void **)
{
    Star star;
    star.hub.stopped = true;
    star.a.asks_again = 1000;
    for (uint64_t ref = 0; ref < 100; ref++)
        star.a.ask(ref, 0);
    star.cut(Star::kLinkA);
    for (uint64_t ref = 0; ref < 200; ref++)
        assert_true(star.a.answered(ref).reason == (ref < 100 ? Reason::kLost : Reason::kUnreachable));
}

// ---- peers that repeat themselves or lie

void a_link_begins_with_hello(void **)
{
    Rig rig;
    Node &hub = rig.add(kHubNode);
    hub.router.expect(10, PeerKind::kChild);
    receive(hub, 5, question(10, 1, 100, rig.now));
    assert_int_equal(hub.router.counters().requests, 0);
    receive(hub, 5, hello(10, 1, 200));
    assert_true(hub.state_of(10) == PeerState::kVerified);
    receive(hub, 5, question(10, 1, 300, rig.now));
    assert_int_equal(hub.router.counters().requests, 1);
    assert_int_equal(hub.dropped.size(), 0);
}

void a_repeated_batch_is_taken_once(void **)
{
    Star star;
    std::string bytes = question(10, 1, 5000, star.now);
    receive(star.hub, Star::kLinkA, bytes);
    receive(star.hub, Star::kLinkA, bytes);
    receive(star.hub, Star::kLinkA, question(10, 1, 4000, star.now));
    star.pump();
    assert_int_equal(star.b.taken.size(), 1);
}

void an_answer_counts_once_and_only_from_a_peer_that_was_asked(void **)
{
    Star star;
    star.b.stopped = star.c.stopped = true;
    star.a.ask(7, 0);
    star.pump();
    star.hub.router.expect(13, PeerKind::kChild);
    receive(star.hub, 50, hello(13, 1, 100));
    receive(star.hub, 50, ack(13, 200, 0, 2)); // it came after the request
    receive(star.hub, Star::kLinkB, ack(11, 5000, 0, 2));
    receive(star.hub, Star::kLinkB, ack(11, 6000, 0, 2));
    receive(star.hub, Star::kLinkB, ack(11, 7000, 1, 2)); // to what was never asked
    assert_int_equal(star.hub.router.counters().late, 3);
    receive(star.hub, Star::kLinkC, ack(12, 5000, 0, 1));
    star.pump();
    assert_int_equal(star.a.answered(7).connections, 3);
}

void a_stranger_is_refused(void **)
{
    Star star;
    receive(star.hub, 77, hello(99, 1, 100));
    assert_int_equal(star.hub.dropped.size(), 1);
    assert_int_equal(star.hub.dropped[0], 77);
    star.a.router.connected(78, 99, star.now);
    assert_int_equal(star.a.dropped.size(), 1);
}

void a_peer_that_breaks_a_rule_loses_its_link(void **)
{
    Batch empty;
    std::string cut = hello(10, 1, 9000);
    cut.pop_back();
    std::string longer = hello(10, 1, 9000) + "x";
    Batch odd;
    assert_true(odd.add(Ack{1, {}}));
    std::string half_ack = batch_of(10, 1, 9000, 0, odd);
    half_ack[kBatchHeader] = 11;
    half_ack.pop_back();
    for (const std::string &bytes : {std::string("garbage"), std::string(), cut, longer, half_ack, hello(11, 1, 9000), // another's name
                                     hello(10, 1, 9000, 999999)}) { // seen more than sent
        Star star;
        receive(star.hub, Star::kLinkA, bytes);
        assert_int_equal(star.hub.dropped.size(), 1);
        assert_int_equal(star.hub.dropped[0], Star::kLinkA);
        assert_true(star.hub.state_of(10) == PeerState::kLost);
        star.b.ask(7, 0);
        star.pump();
        assert_true(star.b.answered(7).reason == Reason::kUnreachable);
    }
}

void times_that_lie_are_cut(void **)
{
    Star star;
    for (int64_t sent : {INT64_MIN, int64_t{0}, INT64_MAX}) {
        Batch batch;
        Request request;
        request.sent_ms = sent;
        request.timeout_ms = UINT32_MAX;
        assert_true(batch.add(request, 1));
        star.b.stopped = true;
        static uint64_t position = 5000;
        receive(star.hub, Star::kLinkA, batch_of(10, 1, position += 1000, 0, batch));
    }
    assert_true(star.hub.router.due_ms() <= star.now + kMaxTimeoutMs);
    assert_int_equal(star.hub.router.counters().stale, 1);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(one_batch_a_peer_and_turn),
        cmocka_unit_test(a_full_batch_leaves_before_the_end_of_the_turn),
        cmocka_unit_test(busy_is_told_of_one_peer_and_the_others_get_it),
        cmocka_unit_test(what_is_on_the_way_is_limited),
        cmocka_unit_test(answers_that_were_read_are_not_on_the_way),
        cmocka_unit_test(busy_at_the_limit_of_requests_that_wait),
        cmocka_unit_test(what_no_batch_can_carry_is_too_large),
        cmocka_unit_test(a_peer_that_asks_and_does_not_read_is_dropped),
        cmocka_unit_test(peers_are_limited),
        cmocka_unit_test(a_peer_that_stops_reading_is_not_asked_until_it_speaks),
        cmocka_unit_test(a_service_that_waits_for_a_child_is_no_suspect),
        cmocka_unit_test(a_process_that_was_stopped_itself_suspects_no_other),
        cmocka_unit_test(an_idle_router_has_nothing_due),
        cmocka_unit_test(another_link_of_a_peer_replaces_the_one_it_had),
        cmocka_unit_test(a_service_that_starts_again_is_another_life),
        cmocka_unit_test(a_receiver_of_results_may_ask_again),
        cmocka_unit_test(a_link_begins_with_hello),
        cmocka_unit_test(a_repeated_batch_is_taken_once),
        cmocka_unit_test(an_answer_counts_once_and_only_from_a_peer_that_was_asked),
        cmocka_unit_test(a_stranger_is_refused),
        cmocka_unit_test(a_peer_that_breaks_a_rule_loses_its_link),
        cmocka_unit_test(times_that_lie_are_cut),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
