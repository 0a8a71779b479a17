// Names between machines of a cluster: which of them are asked for what, and how names that were lost, or came later, are made up for.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>

#include "cluster_rig.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace cluster_rig;
using wm::router::Reason;
using wm::router::Verdict;

/// Two nodes whose names are known, and how often the second one was asked.
struct Named : Pair {
    Named()
    {
        a.knows = b.knows = true;
        pass(1500);
        b.taken.clear();
    }
    Verdict ask(uint64_t ref, wm::router::Op op = wm::router::Op::kSend)
    {
        a.ask(ref, "hello", 1000, op);
        pump();
        return a.answers[ref].verdict();
    }
};

void a_machine_without_the_name_is_not_asked(void **)
{
    Named pair;
    assert_int_equal(pair.ask(1), Verdict::kOffline);
    assert_int_equal(pair.b.taken.size(), 0);
    pair.b.bind();
    pair.b.holds = {1, 0, Reason::kNone};
    pair.pump();
    assert_int_equal(pair.ask(2), Verdict::kTaken);
    assert_int_equal(pair.b.taken.size(), 1);
    pair.b.unbind();
    pair.pump();
    assert_int_equal(pair.ask(3), Verdict::kOffline);
    assert_int_equal(pair.b.taken.size(), 1);
    assert_int_equal(pair.ask(4, wm::router::Op::kBroadcast), Verdict::kTaken); // which is for all
}

void a_machine_that_does_not_know_its_names_is_asked(void **)
{
    Named pair;
    pair.b.knows = false;
    pair.pump();
    pair.ask(1);
    assert_int_equal(pair.b.taken.size(), 1);
    pair.b.knows = true;
    pair.pass(10);
    pair.ask(2);
    assert_int_equal(pair.b.taken.size(), 1);
}

/// Until the next HELLO the machine is taken to have what it had.
void names_that_were_lost_are_asked_for(void **)
{
    Named pair;
    pair.b.bind();
    pair.b.holds = {1, 0, Reason::kNone};
    pair.b.machines->flush(pair.now);
    pair.letters.clear();
    pair.pass(600);
    assert_int_equal(pair.ask(1), Verdict::kTaken);
}

void a_node_that_comes_later_gets_all_names(void **)
{
    Cluster cluster;
    Node &a = cluster.add(kA);
    a.knows = true;
    for (int i = 0; i < 1000; i++)
        a.bind("user " + std::to_string(i));
    a.bind();
    a.holds = {1, 0, Reason::kNone};
    cluster.connect(a);
    cluster.pass(1500);
    Node &b = cluster.add(kB);
    b.knows = true;
    cluster.connect(b);
    cluster.pass(1500);
    b.ask(1);
    cluster.pump();
    assert_int_equal(b.answers[1].verdict(), Verdict::kTaken);
    a.unbind();
    cluster.pump();
    size_t taken = a.taken.size();
    assert_true(b.ask(2));
    assert_int_equal(b.answers[2].verdict(), Verdict::kOffline);
    assert_int_equal(a.taken.size(), taken);
}

/// What it had is unknown; the rest is offline, as it was silent for so long.
void a_machine_that_is_lost_has_what_it_had(void **)
{
    Named pair;
    pair.b.bind();
    pair.pump();
    pair.disconnect(pair.b);
    pair.pass(2000);
    assert_int_equal(pair.ask(1), Verdict::kUnknown);
    pair.pass(2000);
    assert_int_equal(pair.ask(2), Verdict::kUnknown);
    Request other;
    other.name = "bert";
    Result result;
    assert_true(pair.a.router.request(other, 3, pair.now, result));
    assert_int_equal(result.verdict(), Verdict::kOffline);
}

void a_link_that_breaks_costs_no_transfer_of_names(void **)
{
    Named pair;
    for (int i = 0; i < 100; i++)
        pair.b.bind("user " + std::to_string(i));
    pair.pump();
    pair.disconnect(pair.b);
    pair.pass(100);
    pair.carried.clear();
    pair.connect(pair.b);
    pair.pass(1500);
    size_t most = 0;
    for (const std::string &bytes : pair.carried)
        most = std::max(most, bytes.size());
    assert_true(most < 100 * sizeof(uint64_t));
    pair.ask(1);
    assert_int_equal(pair.b.taken.size(), 0);
}

/// Two megabytes and no more are on the way until a probe has come back, which the other messages would wait behind.
void names_leave_as_probes_come_back(void **)
{
    Cluster cluster;
    Node &a = cluster.add(kA), &b = cluster.add(kB);
    a.knows = b.knows = true;
    for (int i = 0; i < 600'000; i++) // 4.8 MB
        a.bind("user " + std::to_string(i));
    a.bind();
    cluster.connect(a);
    cluster.connect(b);
    cluster.keeps = false;
    uint64_t most = 0;
    for (int turn = 0; turn < 5000; turn++) { // one letter each: the engine is slow
        uint64_t waiting = 0;
        for (const Cluster::Letter &letter : cluster.letters)
            waiting += letter.bytes.size();
        most = std::max(most, waiting);
        for (Node *node : {&a, &b}) {
            node->machines->tick(cluster.now);
            node->machines->flush(cluster.now);
            node->router.flush();
        }
        if (!cluster.letters.empty()) {
            Cluster::Letter letter = std::move(cluster.letters.front());
            cluster.letters.pop_front();
            letter.to->machines->receive(letter.bytes.data(), letter.bytes.size(), cluster.now);
        }
        cluster.now += turn % 4 == 0;
    }
    assert_in_range(most, 1 << 20, 5 << 20);
    cluster.pass(1500);
    size_t taken = a.taken.size();
    assert_false(b.ask(1)); // a has the name, and is asked
    Request other;
    other.name = "bert";
    Result result;
    assert_true(b.router.request(other, 2, cluster.now, result));
    cluster.pump();
    assert_int_equal(a.taken.size(), taken + 1);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_without_the_name_is_not_asked), cmocka_unit_test(a_machine_that_does_not_know_its_names_is_asked),
        cmocka_unit_test(names_that_were_lost_are_asked_for),      cmocka_unit_test(a_node_that_comes_later_gets_all_names),
        cmocka_unit_test(a_machine_that_is_lost_has_what_it_had),  cmocka_unit_test(a_link_that_breaks_costs_no_transfer_of_names),
        cmocka_unit_test(names_leave_as_probes_come_back),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
