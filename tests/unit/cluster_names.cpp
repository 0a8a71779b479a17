// The processes of a machine tell its service of their names: over routers and links that end, to a service that starts again, more than a
// link takes at once.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "hub/cluster/child_names.h"
#include "hub/cluster/claim_records.h"
#include "hub/cluster/own_names.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;
using namespace wm::cluster;
using router::PeerKind;

constexpr uint64_t kService = 1;
constexpr uint16_t kHub = 7;

Fingerprints make_prints()
{
    Fingerprints prints;
    assert_true(prints.set_key("default", "secret"));
    return prints;
}

router::Limits small()
{
    router::Limits limits;
    limits.peer_bytes = 200'000;
    return limits;
}

/// A process; the name of its link is the node of the other end.
struct Process : router::Host {
    Process(uint64_t its_node, uint64_t epoch) : node(its_node), router(*this, its_node, epoch, small()) {}

    void send(uint64_t link, const char *batch, size_t size) override { out.push_back({link, std::string(batch, size)}); }
    void drop(uint64_t) override { assert_true(false); }
    router::Result take(const router::Request &) override { return {}; }
    void answer(uint64_t, const router::Result &) override {}

    uint64_t node;
    std::deque<std::pair<uint64_t, std::string>> out;
    router::Router router;
};

struct Service : Process {
    explicit Service(uint64_t epoch) : Process(kService, epoch) {}
    void joined(const router::Peer &peer) override { names_of_all.joined(peer); }
    void names(const router::Peer &peer, const router::Record &record) override { names_of_all.take(peer, record); }
    bool has(const char *name, NameKind kind = NameKind::kUid) const
    {
        return names_of_all.claims().directory.has(names_of_all.prints().of(kHub, kind, name));
    }
    bool is_complete() const { return names_of_all.is_complete(router); }

    ChildNames names_of_all{make_prints()};
};

struct Child : Process {
    explicit Child(uint64_t its_node) : Process(its_node, 1) { assert_true(router.expect(kService, PeerKind::kHub)); }
    void names(const router::Peer &peer, const router::Record &record) override
    {
        Fingerprints::Key key;
        uint64_t have = 0;
        if (record.op == router::Op::kKey && read_key(record.body, key)) {
            assert_true(key == own.key());
            own.ask(peer.node);
        } else if (record.op == router::Op::kWant && read_want(record.body, have)) {
            wants++;
            own.want(have);
        }
    }

    OwnNames own{make_prints().key()};
    int wants = 0;
};

/// A machine with its service, and time that passes with each turn.
struct Machine {
    Child &add(uint64_t node)
    {
        children[node] = std::make_unique<Child>(node);
        assert_true(service->router.expect(node, PeerKind::kChild));
        link(node);
        return *children[node];
    }
    void link(uint64_t node)
    {
        service->router.connected(node, node, now_ms);
        children[node]->router.connected(kService, kService, now_ms);
    }
    /// What is on the way is lost.
    void unlink(uint64_t node)
    {
        service->router.disconnected(node);
        children[node]->router.disconnected(kService);
        std::erase_if(service->out, [node](const auto &batch) { return batch.first == node; });
        children[node]->out.clear();
    }
    void restart_service()
    {
        for (auto &[node, child] : children)
            unlink(node);
        service = std::make_unique<Service>(++epoch);
        for (auto &[node, child] : children) {
            assert_true(service->router.expect(node, PeerKind::kChild));
            link(node);
        }
    }

    void deliver(Process &from, Process &to, uint64_t link_of_to)
    {
        std::erase_if(from.out, [&](const auto &batch) {
            if (batch.first != to.node)
                return false;
            to.router.receive(link_of_to, batch.second.data(), batch.second.size(), now_ms);
            return true;
        });
    }
    void turn()
    {
        now_ms++;
        for (auto &[node, child] : children) {
            child->router.tick(now_ms);
            child->own.flush(child->router);
            child->router.flush();
            deliver(*child, *service, node);
        }
        service->router.tick(now_ms);
        service->names_of_all.flush(service->router, now_ms);
        service->router.flush();
        for (auto &[node, child] : children)
            deliver(*service, *child, kService);
    }
    /// Turns until the names are complete. How many.
    int turns()
    {
        int turns = 0;
        for (; !service->is_complete(); turns++) {
            assert_true(turns < 2000);
            turn();
        }
        return turns;
    }

    int64_t now_ms = 1000;
    uint64_t epoch = 1;
    std::unique_ptr<Service> service = std::make_unique<Service>(epoch);
    std::map<uint64_t, std::unique_ptr<Child>> children;
};

