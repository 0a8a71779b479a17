/**
 * @file
 * A few routers in one process: the links between them are queues that a test moves on, or not.
 */
#ifndef WM_TESTS_ROUTER_RIG_H
#define WM_TESTS_ROUTER_RIG_H

#include "hub/router/router.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace router_rig {

using namespace wm::router;

constexpr uint64_t kHubNode = 1;

struct Node : Host {
    Node(uint64_t n, uint64_t epoch, const Limits &limits) : node(n), router(*this, n, epoch, limits) {}

    void send(uint64_t link, const char *batch, size_t size) override { out.push_back({link, std::string(batch, size)}); }
    void drop(uint64_t link) override { dropped.push_back(link); }
    Result take(const Request &request) override
    {
        taken.push_back(request);
        names.emplace_back(request.name);
        extras.emplace_back(request.extra);
        payloads.emplace_back(request.payload);
        return holds;
    }
    void answer(uint64_t ref, const Result &result) override
    {
        answers[ref].push_back(result);
        if (asks_again-- > 0)
            ask(100 + ref, 0);
    }

    bool ask(uint64_t ref, uint8_t flags, Op op = Op::kSend, std::string_view payload = "hello")
    {
        Request request;
        request.op = op;
        request.flags = flags;
        request.timeout_ms = 1000;
        request.name = "anna";
        request.payload = payload;
        return ask(ref, request);
    }
    bool ask(uint64_t ref, const Request &request)
    {
        Result result;
        bool now = router.request(request, ref, *clock, result);
        if (now)
            answers[ref].push_back(result);
        return now;
    }
    /// The one answer to a request.
    Result answered(uint64_t ref) { return answers[ref].size() == 1 ? answers[ref][0] : Result{0, 999, Reason::kNone}; }
    PeerState state_of(uint64_t other) const
    {
        for (const Peer &peer : router.peers())
            if (peer.node == other)
                return peer.state;
        return PeerState::kLeft;
    }

    struct Sent {
        uint64_t link;
        std::string bytes;
    };

    uint64_t node;
    Router router;
    const int64_t *clock = nullptr;
    bool stopped = false;
    int asks_again = 0;
    Result holds; ///< what take() answers
    std::deque<Sent> out;
    std::vector<uint64_t> dropped;
    std::vector<Request> taken;
    std::vector<std::string> names, extras, payloads;
    std::map<uint64_t, std::vector<Result>> answers;
};

class Rig {
public:
    explicit Rig(const Limits &limits = {}) : limits_(limits) {}

    Node &add(uint64_t node, uint64_t epoch = 1)
    {
        nodes.push_back(std::make_unique<Node>(node, epoch, limits_));
        nodes.back()->clock = &now;
        return *nodes.back();
    }
    /// `from` connects to `to`, which accepts; both expect each other.
    uint64_t link(Node &from, PeerKind from_kind, Node &to, PeerKind to_kind)
    {
        from.router.expect(to.node, to_kind);
        to.router.expect(from.node, from_kind);
        return connect(from, to);
    }
    uint64_t connect(Node &from, Node &to)
    {
        links[++last_link] = {&from, &to};
        from.router.connected(last_link, to.node, now);
        pump();
        return last_link;
    }
    /// A link breaks with what is on the way.
    void cut(uint64_t link)
    {
        auto [a, b] = links[link];
        links.erase(link);
        a->router.disconnected(link);
        b->router.disconnected(link);
        pump();
    }
    /// Turns of all that are not stopped, until nothing is on the way between them.
    void pump()
    {
        for (bool moved = true; moved;) {
            moved = false;
            for (auto &node : nodes)
                if (!node->stopped) {
                    node->router.tick(now);
                    node->router.flush();
                    moved = deliver(*node) || moved;
                }
        }
    }
    void advance(int64_t ms)
    {
        for (int64_t end = now + ms; now < end; pump())
            now += std::min<int64_t>(end - now, 10);
    }

    std::vector<std::unique_ptr<Node>> nodes;
    int64_t now = 10'000;
    uint64_t last_link = 0;

private:
    bool deliver(Node &from)
    {
        bool moved = false;
        for (size_t i = 0; i < from.out.size();) {
            auto it = links.find(from.out[i].link);
            Node *to = it == links.end() ? nullptr : it->second.first == &from ? it->second.second : it->second.first;
            if (to && to->stopped) {
                i++;
                continue;
            }
            Node::Sent sent = std::move(from.out[i]);
            from.out.erase(from.out.begin() + static_cast<ptrdiff_t>(i));
            if (to)
                to->router.receive(sent.link, sent.bytes.data(), sent.bytes.size(), now);
            moved = true;
        }
        return moved;
    }

    Limits limits_;
    std::map<uint64_t, std::pair<Node *, Node *>> links;
};

/// The hub's service and three children.
struct Star : Rig {
    explicit Star(const Limits &limits = {}) : Rig(limits), hub(add(kHubNode)), a(add(10)), b(add(11)), c(add(12))
    {
        for (Node *child : {&a, &b, &c})
            link(*child, PeerKind::kChild, hub, PeerKind::kHub);
    }
    Node &hub, &a, &b, &c;
    static constexpr uint64_t kLinkA = 1, kLinkB = 2, kLinkC = 3;
};

/// Two processes of one slot, without a service.
struct Overlap : Rig {
    Overlap() : old(add(10)), fresh(add(11)) { link(old, PeerKind::kChild, fresh, PeerKind::kChild); }
    Node &old, &fresh;
};

} // namespace router_rig

#endif
