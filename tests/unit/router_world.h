/**
 * @file
 * A simulated machine: the hub's service, its children, pages, links and faults, all drawn from a seed. Time is virtual, in steps of a
 * millisecond, in which each process that is not stopped has one turn.
 */
#ifndef WM_TESTS_ROUTER_WORLD_H
#define WM_TESTS_ROUTER_WORLD_H

#include "hub/router/router.h"
#include "router_texts.h"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <functional>
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
        slots = 1 + random.below(5);
        has_hub = slots > 1 || random.once_in(3);
        hostile = random.once_in(4);
        orderly = !hostile && random.once_in(4);
        fault_every = static_cast<uint32_t>(random.between(40, 600));
        push_every = static_cast<uint32_t>(random.between(10, 80));
        one_by_one = random.once_in(2);
        if (!orderly && random.once_in(3)) {
            limits.peer_bytes = static_cast<size_t>(random.between(400, 4000));
            limits.total_bytes = limits.peer_bytes * 3;
            limits.outstanding = static_cast<uint32_t>(random.between(8, 64));
            limits.peer_requests = limits.outstanding / 2;
        }
    }
    Random random;
    uint32_t slots;
    bool has_hub;
    bool hostile;    ///< batches come twice, or late, after others, or over the next link
    bool orderly;    ///< processes stop for a while and are replaced, and no link loses anything
    bool one_by_one; ///< the master makes the links, and what it tells comes one word after the other
    uint32_t fault_every;
    uint32_t push_every;
    Limits limits;
};

class World;

/// Of the master.
struct Word {
    int64_t at;
    std::function<void()> word;
};

struct Process : wm::router::Host {
    Process(World &w, uint32_t i, uint32_t s, uint64_t n, uint64_t epoch, const Limits &limits)
        : world(w), index(i), slot(s), node(n), router(*this, n, epoch, limits)
    {}
    void send(uint64_t link, const char *batch, size_t size) override;
    void drop(uint64_t link) override;
    Result take(const Request &request) override;
    void answer(uint64_t ref, const Result &result) override;

    World &world;
    uint32_t index;
    uint32_t slot;
    uint64_t node;
    Router router;
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
    int64_t now() const { return now_; }

    Judge judge;

private:
    static constexpr uint32_t kUids = 6;
    static constexpr int64_t kFaultsUntil = 2500;
    static constexpr int64_t kQuietAt = 5000; ///< every state must be right again
    static constexpr int64_t kEnd = 5400;

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
    Process &start_process(uint32_t slot);
    void start_hub();
    uint64_t make_link(uint32_t a, uint32_t b);
    void connect_to_hub(Process &child);
    std::vector<Process *> processes_of(uint32_t slot);
    void kill(Process &process);
    void leave(Process &process);
    void read_out(Process &process, uint32_t from);
    void reap(Process &process);
    void reload(uint32_t slot);
    void drain(Process &process);
    void fault();
    void master();
    Process *random_child(bool accepts);

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
    std::vector<std::pair<int64_t, uint32_t>> to_start_; ///< slots
    Process *hub_ = nullptr;
    int64_t hub_starts_at_ = kNever;
    uint64_t hub_epoch_ = 0;
    uint64_t next_node_ = 100;
    size_t quiet_from_ = SIZE_MAX; ///< the pushes of the quiet phase
};

} // namespace router_sim

#endif
