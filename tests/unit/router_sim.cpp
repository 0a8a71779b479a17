// Routers on simulated machines, thousands of seeded runs: links that break, processes that stop, die and are replaced, batches that come
// late or twice, a master that tells of processes one by one; between machines an engine that stops, dies and forgets. A judge that sees
// every page holds each answer to the truth. Runs 2 000 seeds, 20 000 with WM_FULL in the environment; with a seed as its argument that one
// alone, with a trace.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "hub/cluster/claim_records.h"
#include "router_faults.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace router_sim {

using wm::cluster::Machines;

// ---- a process

void Process::send(uint64_t link, const char *batch, size_t size)
{
    if (link & Machines::kLinkBit)
        machines->send(link, batch, size, now());
    else
        world.send(*this, link, batch, size);
}

void Process::drop(uint64_t link)
{
    if (link & Machines::kLinkBit)
        machines->drop(link, now());
    else
        world.drop(*this, link);
}

void Process::joined(const wm::router::Peer &peer)
{
    if (child_names)
        child_names->joined(peer);
}

void Process::names(const wm::router::Peer &peer, const wm::router::Record &record)
{
    wm::cluster::Fingerprints::Key key;
    uint64_t have = 0;
    if (child_names) {
        child_names->take(peer, record);
    } else if (record.op == Op::kKey && wm::cluster::read_key(record.body, key)) {
        if (!own_names) {
            own_names = std::make_unique<wm::cluster::OwnNames>(key);
            tell_names();
        }
        own_names->ask(peer.node);
    } else if (own_names && record.op == Op::kWant && wm::cluster::read_want(record.body, have)) {
        own_names->want(have);
    }
}

void Process::tell_names()
{
    uint32_t names = 0; // a bit for each uid, and one for the group
    for (uint32_t page : pages) {
        const Page &each = world.judge.pages[page];
        names |= 1u << (each.uid == kProcessUid ? 30 : each.uid) | (each.grouped ? 1u << 31 : 0);
    }
    for (uint32_t bit = 0; bit < 32; bit++) {
        if (!((names ^ told_names) >> bit & 1))
            continue;
        auto kind = bit == 31 ? wm::cluster::NameKind::kGroup : wm::cluster::NameKind::kUid;
        std::string name = bit == 31 ? std::string(kGroup) : std::to_string(bit == 30 ? kProcessUid : bit);
        if (names >> bit & 1)
            own_names->add(0, kind, name);
        else
            own_names->remove(0, kind, name);
    }
    told_names = names;
}

int64_t Process::now() const
{
    return world.now() + machine.clock;
}

bool Process::carry(uint64_t to, const char *bytes, size_t size)
{
    world.carry(*this, to, bytes, size);
    return true;
}

void Process::renew(const char *)
{
    world.renew(*this);
}

void Process::refused(wm::cluster::Refusal, const wm::cluster::Envelope &)
{
    world.judge.check(false, world.now(), "a message of another machine is refused");
}

/// The payload is the number of the push; what is behind it gives it a size. Whom it is for is read from the request, as it has come.
Result Process::take(const Request &request)
{
    Result result;
    if (is_hub())
        return result;
    uint32_t id = 0;
    memcpy(&id, request.payload.data(), sizeof id);
    const Push push = push_of(request);
    for (size_t i = 0; i < pages.size(); i++) {
        uint32_t page = pages[i];
        if (!push.is_for(world.judge.pages[page]))
            continue;
        result.connections++;
        if (request.op != Op::kQuery)
            world.judge.deliver(id, page, world.now());
        if (request.op == Op::kKick) {
            world.judge.close(page);
            pages.erase(pages.begin() + static_cast<ptrdiff_t>(i--));
        } else if (request.op == Op::kJoin) {
            world.judge.group(page);
        } else if (request.op == Op::kLeave) {
            world.judge.ungroup(page);
        }
    }
    return result;
}

void Process::answer(uint64_t ref, const Result &result)
{
    std::erase(asked, static_cast<uint32_t>(ref));
    world.judge.end(static_cast<uint32_t>(ref), result, world.now());
}

// ---- a turn

namespace {

constexpr Op kOps[] = {Op::kSend,      Op::kSend,    Op::kSend,  Op::kSend, Op::kSend, Op::kBroadcast, Op::kGroupSend,
                       Op::kGroupSend, Op::kPublish, Op::kQuery, Op::kKick, Op::kJoin, Op::kLeave};

} // namespace

