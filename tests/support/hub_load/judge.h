/**
 * @file
 * The judge of a push server under load: it is told what pages and back ends see, and holds each answer to it. It knows no socket.
 *
 * What it says is certain. Two connections bring news in any order, so that a close frame may lie unread while an answer is judged: a page
 * counts as open at some time only if it answers what it is asked after that time (`ask`), and as not having got a push only if the answer
 * has come, as a connection keeps its order. So a server is never accused for what crossed on the way; what cannot be known any more,
 * as the page has gone meanwhile, is counted as undecided.
 *
 * An ok that no page has got is excused where a process was killed: what a connection had taken is with the kernel when its process dies,
 * and arrives, unless the process died between the answer and the write to the page, in one turn. That connection ends without a close
 * frame, behind the push and before it has answered what it was asked after the answer: only then the push counts as lost with its process.
 *
 * One thread. Memory: a push, with four bytes for each page of its uid, is kept for Rules::retain_ms after it is settled,
 * as long as there are not more than Rules::max_kept.
 */
#ifndef WM_TESTS_HUB_LOAD_JUDGE_H
#define WM_TESTS_HUB_LOAD_JUDGE_H

#include "faults.h"
#include "report.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace hub_load {

using PushId = uint64_t;

constexpr uint32_t kToAll = UINT32_MAX; ///< in place of a uid: a broadcast

struct Rules {
    bool kills = false;        ///< processes are killed; else no cut and no lost page has an excuse, and no fail
    bool faults = false;       ///< machines and what joins them fail: what that excuses is in faults.h
    int64_t hang_ms = 30000;   ///< without an answer for so long, a push is unanswered
    int64_t patience_ms = 300; ///< time for pages to get what was answered with ok, before they are asked
    int64_t retain_ms = 60000; ///< a push that comes later is a stray
    size_t max_kept = 500000;  ///< pushes that are kept at most, if they are settled
    int64_t kill_ms = 10000;   ///< a kill explains the end of a connection for so long
};

/// The answer to a line.
struct Answer {
    bool ok = false;
    bool partial = false;     ///< it says that some processes have not answered
    uint32_t connections = 1; ///< of an ok
    bool exact = false;       ///< they were told, and all processes have answered
    std::string why;          ///< of a fail; "plain": it was not asked for
    std::string detail;       ///< the same for readers
};

class Judge {
public:
    /// ask(page): the page is to send a ping; `pong` is to be called for its answer.
    Judge(const Rules &rules, Report &report, std::function<void(uint32_t page)> ask);

    /// Adds a page of a uid, before the first push. Pages have numbers from 0.
    void add_page(uint32_t uid);
    void set_time(int64_t now_ms) { now_ms_ = now_ms; }
    /// A process was killed just now, or is.
    void killed(int32_t pid);
    void fault_begins(const std::string &text) { faults_.begins(now_ms_, text); }
    void fault_ends() { faults_.ends(now_ms_); }

    // ---- what a page sees

    /// Its uid and a ping are on their way, over a new connection.
    void named(uint32_t page, int32_t port);
    /// The answer to the ping behind its uid, or to one that `ask` has asked for.
    void pong(uint32_t page);
    void received(uint32_t page, PushId id);
    /// Its connection has ended; code 1006: without a close frame.
    void ended(uint32_t page, int32_t code, const std::string &text);
    void stray(uint32_t page, const std::string &text);
    /// A connection, of a page or a back end, could not be made.
    void refused(bool nobody_listens, const std::string &text);

    // ---- what a back end sees

    /// A push to a uid, or to all, is being sent; returns its number.
    PushId sent(uint32_t uid);
    /// A line behind the server's `end`, which was not taken, is sent again.
    void sent_again(PushId id);
    void answered(PushId id, const Answer &answer);
    /// Its connection has ended, without an `end`.
    void cut(PushId id);
    /// Its connection has ended, and may have done so before the line came.
    void raced(PushId id);

    /// Judges what has waited long enough. To be called some times a second.
    void tick();
    /// Whether nothing is left to find out, and all pages are open.
    bool settled() const { return waiting_ + short_.size() + doubts_ + away_ == 0; }
    bool all_open() const { return away_ == 0; }
    /// What is still open now is a violation.
    void finish();

