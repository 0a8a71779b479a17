/**
 * @file
 * Simulated machines: the hub's service of each, its children, pages, links, an engine between the machines, and faults, all drawn from a
 * seed. Time is virtual, in steps of a millisecond, in which each process that is not stopped has one turn.
 */
#ifndef WM_TESTS_ROUTER_WORLD_H
#define WM_TESTS_ROUTER_WORLD_H

#include "hub/cluster/child_names.h"
#include "hub/cluster/machines.h"
#include "hub/cluster/own_names.h"
#include "hub/router/router.h"
#include "router_texts.h"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace router_sim {

using wm::router::Limits;
using wm::router::PeerKind;
using wm::router::Router;

constexpr uint64_t kHubNode = 1;
constexpr int64_t kNever = INT64_MAX;
constexpr int64_t kLeaveMs = 100; ///< for others to read BYE

/// The same numbers everywhere, which the distributions of the C++ library are not.
class Random {
public:
    explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 1) {}
    uint64_t next()
    {
        uint64_t z = state_ += 0x9e3779b97f4a7c15u;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return z ^ z >> 31;
    }
    uint32_t below(uint32_t limit) { return static_cast<uint32_t>((next() >> 32) * limit >> 32); }
    int64_t between(int64_t low, int64_t high) { return low + below(static_cast<uint32_t>(high - low + 1)); }
    bool once_in(uint32_t n) { return below(n) == 0; }

private:
    uint64_t state_;
};

/// What a run is like; from the seed.
struct Plan {
    explicit Plan(uint64_t seed) : random(seed)
    {
        machines = random.once_in(2) ? 1 : static_cast<uint32_t>(random.between(2, 4));
        slots = 1 + random.below(machines > 1 ? 2 : 5);
        has_hub = slots > 1 || machines > 1 || random.once_in(3);
        hostile = random.once_in(4);
        orderly = !hostile && random.once_in(4);
        fault_every = static_cast<uint32_t>(random.between(40, 600));
        push_every = static_cast<uint32_t>(random.between(10, 80));
        one_by_one = random.once_in(2);
        if (!orderly && random.once_in(3)) {
            limits.peer_bytes = static_cast<size_t>(random.between(400, 4000));
            if (machines > 1)
                limits.peer_bytes += 4000; // a record of names alone may have as many
            limits.total_bytes = limits.peer_bytes * 3;
            limits.outstanding = static_cast<uint32_t>(random.between(8, 64));
            limits.peer_requests = limits.outstanding / 2;
        }
        tells_names = !random.once_in(4);
        quiet_ms = machines > 1 ? 4000 + times.forget_ms : 5000;
    }
    Random random;
    uint32_t machines;
    uint32_t slots; ///< of each machine
    bool has_hub;
    bool hostile;     ///< batches come twice, or late, after others, or over the next link
    bool orderly;     ///< processes stop for a while and are replaced, and no link loses anything
    bool tells_names; ///< machines are asked only for names that they have
    bool one_by_one;  ///< the master makes the links, and what it tells comes one word after the other
    uint32_t fault_every;
    uint32_t push_every;
    Limits limits;
    wm::cluster::Times times = sim_times();
    size_t max_bytes = 2048 + wm::cluster::kEnvelopeExtra; ///< of a message of the engine
    int64_t quiet_ms;                                      ///< from here on every state must be right again

    /// No fault and its end take as long as a machine is remembered.
    static wm::cluster::Times sim_times()
    {
        wm::cluster::Times times;
        times.lost_ms = 1500;
        times.forget_ms = 6000;
        return times;
    }
};

class World;

/// Of the master.
struct Word {
    int64_t at;
    std::function<void()> word;
};

struct Machine;