void World::push(Process &process, Op op, uint32_t uid, uint32_t size)
{
    Push push = {};
    push.op = op;
    push.uid = op == Op::kPublish ? kProcessUid : uid;
    push.except = random_.below(1u << kUids);
    push.process = process.index;
    push.sent_ms = now_;
    auto timeout_ms = static_cast<uint32_t>(now_ < kFaultsUntil && random_.once_in(4) ? random_.between(1, 300) : 1000);
    push.expires_ms = now_ + timeout_ms;
    push.first = random_.once_in(3);
    uint32_t id = judge.begin(push);
    char payload[200] = {};
    memcpy(payload, &id, sizeof id);
    Texts texts = texts_of(push);
    Request request;
    request.op = op;
    request.flags = push.first ? wm::router::kFirst : 0;
    request.timeout_ms = timeout_ms;
    request.name = texts.name;
    request.extra = texts.extra;
    request.payload = {payload, sizeof id + size};
    Result result;
    process.asked.push_back(id);
    if (process.router.request(request, id, process.now(), result))
        process.answer(id, result);
}

void World::act(Process &process)
{
    if (process.draining) {
        drain(process);
    } else if (process.accepts && random_.once_in(25)) {
        process.pages.push_back(judge.open(random_.below(kUids), process.index, random_.once_in(2)));
    } else if (random_.once_in(25) && process.pages.size() > 1) {
        size_t which = 1 + random_.below(static_cast<uint32_t>(process.pages.size() - 1)); // 0 is the process itself
        judge.close(process.pages[which]);
        process.pages.erase(process.pages.begin() + static_cast<ptrdiff_t>(which));
    }
    if (!process.alive || !process.accepts || now_ >= kFaultsUntil || !random_.once_in(plan_.push_every))
        return;
    uint32_t burst = random_.once_in(20) ? 30 : 1;
    for (uint32_t i = 0; i < burst; i++)
        push(process, kOps[random_.below(std::size(kOps))], random_.below(kUids + 1), random_.below(190));
}

void World::receive(Process &process)
{
    // Any order of links, so that what two of them carry is reordered.
    if (process.links.size() > 1)
        std::swap(process.links.back(), process.links[random_.below(static_cast<uint32_t>(process.links.size()))]);
    for (size_t i = 0; i < process.links.size(); i++) {
        uint64_t id = process.links[i];
        Link &link = links_[id - 1];
        uint32_t side = link.side_of(process.index);
        if (!link.handed[side])
            continue;
        while (!link.to[side].empty() && link.to[side].front().at <= now_) {
            std::string bytes = std::move(link.to[side].front().bytes);
            link.to[side].pop_front();
            process.router.receive(id, bytes.data(), bytes.size(), process.now());
        }
        if (now_ >= link.notice[side]) {
            process.router.disconnected(id);
            if (id == process.hub_link && process.connects_at == kNever)
                reconnect(process);
        }
        if (!link.up && (link.notice[side] == kNever || now_ >= link.notice[side]))
            process.links.erase(process.links.begin() + static_cast<ptrdiff_t>(i--));
    }
}

/// Batches that come late or twice, over whatever link there is between the two by then.
void World::receive_strays(Process &process)
{
    for (size_t i = 0; i < strays_.size(); i++) {
        if (strays_[i].to != process.index || strays_[i].at > now_)
            continue;
        Stray stray = std::move(strays_[i]);
        strays_.erase(strays_.begin() + static_cast<ptrdiff_t>(i--));
        Process *hub = processes_[stray.from]->machine.hub;
        bool from_hub = processes_[stray.from]->is_hub();
        for (size_t id = 0; id < links_.size(); id++) {
            bool same = links_[id].joins(stray.from, stray.to) || (from_hub && hub && links_[id].joins(hub->index, stray.to));
            if (links_[id].up && same) {
                process.router.receive(id + 1, stray.bytes.data(), stray.bytes.size(), process.now());
                break;
            }
        }
    }
}

void World::check(Process &process)
{
    for (uint32_t id : process.asked)
        judge.check_answered(id, now_);
    const Limits &limits = plan_.limits;
    judge.check(process.router.outstanding() <= limits.outstanding, now_, "too many outstanding");
    // Requests keep within the limits; answers may come on top of them, as much again for each peer, before it is dropped.
    uint64_t sum = 0, answers = process.router.peers().size() * limits.peer_bytes;
    judge.check(process.router.in_flight() <= limits.total_bytes + answers, now_, "too much on the way");
    for (const wm::router::Peer &peer : process.router.peers()) {
        judge.check(peer.in_flight() <= limits.drop_bytes(), now_, "too much on the way to one peer");
        judge.check(peer.requests <= limits.peer_requests, now_, "too many requests at one peer");
        sum += peer.in_flight();
    }
    judge.check(sum == process.router.in_flight(), now_, "the sum of what is on the way is wrong");
}

