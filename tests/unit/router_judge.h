/**
 * @file
 * The omniscient judge of a simulated run: it sees every page and every delivery, and checks each answer of a router against them.
 * Order within a millisecond counts, so everything that happens has a number.
 */
#ifndef WM_TESTS_ROUTER_JUDGE_H
#define WM_TESTS_ROUTER_JUDGE_H

#include "hub/router/result.h"
#include "hub/router/wire.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace router_sim {

using wm::router::Op;
using wm::router::Reason;
using wm::router::Result;
using wm::router::Verdict;

constexpr uint32_t kProcessUid = 1000; ///< of the page that stands for the code of a process, which PUBLISH reaches
constexpr uint64_t kOpen = UINT64_MAX;

struct Page {
    uint32_t uid;
    uint32_t process;
    bool grouped;
    uint64_t opened;     ///< number of the event
    uint64_t grouped_at; ///< the same: when it has joined the group
    int64_t named_ms;    ///< when it was opened, or has joined the group
    uint64_t closed = kOpen;
};

struct Push {
    Op op;
    uint32_t uid;
    uint32_t except; ///< of kGroupSend: a bit for each uid that does not get it
    uint32_t process;
    int64_t sent_ms;
    int64_t expires_ms;
    bool first;
    uint64_t begun;
    uint32_t beyond;            ///< when it began
    std::vector<int64_t> heard; ///< the same
    uint64_t ended = kOpen;
    Result result;
    std::vector<uint32_t> taken; ///< pages

    bool is_for(const Page &page) const
    {
        switch (op) {
        case Op::kBroadcast:
            return page.uid != kProcessUid;
        case Op::kGroupSend:
            return page.uid != kProcessUid && page.grouped && !(except >> page.uid & 1);
        case Op::kPublish:
            return page.uid == kProcessUid;
        case Op::kLeave:
            return page.uid == uid && page.grouped;
        default:
            return page.uid == uid;
        }
    }
    /// Whether is_for has held since it was asked, for a page that was open all the time.
    bool has_been_for(const Page &page) const
    {
        bool needs_group = op == Op::kGroupSend || op == Op::kLeave;
        return is_for(page) && (!needs_group || page.grouped_at < begun);
    }
};

/// How often each answer was given, over all runs.
struct Tally {
    uint64_t exact = 0;
    uint64_t partial = 0;
    uint64_t offline = 0;
    uint64_t unknown[wm::router::kReasons] = {};
    uint64_t by_op[32] = {}; ///< pages that have taken a request
};

class Judge {
public:
    /// in_order: links lose nothing but by their end, so pushes of one process come to a page in their order.
    Judge(Tally &tally, bool in_order) : tally_(tally), in_order_(in_order) {}

    const std::string &violation() const { return violation_; }
    bool failed() const { return !violation_.empty(); }
    uint64_t next_event() { return ++events_; }

    uint32_t open(uint32_t uid, uint32_t process, bool grouped)
    {
        uint64_t event = next_event();
        pages.push_back({uid, process, grouped, event, event, now()});
        return static_cast<uint32_t>(pages.size() - 1);
    }
    void group(uint32_t page)
    {
        if (!pages[page].grouped) {
            pages[page].grouped_at = next_event();
            pages[page].named_ms = now();
        }
        pages[page].grouped = true;
    }
    void ungroup(uint32_t page) { pages[page].grouped = false; }
    void close(uint32_t page) { pages[page].closed = next_event(); }

    uint32_t begin(const Push &push)
    {
        pushes.push_back(push);
        pushes.back().begun = next_event();
        pushes.back().beyond = beyond(push.process);
        pushes.back().heard = heard(push.process);
        return static_cast<uint32_t>(pushes.size() - 1);
    }

    void deliver(uint32_t id, uint32_t page, int64_t now_ms)
    {
        Push &push = pushes[id];
        next_event();
        tally_.by_op[static_cast<size_t>(push.op)]++;
        if (!push.is_for(pages[page]))
            fail(id, now_ms, "delivered to a page that it is not for");
        if (std::find(push.taken.begin(), push.taken.end(), page) != push.taken.end())
            fail(id, now_ms, "delivered twice to a page");
        if (now_ms >= push.expires_ms)
            fail(id, now_ms, "delivered after its deadline");
        if (push.ended != kOpen && !push.result.is_partial())
            fail(id, now_ms, "delivered after an exact answer");
        if (push.ended != kOpen && push.result.verdict() == Verdict::kUnknown && !may_be_delivered(push.result.reason))
            fail(id, now_ms, "delivered after the answer that it was not sent");
        push.taken.push_back(page);
        uint32_t &last = last_[uint64_t{page} << 32 | push.process];
        if (in_order_ && id < last)
            fail(id, now_ms, "delivered after a later one");
        last = id;
    }

