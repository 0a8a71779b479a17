// Machines of a cluster: what a node claims to know of others, and when it stops to; how one that ends, freezes, starts anew or has another
// secret is seen.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>

#include "cluster_rig.h"
#include "hub/router/batch.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace cluster_rig;
using wm::router::Reason;
using wm::router::Verdict;

void a_node_alone_knows_after_two_hellos_that_it_is(void **)
{
    Cluster cluster;
    Node &a = cluster.add(kA);
    assert_true(a.ask(1));
    assert_int_equal(a.answers[1].verdict(), Verdict::kUnknown);
    cluster.connect(a);
    cluster.pass(900);
    assert_true(a.facts().fresh && !a.facts().complete);
    assert_true(a.ask(2));
    assert_int_equal(a.answers[2].verdict(), Verdict::kUnknown);
    cluster.pass(200);
    assert_true(a.facts().complete && a.facts().rtt_us > 0);
    assert_true(a.ask(3));
    assert_int_equal(a.answers[3].verdict(), Verdict::kOffline);
}

void what_one_asks_the_other_takes(void **)
{
    Pair pair;
    assert_string_equal(pair.state(pair.a).c_str(), "verified");
    assert_string_equal(pair.a.facts().machines[0].name.c_str(), ("node " + std::to_string(kB)).c_str());
    pair.b.holds = {2, 0, Reason::kNone};
    assert_false(pair.a.ask(1, "ping"));
    pair.pump();
    assert_int_equal(pair.a.answers[1].connections, 2);
    assert_false(pair.a.answers[1].is_partial());
    assert_string_equal(pair.b.taken.back().c_str(), "ping");
    pair.b.holds = {};
    pair.a.ask(2);
    pair.pump();
    assert_int_equal(pair.a.answers[2].verdict(), Verdict::kOffline);
}

/// What came from a machine is asked of no other one.
void three_are_each_asked_once(void **)
{
    Cluster cluster;
    Node &a = cluster.add(kA), &b = cluster.add(kB), &c = cluster.add(kC);
    for (Node *node : {&a, &b, &c}) {
        node->holds = {1, 0, Reason::kNone};
        cluster.connect(*node);
    }
    cluster.pass(1500);
    a.ask(1);
    cluster.pump();
    assert_int_equal(a.answers[1].connections, 3);
    assert_int_equal(a.taken.size() + b.taken.size() + c.taken.size(), 3);
}

void a_message_longer_than_the_engine_takes_is_not_sent(void **)
{
    Pair pair;
    assert_true(pair.a.ask(1, std::string(Cluster::kMaxBytes, 'x')));
    assert_int_equal(pair.a.answers[1].reason, Reason::kTooLarge);
    for (uint64_t ref = 2; ref < 40; ref++) // together longer than one message
        pair.a.ask(ref, std::string(Cluster::kMaxBytes / 2, 'x'));
    pair.pump();
    assert_int_equal(pair.b.taken.size(), 38);
    for (const std::string &bytes : pair.carried)
        assert_true(bytes.size() <= Cluster::kMaxBytes);
}

void without_its_own_messages_a_node_does_not_say_offline(void **)
{
    Pair pair;
    pair.cut_from = pair.cut_to = &pair.a;
    pair.pass(800);
    assert_false(pair.a.facts().fresh);
    pair.a.ask(1);
    pair.pump();
    assert_int_equal(pair.a.answers[1].verdict(), Verdict::kUnknown); // b was asked, and another one may exist
    assert_int_equal(pair.a.answers[1].silent, 1);
    pair.pass(1600);
    assert_int_equal(pair.a.renewals, 1);
    pair.cut_from = nullptr;
    pair.pass(1600);
    pair.a.ask(2);
    pair.pump();
    assert_int_equal(pair.a.answers[2].verdict(), Verdict::kOffline);
}

/// The time to renew counts from the subscription: else a renewal slower than it would follow another for ever.
void a_connection_is_not_renewed_before_its_first_probe_could_come_back(void **)
{
    Cluster cluster;
    Node &a = cluster.add(kA);
    cluster.pass(5000);
    assert_int_equal(a.renewals, 0);
    cluster.connect(a);
    cluster.pass(5000);
    assert_int_equal(a.renewals, 0);
}