    /// Whether the push was sent, and is kept.
    bool knows(PushId id) const { return id >= first_ && id - first_ < pushes_.size(); }
    /// Of one that is known.
    uint32_t uid_of(PushId id) const { return pushes_[id - first_].uid; }

private:
    enum class State : uint8_t { kWaiting, kShort, kFailed, kSettled };

    struct Push {
        uint32_t uid;
        uint32_t takes = 0;    ///< connections that have got it
        uint32_t claimed = 0;  ///< connections that have, as the answer says
        uint32_t in_doubt = 0; ///< pages that were asked about it
        State state = State::kWaiting;
        bool not_delivered = false; ///< the answer says that no page gets it
        bool left = false;          ///< a page that was asked has gone
        bool missed = false;        ///< a page that was asked has not got it
        bool exact = false;         ///< the answer says that so many have it, not just some
        uint64_t sent;              ///< number of the event, as all times that are compared
        uint64_t answered = 0;
        int64_t sent_ms;
        int64_t answered_ms = 0;
        int64_t settled_ms = 0;
        std::string why;
        std::string detail;
        std::vector<uint32_t> taken; ///< for each page of the uid the connection that has got it; 0: none
    };

    enum class PageState : uint8_t { kAway, kNamed, kOpen };

    struct Doubt {
        PushId id;
        uint64_t since;
    };

    struct Page {
        uint32_t uid = 0;
        uint32_t place = 0; ///< among the pages of its uid
        PageState state = PageState::kAway;
        bool ask_again = false;
        int32_t port = 0;
        uint32_t connection = 0;
        uint64_t named = 0;
        uint64_t opened = 0;
        int64_t opened_ms = 0;
        uint64_t asked = 0;  ///< the ping on its way; 0: none
        uint64_t proved = 0; ///< the last ping that was answered
        uint32_t lost_connection = 0;
        uint64_t lost = 0;        ///< when that ended without a close frame
        uint64_t lost_proved = 0; ///< its last ping that was answered
        std::vector<Doubt> doubts;
    };

    struct Due {
        PushId id;
        int64_t at_ms;
    };

    Push *find(PushId id) { return knows(id) ? &pushes_[id - first_] : nullptr; }
    uint32_t place_of(const Push &push, uint32_t page) const { return push.uid == kToAll ? page : pages_[page].place; }
    template <class Visit> void each_page(const Push &push, Visit visit);
    bool has_it(const Push &push, uint32_t page) const;
    /// Whether the truth about a push may be unknown.
    bool may_fail() const { return rules_.kills || rules_.faults; }
    /// Counts it, if it is.
    bool excused_offline(const Push &push, const Page &page);
    bool explained() const { return rules_.kills && last_kill_ms_ >= now_ms_ - rules_.kill_ms; }
    void settle(Push &push);
    void take_ok(PushId id, Push &push, const Answer &answer);
    void take_fail(PushId id, Push &push);
    void look_closer(PushId id, Push &push);
    void doubt(PushId id, Push &push, uint32_t page);
    void ask(uint32_t page);
    void proved(uint32_t page, PushId id);
    void gone(PushId id);
    void conclude(PushId id, Push &push);
    uint32_t lost_takers(const Push &push);
    /// page: kToAll where it is not known.
    void accuse_fail(PushId id, const Push &push, const char *what, uint32_t page);
    void find_overdue();
    void forget_old();

    Rules rules_;
    Report &report_;
    Faults faults_{report_};
    std::function<void(uint32_t page)> ask_;
    int64_t now_ms_ = 0;
    int64_t last_kill_ms_ = INT64_MIN / 2;
    int32_t last_killed_ = 0;
    uint64_t events_ = 0;
    uint32_t connections_ = 0;
    std::vector<Page> pages_;
    std::vector<std::vector<uint32_t>> uids_; ///< the pages of each
    PushId first_ = 0;                        ///< of those that are kept
    std::deque<Push> pushes_;
    std::deque<Due> short_; ///< answered with ok, and not all of it has come
    size_t waiting_ = 0;
    size_t doubts_ = 0;
    size_t away_ = 0;
};

} // namespace hub_load

#endif