struct Process : wm::router::Host, wm::cluster::MachinesHost, wm::cluster::OwnMachine {
    Process(World &w, Machine &m, uint32_t i, uint32_t s, uint64_t n, uint64_t epoch, const Limits &limits)
        : world(w), machine(m), index(i), slot(s), node(n), router(*this, n, epoch, limits)
    {}
    void send(uint64_t link, const char *batch, size_t size) override;
    void drop(uint64_t link) override;
    Result take(const Request &request) override;
    void answer(uint64_t ref, const Result &result) override;
    bool carry(uint64_t to, const char *bytes, size_t size) override;
    void renew(const char *why) override;
    void refused(wm::cluster::Refusal why, const wm::cluster::Envelope &of) override;
    void joined(const wm::router::Peer &peer) override;
    void names(const wm::router::Peer &peer, const wm::router::Record &record) override;
    const wm::cluster::Claims &claims() const override { return child_names->claims(); }
    bool knows_names() const override { return child_names->is_complete(router); }
    const wm::cluster::Fingerprints &prints() const override { return child_names->prints(); }
    /// Tells of the names of its pages, and of those that have none any more.
    void tell_names();
    uint64_t clock_us() override { return static_cast<uint64_t>(now()) * 1000; }
    /// By the clock of its machine.
    int64_t now() const;

    World &world;
    Machine &machine;
    uint32_t index;
    uint32_t slot;
    uint64_t node;
    Router router;
    std::unique_ptr<wm::cluster::Machines> machines;      ///< of a service among others
    std::unique_ptr<wm::cluster::ChildNames> child_names; ///< of such a service
    std::unique_ptr<wm::cluster::OwnNames> own_names;     ///< of its children
    uint32_t told_names = 0;                              ///< to own_names, a bit each
    bool carrier_up = false;                              ///< as it knows
    bool carrier_lost = true;                             ///< it is not connected any more, whether it knows or not
    int64_t carrier_at = kNever;                          ///< when it learns of a change
    bool alive = true;
    bool reaped = false;
    bool draining = false;
    bool knows_all = false; ///< the master has told it of all others that there were
    bool accepts = false;   ///< pages
    int64_t stopped_until = 0;
    int64_t connects_at = kNever; ///< to the service
    uint64_t hub_link = 0;        ///< the latest
    int64_t last_word = 0;
    int64_t leaves_by = kNever; ///< has said BYE
    std::vector<uint64_t> links;
    std::vector<uint32_t> pages;
    std::vector<uint32_t> asked; ///< pushes without an answer
    std::deque<Word> told;       ///< by the master; read first in a turn

    bool is_hub() const { return node == kHubNode; }
};

struct Machine {
    uint32_t index;
    uint64_t node;
    int64_t clock; ///< ahead of the world's
    Process *hub = nullptr;
    int64_t hub_starts_at = kNever;
    uint64_t hub_epoch = 0;
    uint64_t next_process = 100; ///< nodes of processes are unique within a machine only
    bool dead = false;
    int64_t deaf_until = 0; ///< gets nothing from the engine
    int64_t mute_until = 0; ///< the engine gets nothing from it
};

struct Batch {
    int64_t at;
    std::string bytes;
};

struct Link {
    Link(uint32_t a, uint32_t b) : ends{a, b} {}

    uint32_t ends[2]; ///< processes
    bool up = true;
    bool handed[2] = {true, true};        ///< to each end
    int64_t notice[2] = {kNever, kNever}; ///< when each end sees that it is down
    int64_t last[2] = {0, 0};             ///< when the last batch to each end arrives
    std::deque<Batch> to[2] = {};

    uint32_t side_of(uint32_t process) const { return ends[1] == process; }
    bool has(uint32_t process) const { return ends[0] == process || ends[1] == process; }
    bool joins(uint32_t a, uint32_t b) const { return (ends[0] == a && ends[1] == b) || (ends[0] == b && ends[1] == a); }
};

class World {
public:
    World(uint64_t seed, Tally &tally, bool trace) : judge(tally, !Plan(seed).hostile), plan_(seed), random_(seed ^ 0x5eed), trace_(trace)
    {}