    void end(uint32_t id, const Result &result, int64_t now_ms)
    {
        Push &push = pushes[id];
        if (push.ended != kOpen) {
            fail(id, now_ms, "answered twice");
            return;
        }
        push.ended = next_event();
        push.result = result;
        count(result);
        if (result.reason == Reason::kLost && nothing_lost)
            fail(id, now_ms, "unknown for the end of a link, though none has lost anything");
        if (push.op == Op::kQuery)
            check_query(id, now_ms);
        else if (result.connections > push.taken.size())
            fail(id, now_ms, "a false ok: fewer pages have taken it");
        else if (!result.is_partial() && result.connections < push.taken.size())
            fail(id, now_ms, "an exact answer that is too low");
        if (!result.is_partial() && push.op != Op::kQuery)
            check_missed(id, now_ms);
    }

    /// All answers that process owes at the end of a turn.
    void check_answered(uint32_t id, int64_t now_ms)
    {
        if (pushes[id].ended == kOpen && now_ms >= pushes[id].expires_ms)
            fail(id, now_ms, "not answered by its deadline");
    }
    /// In a quiet world nothing is unknown.
    void check_exact(uint32_t id, int64_t now_ms)
    {
        if (pushes[id].ended == kOpen || (pushes[id].result.is_partial() && !pushes[id].first))
            fail(id, now_ms, "not answered exactly, long after the last fault");
    }
    void check(bool holds, int64_t now_ms, const char *text)
    {
        if (!holds && !failed())
            violation_ = std::to_string(now_ms) + " ms: " + text;
    }

    std::vector<Page> pages;
    std::vector<Push> pushes;
    /// The machines, a bit each, that the one of a process cannot know of: they have not been heard of, as they are cut off.
    std::function<uint32_t(uint32_t process)> beyond = [](uint32_t) { return 0; };
    std::function<uint32_t(uint32_t process)> machine_of = [](uint32_t) { return 0; };
    /// When the machine of a process has heard each machine last.
    std::function<std::vector<int64_t>(uint32_t process)> heard = [](uint32_t) { return std::vector<int64_t>(); };
    std::function<int64_t()> now = [] { return 0; };
    int64_t unseen_ms = 0;    ///< how long a name of another machine may be unknown
    bool nothing_lost = true; ///< no link has ended with something on the way to a process that lives

private:
    void fail(uint32_t id, int64_t now_ms, const char *text)
    {
        const Push &push = pushes[id];
        char line[256];
        snprintf(line, sizeof line, "push %u (op %d, uid %u, process %u, sent at %lld) %s: %u connections, %zu taken, %u silent, reason %d",
                 id, static_cast<int>(push.op), push.uid, push.process, static_cast<long long>(push.sent_ms), text, push.result.connections,
                 push.taken.size(), push.result.silent, static_cast<int>(push.result.reason));
        check(false, now_ms, line);
    }

    /// No page that was open all the time is missing from an exact answer; with none in it, that is a false "offline".
    void check_missed(uint32_t id, int64_t now_ms)
    {
        const Push &push = pushes[id];
        const uint32_t hidden = push.beyond | beyond(push.process);
        for (uint32_t i = 0; i < pages.size(); i++)
            if (was_open(pages[i], push) && push.has_been_for(pages[i]) && !is_beyond(push, pages[i], hidden) &&
                std::find(push.taken.begin(), push.taken.end(), i) == push.taken.end())
                fail(id, now_ms, push.result.connections == 0 ? "a false offline" : "missed a page, and the answer is exact");
    }

    void check_query(uint32_t id, int64_t now_ms)
    {
        const Push &push = pushes[id];
        const uint32_t hidden = push.beyond | beyond(push.process);
        uint32_t always = 0, ever = 0;
        for (const Page &page : pages) {
            always += push.is_for(page) && was_open(page, push) && !is_beyond(push, page, hidden);
            ever += push.is_for(page) && page.closed > push.begun;
        }
        if (push.result.connections > ever || (!push.result.is_partial() && push.result.connections < always))
            fail(id, now_ms, "a wrong count");
    }

    /// hidden: machines that cannot be known.
    bool is_beyond(const Push &push, const Page &page, uint32_t hidden) const
    {
        uint32_t machine = machine_of(page.process);
        if (hidden >> machine & 1)
            return true;
        bool by_name = push.op != Op::kBroadcast && push.op != Op::kPublish && machine != machine_of(push.process);
        return by_name && machine < push.heard.size() && page.named_ms > push.heard[machine] - unseen_ms;
    }

    static bool was_open(const Page &page, const Push &push) { return page.opened < push.begun && page.closed > push.ended; }

    void count(const Result &result)
    {
        switch (result.verdict()) {
        case Verdict::kTaken:
            (result.is_partial() ? tally_.partial : tally_.exact)++;
            break;
        case Verdict::kOffline:
            tally_.offline++;
            break;
        case Verdict::kUnknown:
            tally_.unknown[static_cast<size_t>(result.reason)]++;
            break;
        }
    }

    Tally &tally_;
    std::string violation_;
    uint64_t events_ = 0;
    bool in_order_;
    std::unordered_map<uint64_t, uint32_t> last_; ///< page and process -> the last push from there
};

} // namespace router_sim

#endif
