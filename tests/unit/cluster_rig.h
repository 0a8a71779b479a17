/**
 * @file
 * Machines in one process, by example: each is a service alone, and what they send is carried at once, or held back.
 */
#ifndef WM_TESTS_CLUSTER_RIG_H
#define WM_TESTS_CLUSTER_RIG_H

#include "hub/cluster/machines.h"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace cluster_rig {

using namespace wm::cluster;
using wm::router::Request;
using wm::router::Result;
using wm::router::Router;

class Cluster;

struct Node : wm::router::Host, MachinesHost, OwnMachine {
    Node(Cluster &c, uint64_t n, uint64_t epoch, const char *secret) : cluster(c), node(n), router(*this, 1, epoch)
    {
        Seal seal;
        seal.set_secret("rig", secret);
        prints_.set_key("rig", secret);
        self = own.directory.open(0);
        machines =
            std::make_unique<Machines>(*this, router, this, Identity{n, epoch, "node " + std::to_string(n), "10.0.0.1"}, std::move(seal));
    }

    void send(uint64_t link, const char *batch, size_t size) override;
    void drop(uint64_t link) override;
    Result take(const Request &request) override
    {
        taken.emplace_back(request.payload);
        return holds;
    }
    void answer(uint64_t ref, const Result &result) override { answers[ref] = result; }
    bool carry(uint64_t to, const char *bytes, size_t size) override;
    void renew(const char *) override { renewals++; }
    void refused(Refusal why, const Envelope &) override { refusals.push_back(why); }
    uint64_t clock_us() override;
    const Claims &claims() const override { return own; }
    bool knows_names() const override { return knows; }
    const Fingerprints &prints() const override { return prints_; }

    /// Whom ask() is for is bound here, or is not any more.
    void bind(std::string_view uid = "anna") { own.directory.add(prints_.of(0, NameKind::kUid, uid), self); }
    void unbind(std::string_view uid = "anna") { own.directory.remove(prints_.of(0, NameKind::kUid, uid), self); }

    /// Whether it was answered at once.
    bool ask(uint64_t ref, std::string_view payload = "hello", uint32_t timeout_ms = 1000, wm::router::Op op = wm::router::Op::kSend);
    ClusterFacts facts() const;

    Cluster &cluster;
    uint64_t node;
    Router router;
    std::unique_ptr<Machines> machines;
    Result holds;
    Claims own;
    Directory::Target self = Directory::kNoTarget;
    Fingerprints prints_;
    bool knows = false; ///< its names are all that it has
    bool up = false;
    int renewals = 0;
    std::vector<std::string> taken;
    std::map<uint64_t, Result> answers;
    std::vector<Refusal> refusals;
};

class Cluster {
public:
    Node &add(uint64_t node, uint64_t epoch = 1, const char *secret = "")
    {
        nodes.push_back(std::make_unique<Node>(*this, node, epoch, secret));
        return *nodes.back();
    }
    void connect(Node &node)
    {
        node.up = true;
        node.machines->up(kMaxBytes, now);
    }
    void disconnect(Node &node)
    {
        node.up = false;
        node.machines->down(now);
    }
    /// Carries what is on the way, and what comes of it.
    void pump()
    {
        for (bool moved = true; moved;) {
            for (auto &node : nodes) {
                node->machines->flush(now);
                node->router.flush();
            }
            moved = !letters.empty();
            while (!letters.empty()) {
                Letter letter = std::move(letters.front());
                letters.pop_front();
                if (letter.from == cut_from && letter.to == cut_to)
                    continue;
                letter.to->machines->receive(letter.bytes.data(), letter.bytes.size(), now);
            }
        }
    }
    void pass(int64_t ms)
    {
        for (int64_t end = now + ms; now < end; now++) {
            for (auto &node : nodes) {
                node->machines->tick(now);
                node->router.tick(now);
            }
            pump();
        }
    }

    struct Letter {
        Node *from, *to;
        std::string bytes;
    };

    static constexpr size_t kMaxBytes = 64 << 10;
    int64_t now = 1'000'000;
    std::vector<std::unique_ptr<Node>> nodes;
    std::deque<Letter> letters;
    std::vector<std::string> carried; ///< all that was sent, while keeps
    bool keeps = true;
    uint64_t messages = 0, bytes = 0; ///< that were sent
    const Node *cut_from = nullptr, *cut_to = nullptr;
};

inline void Node::send(uint64_t link, const char *batch, size_t size)
{
    machines->send(link, batch, size, cluster.now);
}

inline void Node::drop(uint64_t link)
{
    machines->drop(link, cluster.now);
}

inline bool Node::carry(uint64_t to, const char *bytes, size_t size)
{
    cluster.messages++;
    cluster.bytes += size;
    if (cluster.keeps)
        cluster.carried.emplace_back(bytes, size);
    for (auto &other : cluster.nodes)
        if (up && other->up && (to == 0 || to == other->node))
            cluster.letters.push_back({this, other.get(), std::string(bytes, size)});
    return up;
}

inline uint64_t Node::clock_us()
{
    return static_cast<uint64_t>(cluster.now) * 1000;
}

inline bool Node::ask(uint64_t ref, std::string_view payload, uint32_t timeout_ms, wm::router::Op op)
{
    Request request;
    request.op = op;
    request.timeout_ms = timeout_ms;
    request.name = "anna";
    request.payload = payload;
    Result result;
    bool now = router.request(request, ref, cluster.now, result);
    if (now)
        answers[ref] = result;
    return now;
}

inline ClusterFacts Node::facts() const
{
    ClusterFacts facts;
    machines->measure(facts, cluster.now);
    return facts;
}

constexpr uint64_t kA = uint64_t{1} << 63 | 1, kB = kA + 1, kC = kA + 2;

/// Two that know each other.
struct Pair : Cluster {
    Pair() : a(add(kA)), b(add(kB))
    {
        connect(a);
        connect(b);
        pass(1500);
    }
    std::string state(const Node &of) const { return of.facts().machines.empty() ? "" : of.facts().machines[0].state; }

    Node &a, &b;
};

} // namespace cluster_rig

#endif