    /// An empty string, or the invariant that was broken.
    std::string run();

    // For Process.
    void send(Process &from, uint64_t link, const char *bytes, size_t size);
    void drop(Process &from, uint64_t link);
    void close_link(uint64_t link);
    void reconnect(Process &child);
    void carry(Process &from, uint64_t to, const char *bytes, size_t size);
    void renew(Process &hub);
    int64_t now() const { return now_; }

    Judge judge;

private:
    static constexpr uint32_t kUids = 6;
    static constexpr int64_t kFaultsUntil = 2500;
    static constexpr int64_t kQuietMs = 400;

    struct Letter {
        int64_t at;
        std::string bytes;
    };
    struct LateLetter {
        int64_t at;
        uint32_t to; ///< a machine
        std::string bytes;
    };

    struct Stray {
        int64_t at;
        uint32_t from, to;
        std::string bytes;
    };

    template <class... Args> void trace(const char *format, Args... args)
    {
        if (trace_) {
            fprintf(stderr, "%5lld  ", static_cast<long long>(now_));
            fprintf(stderr, format, args...);
            fputc('\n', stderr);
        }
    }

    // router_master.h
    void tell(Process &process, std::function<void()> word);
    void tell_of(Process &process, uint64_t node);
    void hand_link(Process &process, uint64_t link, uint64_t node);
    void tell_all_told(Process &process);
    void read_words(Process &process);
    bool is_joined(const Process &process) const;
    void accept_when_joined(Process &process);

    // router_faults.h
    Machine &start_machine();
    void kill_machine(Machine &machine);
    Process &start_process(Machine &machine, uint32_t slot);
    void start_hub(Machine &machine);
    uint64_t make_link(uint32_t a, uint32_t b);
    void connect_to_hub(Process &child);
    std::vector<Process *> processes_of(const Machine &machine, uint32_t slot);
    void kill(Process &process);
    void leave(Process &process);
    void read_out(Process &process, uint32_t from);
    void reap(Process &process);
    void reload(Machine &machine, uint32_t slot);
    void drain(Process &process);
    void fault();
    void master();
    Process *random_child(bool accepts);
    Machine &random_machine();

    // router_engine.h
    void open_carrier(Process &hub);
    void lose_carrier(Process &hub, int64_t notice);
    void change_carriers();
    void end_engine();
    void engine_fault();
    void receive_letters(Process &hub);
    uint32_t beyond(const Machine &machine) const;
    std::vector<int64_t> heard(const Machine &machine) const;
    bool engine_runs() const { return now_ >= engine_starts_at_; }

    // router_sim.cpp
    void turn(Process &process);
    void receive(Process &process);
    void receive_strays(Process &process);
    void act(Process &process);
    void push(Process &process, Op op, uint32_t uid, uint32_t size);
    void check(Process &process);
    void push_quietly();

    bool runs(const Process &process) const { return process.alive && process.stopped_until <= now_; }

    Plan plan_;
    Random random_;
    bool trace_;
    int64_t now_ = 0;
    std::vector<std::unique_ptr<Process>> processes_;
    std::vector<Link> links_; ///< by link - 1
    std::vector<Stray> strays_;
    std::vector<std::pair<int64_t, uint32_t>> to_reap_;
    struct Start {
        int64_t at;
        Machine *machine;
        uint32_t slot;
    };
    std::vector<Start> to_start_;
    std::vector<std::unique_ptr<Machine>> machines_;
    uint64_t next_machine_ = uint64_t{1} << 63;
    int64_t next_machine_at_ = kNever;
    std::map<std::pair<uint32_t, uint32_t>, std::deque<Letter>> letters_; ///< from one machine to another
    std::vector<LateLetter> late_;
    int64_t engine_starts_at_ = 0; ///< it does not run before
    int64_t engine_stopped_until_ = 0;
    size_t quiet_from_ = SIZE_MAX; ///< the pushes of the quiet phase
};

} // namespace router_sim

#endif