void a_machine_that_falls_silent_is_unsure_then_lost_then_forgotten(void **)
{
    Pair pair;
    pair.disconnect(pair.b);
    pair.pass(200); // it has said HELLO at most 500 before
    assert_string_equal(pair.state(pair.a).c_str(), "verified");
    pair.pass(600);
    assert_string_equal(pair.state(pair.a).c_str(), "unsure");
    assert_true(pair.a.ask(1));
    assert_int_equal(pair.a.answers[1].verdict(), Verdict::kUnknown);
    pair.pass(2500);
    assert_string_equal(pair.state(pair.a).c_str(), "lost");
    assert_true(pair.a.ask(2));
    assert_int_equal(pair.a.answers[2].verdict(), Verdict::kUnknown);
    pair.pass(30'000);
    assert_true(pair.a.facts().machines.empty());
    assert_true(pair.a.ask(3));
    assert_int_equal(pair.a.answers[3].verdict(), Verdict::kOffline);
}

/// One side has forgotten the other, which has heard it all the time.
void a_machine_comes_back_to_one_that_has_forgotten_it(void **)
{
    Pair pair;
    pair.cut_from = &pair.b;
    pair.cut_to = &pair.a;
    pair.pass(35'000);
    assert_true(pair.a.facts().machines.empty());
    assert_false(pair.b.facts().machines.empty());
    pair.cut_from = nullptr;
    pair.pass(2000);
    assert_string_equal(pair.state(pair.a).c_str(), "verified");
    assert_string_equal(pair.state(pair.b).c_str(), "verified");
    for (Node *node : {&pair.a, &pair.b}) {
        node->ask(9);
        pair.pump();
        assert_int_equal(node->answers[9].verdict(), Verdict::kOffline);
    }
}

void a_machine_that_says_bye_is_forgotten_at_once(void **)
{
    Pair pair;
    pair.b.machines->bye(pair.now);
    pair.pump();
    assert_true(pair.a.ask(1));
    assert_int_equal(pair.a.answers[1].verdict(), Verdict::kOffline);
    pair.pass(1000);
    assert_true(pair.b.machines->is_retired());
    assert_string_equal(pair.state(pair.a).c_str(), "left");
}

/// Its service ends, and another one of it comes.
void a_machine_with_processes_does_not_say_bye(void **)
{
    Pair pair;
    pair.b.router.expect(7, wm::router::PeerKind::kChild);
    pair.b.machines->bye(pair.now);
    pair.pump();
    assert_true(pair.b.machines->is_retired());
    pair.a.ask(1);
    pair.pass(1500);
    assert_int_equal(pair.a.answers[1].verdict(), Verdict::kUnknown);
}

void a_service_that_starts_anew_takes_the_place_of_the_old_one(void **)
{
    Pair pair;
    pair.a.ask(1, "lost"); // on the way to the old one
    pair.letters.clear();
    Node &next = pair.add(kB, 2);
    next.holds = {1, 0, Reason::kNone};
    pair.connect(next);
    pair.pass(20);
    assert_true(pair.b.machines->is_retired());
    pair.a.ask(2);
    pair.pump();
    assert_int_equal(pair.a.answers[2].connections, 1);
    assert_false(pair.a.answers[2].is_partial());
    assert_int_equal(pair.a.facts().machines.size(), 1);
}

void a_message_that_comes_twice_is_taken_once(void **)
{
    Pair pair;
    pair.carried.clear();
    pair.a.ask(1);
    pair.a.router.flush();
    assert_int_equal(pair.carried.size(), 1);
    pair.pump();
    size_t taken = pair.b.taken.size();
    uint64_t late = pair.b.facts().counters.late;
    pair.b.machines->receive(pair.carried[0].data(), pair.carried[0].size(), pair.now);
    assert_int_equal(pair.b.taken.size(), taken);
    assert_int_equal(pair.b.facts().counters.late, late + 1);
}

/// HELLOs to all tell nothing of clocks.
void machines_that_have_nothing_to_say_know_each_other_for_ever(void **)
{
    Pair pair;
    uint64_t links = pair.a.facts().counters.links;
    for (int i = 0; i < 2000; i++) {
        pair.pass(100);
        assert_string_equal(pair.state(pair.a).c_str(), "verified");
    }
    assert_int_equal(pair.a.facts().counters.links, links);
}

/// Who records them can send them without the secret.
void recorded_messages_of_a_dead_machine_are_soon_over(void **)
{
    Pair pair;
    std::vector<std::string> recorded = pair.carried;
    pair.disconnect(pair.b);
    pair.pass(31'000);
    assert_true(pair.a.facts().machines.empty());
    for (const std::string &bytes : recorded)
        pair.a.machines->receive(bytes.data(), bytes.size(), pair.now);
    pair.pass(2900);
    assert_string_equal(pair.state(pair.a).c_str(), "unsure");
    pair.pass(200);
    assert_true(pair.a.facts().machines.empty());
}

/// By the clock of the sender, which differs.
void a_request_that_comes_after_its_time_is_not_taken(void **)
{
    Pair pair;
    pair.a.ask(1, "late", 400);
    pair.a.router.flush();
    std::deque<Cluster::Letter> held = std::move(pair.letters);
    pair.letters.clear();
    pair.pass(500);
    pair.letters = std::move(held);
    pair.pump();
    assert_true(pair.b.taken.empty());
    assert_int_equal(pair.a.answers[1].verdict(), Verdict::kUnknown);
}

void a_node_with_another_secret_is_refused(void **)
{
    Cluster cluster;
    Node &a = cluster.add(kA, 1, "secret"), &b = cluster.add(kB, 1, "other"), &c = cluster.add(kC);
    for (Node *node : {&a, &b, &c})
        cluster.connect(*node);
    cluster.pass(1500);
    assert_true(a.facts().machines.empty() && b.facts().machines.empty() && c.facts().machines.empty());
    assert_true(a.facts().counters.refused > 0);
    bool forged = false, unsealed = false;
    for (Refusal each : a.refusals) {
        forged = forged || each == Refusal::kForged;
        unsealed = unsealed || each == Refusal::kUnsealed;
    }
    assert_true(forged && unsealed);
    assert_true(c.refusals[0] == Refusal::kSealed);
}

void forge(Cluster &cluster, Node &to, const Envelope &envelope)
{
    std::string bytes(kEnvelopeHeader + envelope.body.size(), ' ');
    envelope.body.copy(bytes.data() + kEnvelopeHeader, envelope.body.size());
    Seal none;
    write_envelope(bytes.data(), envelope, envelope.body.size(), none);
    to.machines->receive(bytes.data(), bytes.size(), cluster.now);
}

Envelope hello_of(uint64_t node)
{
    static char body[kMaxControl];
    Envelope envelope;
    envelope.node = node;
    envelope.epoch = envelope.number = 1;
    envelope.body = {body, static_cast<size_t>(put_hello(body, {}) - body)};
    return envelope;
}

/// More than the router takes: then it does not claim to know all.
void machines_are_limited(void **)
{
    Cluster cluster;
    Node &a = cluster.add(kA);
    cluster.connect(a);
    cluster.pass(1500);
    for (uint64_t i = 1; i <= wm::router::kMaxMachines; i++)
        forge(cluster, a, hello_of(kA + i));
    assert_true(a.facts().complete);
    cluster.pass(2900);
    forge(cluster, a, hello_of(kA + wm::router::kMaxMachines + 1));
    assert_int_equal(a.facts().machines.size(), wm::router::kMaxMachines);
    assert_false(a.facts().complete);
    cluster.pass(500); // none of them ever answers
    assert_true(a.facts().machines.empty());
    assert_false(a.facts().complete); // the one too many has not said HELLO again
    cluster.pass(600);
    assert_true(a.facts().complete);
}

// ---- lies of one who can write to the engine, where there is no secret

/// As if this node had sent that: the next message to the other one, or to all.
Envelope next_of(const Cluster &cluster, const Node &from, uint64_t to)
{
    Envelope envelope, next;
    Seal none;
    for (const std::string &bytes : cluster.carried)
        if (read_envelope(bytes.data(), bytes.size(), none, envelope) == Refusal::kNone && envelope.node == from.node)
            next = envelope;
    next.to = to;
    next.number++;
    next.body = {};
    return next;
}

void a_machine_whose_positions_were_forged_is_met_anew(void **)
{
    for (bool in_epoch : {false, true}) {
        Pair pair;
        pair.b.holds = {1, 0, Reason::kNone};
        Envelope envelope = next_of(pair, pair.b, kA);
        envelope.kind = Kind::kBatch;
        wm::router::Batch lie;
        lie.add(wm::router::Op::kHello);
        size_t size = lie.size();
        envelope.body = {lie.finish({kB, in_epoch ? UINT64_MAX : 1, UINT64_MAX, 0}), size};
        forge(pair, pair.a, envelope);
        pair.pass(1000);
        pair.a.ask(1);
        pair.pass(1500);
        assert_int_equal(pair.a.answers[1].verdict(), Verdict::kUnknown);
        pair.pass(2500);
        assert_string_equal(pair.state(pair.a).c_str(), "verified");
        pair.a.ask(2);
        pair.pump();
        assert_int_equal(pair.a.answers[2].connections, 1);
        assert_string_equal(pair.state(pair.b).c_str(), "verified");
    }
}

void a_time_that_was_forged_is_forgotten_with_the_next_message(void **)
{
    Pair pair;
    Envelope envelope = next_of(pair, pair.b, kA);
    envelope.sent_ms = wm::router::kLatestMs;
    forge(pair, pair.a, envelope);
    pair.pass(61'000); // until nothing older tells b of the clock of a
    pair.b.taken.clear();
    pair.a.ask(1);
    pair.pump();
    assert_int_equal(pair.b.taken.size(), 1);
}

void a_life_that_was_made_up_silences_a_node_for_a_while(void **)
{
    Pair pair;
    Envelope envelope = next_of(pair, pair.a, kA);
    envelope.epoch = UINT64_MAX;
    forge(pair, pair.a, envelope);
    assert_true(pair.a.machines->is_retired());
    pair.pass(2000);
    forge(pair, pair.a, envelope);
    pair.pass(2900);
    assert_true(pair.a.machines->is_retired() && pair.a.renewals == 0);
    pair.pass(200);
    assert_true(!pair.a.machines->is_retired() && pair.a.renewals == 1);
    pair.disconnect(pair.a);
    pair.connect(pair.a);
    pair.pass(1500);
    assert_true(pair.a.facts().complete);
    assert_string_equal(pair.state(pair.a).c_str(), "verified");
    assert_string_equal(pair.state(pair.b).c_str(), "verified");
}

void a_node_that_has_said_bye_does_not_come_back(void **)
{
    Pair pair;
    Envelope envelope = next_of(pair, pair.a, kA);
    envelope.epoch = UINT64_MAX;
    pair.a.machines->bye(pair.now);
    forge(pair, pair.a, envelope);
    pair.pass(4000);
    assert_true(pair.a.machines->is_retired() && pair.a.renewals == 0);
}

void a_message_is_answered_once_however_often_it_asks(void **)
{
    Pair pair;
    std::string asks(1000 * wm::router::kRecordHeader, ' ');
    for (char *at = asks.data(); at < asks.data() + asks.size();)
        at = put_control(at, ControlOp::kWho);
    Envelope envelope = next_of(pair, pair.b, kA);
    envelope.body = asks;
    pair.carried.clear();
    forge(pair, pair.a, envelope);
    assert_int_equal(pair.carried.size(), 1);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_node_alone_knows_after_two_hellos_that_it_is),
        cmocka_unit_test(what_one_asks_the_other_takes),
        cmocka_unit_test(three_are_each_asked_once),
        cmocka_unit_test(a_message_longer_than_the_engine_takes_is_not_sent),
        cmocka_unit_test(without_its_own_messages_a_node_does_not_say_offline),
        cmocka_unit_test(a_connection_is_not_renewed_before_its_first_probe_could_come_back),
        cmocka_unit_test(a_machine_that_falls_silent_is_unsure_then_lost_then_forgotten),
        cmocka_unit_test(a_machine_comes_back_to_one_that_has_forgotten_it),
        cmocka_unit_test(a_machine_that_says_bye_is_forgotten_at_once),
        cmocka_unit_test(a_machine_with_processes_does_not_say_bye),
        cmocka_unit_test(a_service_that_starts_anew_takes_the_place_of_the_old_one),
        cmocka_unit_test(a_message_that_comes_twice_is_taken_once),
        cmocka_unit_test(machines_that_have_nothing_to_say_know_each_other_for_ever),
        cmocka_unit_test(recorded_messages_of_a_dead_machine_are_soon_over),
        cmocka_unit_test(a_request_that_comes_after_its_time_is_not_taken),
        cmocka_unit_test(a_node_with_another_secret_is_refused),
        cmocka_unit_test(machines_are_limited),
        cmocka_unit_test(a_machine_whose_positions_were_forged_is_met_anew),
        cmocka_unit_test(a_time_that_was_forged_is_forgotten_with_the_next_message),
        cmocka_unit_test(a_life_that_was_made_up_silences_a_node_for_a_while),
        cmocka_unit_test(a_node_that_has_said_bye_does_not_come_back),
        cmocka_unit_test(a_message_is_answered_once_however_often_it_asks),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