void World::turn(Process &process)
{
    read_words(process);
    accept_when_joined(process);
    if (now_ >= process.connects_at)
        connect_to_hub(process);
    receive(process);
    if (plan_.hostile)
        receive_strays(process);
    if (!process.is_hub())
        act(process);
    if (!process.alive)
        return;
    if (process.machines) {
        receive_letters(process);
        if (process.now() >= process.machines->due_ms())
            process.machines->tick(process.now());
    }
    if (process.now() >= process.router.due_ms())
        process.router.tick(process.now());
    if (process.own_names) {
        process.tell_names();
        process.own_names->flush(process.router);
    }
    if (process.child_names)
        process.child_names->flush(process.router, process.now());
    if (process.machines)
        process.machines->flush(process.now());
    process.router.flush();
    check(process);
}

/// After the last fault: a process, a uid, and one push at a time. All are answered exactly.
void World::push_quietly()
{
    if (now_ < plan_.quiet_ms || now_ % 8 != 0)
        return;
    quiet_from_ = std::min(quiet_from_, judge.pushes.size());
    if (Process *process = random_child(true))
        push(*process, kOps[random_.below(std::size(kOps))], random_.below(kUids + 1), 0);
}

std::string World::run()
{
    judge.beyond = [this](uint32_t process) { return plan_.machines > 1 ? beyond(processes_[process]->machine) : 0; };
    judge.nothing_lost = plan_.machines == 1; // a machine whose service stops for long is lost to others
    judge.heard = [this](uint32_t process) { return heard(processes_[process]->machine); };
    judge.now = [this] { return now_; };
    judge.unseen_ms = plan_.hostile ? 4000 : 1000;
    judge.machine_of = [this](uint32_t process) { return processes_[process]->machine.index; };
    for (uint32_t i = 0; i < plan_.machines; i++)
        start_machine();
    const int64_t end = plan_.quiet_ms + kQuietMs;
    for (now_ = 1; now_ < end && !judge.failed(); now_++) {
        master();
        size_t count = processes_.size(), from = random_.below(static_cast<uint32_t>(count));
        for (size_t i = 0; i < count; i++)
            if (Process &process = *processes_[(from + i) % count]; runs(process))
                turn(process);
        if (now_ + 100 < end)
            push_quietly();
    }
    for (size_t id = quiet_from_; id < judge.pushes.size(); id++)
        judge.check_exact(static_cast<uint32_t>(id), now_);
    for (auto &process : processes_)
        if (process->alive) {
            judge.check(process->router.outstanding() == 0, now_, "requests are left over");
            judge.check(process->accepts || process->is_hub() || process->draining, now_,
                        "a process does not accept, as it waits for others");
        }
    return judge.violation();
}

} // namespace router_sim

namespace {

router_sim::Tally tally;

void no_seed_breaks_an_invariant(void **)
{
    uint64_t seeds = getenv("WM_FULL") ? 20000 : 2000;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        std::string violation = router_sim::World(seed, tally, false).run();
        if (!violation.empty())
            fail_msg("seed %llu: %s; replay: unit_router_sim %llu", static_cast<unsigned long long>(seed), violation.c_str(),
                     static_cast<unsigned long long>(seed));
    }
}

/// Else the invariants would hold for a router that always says the same.
void every_answer_is_given_and_every_request_taken(void **)
{
    print_message("exact %llu, partial %llu, offline %llu, unknown", static_cast<unsigned long long>(tally.exact),
                  static_cast<unsigned long long>(tally.partial), static_cast<unsigned long long>(tally.offline));
    for (uint64_t count : tally.unknown)
        print_message(" %llu", static_cast<unsigned long long>(count));
    print_message("\n");
    assert_true(tally.exact > 0 && tally.partial > 0 && tally.offline > 0);
    using wm::router::Op, wm::router::Reason;
    for (Reason reason : {Reason::kBusy, Reason::kUnreachable, Reason::kSuspect, Reason::kStale, Reason::kLost, Reason::kDeadline})
        assert_true(tally.unknown[static_cast<size_t>(reason)] > 0);
    for (Op op : {Op::kSend, Op::kBroadcast, Op::kGroupSend, Op::kPublish, Op::kKick, Op::kJoin, Op::kLeave})
        assert_true(tally.by_op[static_cast<size_t>(op)] > 0);
}

} // namespace

int main(int argc, char **argv)
{
    if (argc == 2) {
        std::string violation = router_sim::World(strtoull(argv[1], nullptr, 10), tally, true).run();
        fprintf(stderr, "%s\n", violation.empty() ? "no invariant is broken" : violation.c_str());
        return violation.empty() ? 0 : 1;
    }
    const CMUnitTest tests[] = {
        cmocka_unit_test(no_seed_breaks_an_invariant),
        cmocka_unit_test(every_answer_is_given_and_every_request_taken),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