void names_are_told_as_they_come_and_go(void **)
{
    Machine machine;
    assert_true(machine.service->is_complete()); // there is no process
    Child &child = machine.add(2);
    assert_false(machine.service->is_complete());
    assert_true(child.own.add(kHub, NameKind::kUid, "early"));
    assert_in_range(machine.turns(), 2, 8);
    assert_true(machine.service->has("early"));
    assert_true(child.own.add(kHub, NameKind::kGroup, "room"));
    child.own.remove(kHub, NameKind::kUid, "early");
    machine.turn();
    assert_true(machine.service->is_complete());
    assert_true(machine.service->has("room", NameKind::kGroup) && !machine.service->has("room") && !machine.service->has("early"));
    assert_int_equal(machine.service->names_of_all.claims().count(), 1);
}

/// As two names of one fingerprint do.
void a_fingerprint_that_two_names_have_stays_until_both_have_gone(void **)
{
    Machine machine;
    Child &child = machine.add(2);
    assert_true(child.own.add(kHub, NameKind::kUid, "x") && child.own.add(kHub, NameKind::kUid, "x"));
    machine.turns();
    child.own.remove(kHub, NameKind::kUid, "x");
    machine.turn();
    assert_true(machine.service->has("x"));
    child.own.remove(kHub, NameKind::kUid, "x");
    machine.turn();
    assert_false(machine.service->has("x"));
}

void a_link_that_comes_back_costs_what_was_missed(void **)
{
    Machine machine;
    Child &child = machine.add(2);
    assert_true(child.own.add(kHub, NameKind::kUid, "a"));
    machine.turns();
    int wants = child.wants;
    machine.unlink(2);
    assert_false(machine.service->is_complete());
    machine.link(2);
    machine.turns();
    assert_int_equal(child.wants, wants); // equal: without a transfer

    assert_true(child.own.add(kHub, NameKind::kUid, "b"));
    child.own.flush(child.router);
    child.router.flush();
    machine.unlink(2); // and "b" is lost
    machine.link(2);
    machine.turns();
    assert_true(machine.service->has("a") && machine.service->has("b"));
    assert_int_equal(child.wants, wants + 1);
}

void a_service_that_starts_again_is_told_all(void **)
{
    Machine machine;
    for (uint64_t node = 2; node < 5; node++)
        assert_true(machine.add(node).own.add(kHub, NameKind::kUid, std::to_string(node)));
    machine.turns();
    machine.restart_service();
    assert_false(machine.service->is_complete());
    machine.turns();
    assert_true(machine.service->has("2") && machine.service->has("3") && machine.service->has("4"));
}

void names_of_a_process_that_ends_go_but_for_those_of_others(void **)
{
    Machine machine;
    Child &a = machine.add(2), &b = machine.add(3);
    assert_true(a.own.add(kHub, NameKind::kUid, "both") && b.own.add(kHub, NameKind::kUid, "both") && a.own.add(kHub, NameKind::kUid, "a"));
    machine.turns();
    machine.unlink(2);
    assert_false(machine.service->is_complete());
    assert_true(machine.service->has("a")); // it may come back
    machine.children.erase(2);
    machine.service->router.forget(2);
    machine.service->names_of_all.forget(2);
    assert_true(machine.service->is_complete());
    machine.turn();
    machine.turn();
    assert_true(machine.service->has("both") && !machine.service->has("a"));
}

/// As many as the link takes in about ten times, while others come.
void more_names_than_the_link_takes_at_once(void **)
{
    Machine machine;
    Child &child = machine.add(2);
    std::string name = "user000000";
    auto add = [&](uint32_t number) {
        for (size_t i = name.size(); i-- > 4; number /= 10)
            name[i] = static_cast<char>('0' + number % 10);
        assert_true(child.own.add(kHub, NameKind::kUid, name));
    };
    constexpr uint32_t kNames = 150'000;
    for (uint32_t i = 0; i < kNames; i++)
        add(i);
    int turns = 0;
    for (; !machine.service->is_complete(); turns++) {
        if (turns < 20)
            add(kNames + static_cast<uint32_t>(turns));
        machine.turn();
        assert_in_range(child.router.in_flight(), 0, small().peer_bytes);
    }
    assert_in_range(turns, 12, 1500); // the service reports each 100 ms what it has read
    machine.turn();
    assert_int_equal(machine.service->names_of_all.claims().count(), kNames + 20);
    assert_int_equal(machine.service->names_of_all.claims().digest(), child.own.claims().digest());
}

void a_process_that_has_left_has_no_names(void **)
{
    Machine machine;
    Child &child = machine.add(2);
    machine.turns();
    child.router.bye();
    for (int i = 0; i < 3; i++)
        machine.turn();
    machine.unlink(2);
    assert_true(machine.service->is_complete());
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_told_as_they_come_and_go),
        cmocka_unit_test(a_fingerprint_that_two_names_have_stays_until_both_have_gone),
        cmocka_unit_test(a_link_that_comes_back_costs_what_was_missed),
        cmocka_unit_test(a_service_that_starts_again_is_told_all),
        cmocka_unit_test(names_of_a_process_that_ends_go_but_for_those_of_others),
        cmocka_unit_test(more_names_than_the_link_takes_at_once),
        cmocka_unit_test(a_process_that_has_left_has_no_names),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
