/**
 * @file
 * The six judgements, and what belongs to them.
 */
#include "judge.h"

#include <algorithm>
#include <utility>

namespace hub_load {

namespace {

constexpr int32_t kServiceRestart = 1012; // RFC 6455 §7.4.1, IANA's registry
constexpr int32_t kNoCloseFrame = 1006;

std::string name_of(uint32_t uid)
{
    return uid == kToAll ? "all" : "u" + std::to_string(uid);
}

} // namespace

Judge::Judge(const Rules &rules, Report &report, std::function<void(uint32_t page)> ask)
    : rules_(rules), report_(report), ask_(std::move(ask))
{}

void Judge::add_page(uint32_t uid)
{
    if (uids_.size() <= uid)
        uids_.resize(uid + 1);
    Page &page = pages_.emplace_back();
    page.uid = uid;
    page.place = static_cast<uint32_t>(uids_[uid].size());
    uids_[uid].push_back(static_cast<uint32_t>(pages_.size() - 1));
    away_++;
}

void Judge::killed(int32_t pid)
{
    last_kill_ms_ = now_ms_;
    last_killed_ = pid;
    report_.counts["kills"]++;
}

// ---- what a page sees

void Judge::named(uint32_t page, int32_t port)
{
    Page &its = pages_[page];
    its.state = PageState::kNamed;
    its.port = port;
    its.connection = ++connections_;
    its.named = its.asked = ++events_;
    its.proved = 0;
    its.ask_again = false;
}

void Judge::pong(uint32_t page)
{
    Page &its = pages_[page];
    if (its.asked == 0) {
        stray(page, "an answer to a ping that was not sent");
        return;
    }
    if (its.state == PageState::kNamed) {
        its.state = PageState::kOpen;
        its.opened = ++events_;
        its.opened_ms = now_ms_;
        away_--;
        report_.counts["opened"]++;
    }
    its.proved = its.asked;
    its.asked = 0;
    std::vector<Doubt> doubts;
    doubts.swap(its.doubts);
    for (const Doubt &each : doubts) {
        if (each.since > its.proved)
            its.doubts.push_back(each);
        else
            proved(page, each.id);
    }
    if (std::exchange(its.ask_again, false))
        ask(page);
}

void Judge::received(uint32_t page, PushId id)
{
    Push *push = find(id);
    const Page &its = pages_[page];
    if (!push || (push->uid != kToAll && push->uid != its.uid)) {
        stray(page, "push " + std::to_string(id) + (push ? " to " + name_of(push->uid) : " that is not known, or very old"));
        return;
    }
    report_.counts["received"]++;
    uint32_t &taken = push->taken[place_of(*push, page)];
    if (taken == its.connection) {
        report_.wrong(Wrong::kTwice, now_ms_, "push %llu to %s, sent at %lld ms, came twice to page %u (port %d)",
                      static_cast<unsigned long long>(id), name_of(push->uid).c_str(), static_cast<long long>(push->sent_ms), page,
                      its.port);
        return;
    }
    taken = its.connection;
    push->takes++;
    if (push->exact && push->takes > push->claimed)
        report_.counts["more_than_answered"]++;
    if (push->not_delivered)
        accuse_fail(id, *push, "has got it", page);
    if (push->state == State::kShort && push->uid != kToAll && push->takes >= push->claimed)
        settle(*push);
}

void Judge::ended(uint32_t page, int32_t code, const std::string &text)
{
    Page &its = pages_[page];
    report_.closes[code]++;
    if (code == kNoCloseFrame && !explained())
        report_.wrong(Wrong::kLost, now_ms_, "page %u of %s (port %d) ended without a close frame: %s", page, name_of(its.uid).c_str(),
                      its.port, text.c_str());
    if (code != kNoCloseFrame && code != kServiceRestart)
        report_.wrong(Wrong::kClosed, now_ms_, "page %u of %s (port %d) was closed with %d: %s", page, name_of(its.uid).c_str(), its.port,
                      code, text.c_str());
    if (code == kNoCloseFrame) {
        its.lost_connection = its.connection;
        its.lost = ++events_;
        its.lost_proved = its.proved;
    }
    away_ += its.state == PageState::kOpen;
    its.state = PageState::kAway;
    its.asked = 0;
    std::vector<Doubt> doubts;
    doubts.swap(its.doubts);
    for (const Doubt &each : doubts)
        gone(each.id);
}

void Judge::stray(uint32_t page, const std::string &text)
{
    report_.wrong(Wrong::kStray, now_ms_, "page %u of %s (port %d) got %s", page, name_of(pages_[page].uid).c_str(), pages_[page].port,
                  text.c_str());
}

void Judge::refused(bool nobody_listens, const std::string &text)
{
    report_.counts["attempts_failed"]++;
    bool machine_is_away = nobody_listens && rules_.faults;
    if ((nobody_listens && !machine_is_away) || !explained())
        report_.wrong(Wrong::kRefused, now_ms_, "%s", text.c_str());
}

// ---- what a back end sees

PushId Judge::sent(uint32_t uid)
{
    Push push{};
    push.uid = uid;
    push.sent = ++events_;
    push.sent_ms = now_ms_;
    push.taken.resize(uid == kToAll ? pages_.size() : uid < uids_.size() ? uids_[uid].size() : 0);
    pushes_.push_back(std::move(push));
    faults_.sent(now_ms_);
    waiting_++;
    report_.counts[uid == kToAll ? "broadcasts" : "pushes"]++;
    return first_ + pushes_.size() - 1;
}

void Judge::sent_again(PushId id)
{
    report_.counts["sent_again"]++;
    if (Push *push = find(id)) {
        push->sent = ++events_;
        push->sent_ms = now_ms_;
    }
}

void Judge::answered(PushId id, const Answer &answer)
{
    Push *push = find(id);
    if (!push || push->state != State::kWaiting)
        return; // it counts as unanswered already
    waiting_--;
    push->answered = ++events_;
    push->answered_ms = now_ms_;
    push->why = answer.why;
    push->detail = answer.detail;
    double &slowest = report_.rates["slowest_answer_ms"];
    slowest = std::max(slowest, static_cast<double>(now_ms_ - push->sent_ms));
    if (answer.ok)
        take_ok(id, *push, answer);
    else
        take_fail(id, *push);
}

void Judge::cut(PushId id)
{
    Push *push = find(id);
    if (!push || push->state != State::kWaiting)
        return;
    waiting_--;
    settle(*push);
    report_.counts["cut"]++;
    if (!explained())
        report_.wrong(Wrong::kCut, now_ms_, "push %llu to %s, sent at %lld ms: its connection has ended, without 'end'",
                      static_cast<unsigned long long>(id), name_of(push->uid).c_str(), static_cast<long long>(push->sent_ms));
}

void Judge::raced(PushId id)
{
    Push *push = find(id);
    if (!push || push->state != State::kWaiting)
        return;
    waiting_--;
    settle(*push);
    report_.counts["raced"]++;
}

// ---- answers

void Judge::settle(Push &push)
{
    push.state = State::kSettled;
    push.settled_ms = now_ms_;
}

void Judge::take_ok(PushId id, Push &push, const Answer &answer)
{
    report_.counts[answer.partial ? "ok_partial" : "ok"]++;
    if (answer.partial && rules_.faults)
        faults_.unwell(push.sent_ms, push.answered_ms);
    push.claimed = answer.connections;
    push.exact = answer.exact;
    if (push.exact && push.takes > push.claimed)
        report_.counts["more_than_answered"]++;
    bool complete = push.uid == kToAll ? answer.partial && may_fail() : push.takes >= push.claimed;
    if (complete) {
        settle(push);
        return;
    }
    push.state = State::kShort;
    short_.push_back({id, now_ms_ + rules_.patience_ms});
}

/// A fail with another reason than offline, or none, says that the truth is not known: no error where processes are killed, or faults.
void Judge::take_fail(PushId id, Push &push)
{
    report_.failed[push.why]++;
    push.state = State::kFailed;
    push.not_delivered = push.why == "offline" || !may_fail();
    if (rules_.faults && push.why != "offline" && push.why != "plain")
        faults_.unwell(push.sent_ms, push.answered_ms);
    if (push.why == "bad")
        report_.wrong(Wrong::kFalseFail, now_ms_, "push %llu to %s was answered 'bad'", static_cast<unsigned long long>(id),
                      name_of(push.uid).c_str());
    if (push.not_delivered && push.takes > 0) {
        accuse_fail(id, push, "has got it", kToAll);
        settle(push);
        return;
    }
    if (push.not_delivered)
        look_closer(id, push);
    else
        settle(push);
}

template <class Visit> void Judge::each_page(const Push &push, Visit visit)
{
    if (push.uid == kToAll) {
        for (uint32_t page = 0; page < pages_.size(); page++)
            visit(page);
    } else if (push.uid < uids_.size()) {
        for (uint32_t page : uids_[push.uid])
            visit(page);
    }
}

bool Judge::has_it(const Push &push, uint32_t page) const
{
    return push.taken[place_of(push, page)] == pages_[page].connection;
}

/// Asks each page on which the verdict depends.
void Judge::look_closer(PushId id, Push &push)
{
    bool to_one = push.state == State::kShort && push.uid != kToAll;
    each_page(push, [&](uint32_t page) {
        const Page &its = pages_[page];
        bool all_the_time = its.state == PageState::kOpen && its.opened < push.sent;
        bool could_take = its.state != PageState::kAway && its.named < push.answered && !has_it(push, page);
        bool matters = to_one ? could_take : all_the_time && (push.state == State::kFailed || could_take);
        if (matters)
            doubt(id, push, page);
    });
    if (push.in_doubt == 0)
        conclude(id, push);
}

void Judge::doubt(PushId id, Push &push, uint32_t page)
{
    pages_[page].doubts.push_back({id, ++events_});
    push.in_doubt++;
    doubts_++;
    ask(page);
}

void Judge::ask(uint32_t page)
{
    Page &its = pages_[page];
    if (its.asked != 0) {
        its.ask_again = true;
        return;
    }
    its.asked = ++events_;
    ask_(page);
}

/// The page was open when it was asked about this push, and has got what was sent to it until then.
void Judge::proved(uint32_t page, PushId id)
{
    Push &push = *find(id);
    push.in_doubt--;
    doubts_--;
    if (push.state == State::kFailed && excused_offline(push, pages_[page])) {
        settle(push);
    } else if (push.state == State::kFailed) {
        accuse_fail(id, push, "was open all the time", page);
        settle(push);
    } else if (push.state == State::kShort && push.uid == kToAll && !has_it(push, page)) {
        push.missed = true;
        report_.wrong(Wrong::kMissed, now_ms_, "broadcast %llu, sent at %lld ms and answered ok for %u, missed page %u of %s (port %d)",
                      static_cast<unsigned long long>(id), static_cast<long long>(push.sent_ms), push.claimed, page,
                      name_of(pages_[page].uid).c_str(), pages_[page].port);
    }
    if (push.in_doubt == 0)
        conclude(id, push);
}

/// Machines that cannot reach each other forget what the other one has, and learn of new pages a moment later.
bool Judge::excused_offline(const Push &push, const Page &page)
{
    if (rules_.faults && faults_.excuses(push.sent_ms, push.answered_ms)) {
        report_.counts["offline_in_fault"]++;
        faults_.unwell(push.sent_ms, push.answered_ms);
        return true;
    }
    bool young = rules_.faults && page.opened_ms + Faults::kYoungMs > push.sent_ms;
    report_.counts["offline_of_young_page"] += young;
    return young;
}

/// The page has gone before it could answer.
void Judge::gone(PushId id)
{
    Push &push = *find(id);
    push.in_doubt--;
    doubts_--;
    push.left = true;
    if (push.in_doubt == 0)
        conclude(id, push);
}

void Judge::conclude(PushId id, Push &push)
{
    if (push.state == State::kFailed)
        report_.counts[push.left ? "fail_undecided" : "fail_right"]++;
    if (push.state == State::kShort && push.uid == kToAll)
        report_.counts[push.missed ? "broadcast_missed" : push.left ? "broadcast_undecided" : "broadcast_right"]++;
    if (push.state == State::kShort && push.uid != kToAll) {
        uint32_t lost = lost_takers(push);
        if (push.takes + lost >= push.claimed)
            report_.counts["lost_with_process"]++;
        else
            report_.wrong(Wrong::kFalseOk, now_ms_,
                          "push %llu to %s, sent at %lld ms, was answered ok for %u: %u have it, %u may have lost it with their process",
                          static_cast<unsigned long long>(id), name_of(push.uid).c_str(), static_cast<long long>(push.sent_ms),
                          push.claimed, push.takes, lost);
    }
    if (push.state != State::kSettled)
        settle(push);
}

/// How many connections may have lost the push with their process: see the top of judge.h.
uint32_t Judge::lost_takers(const Push &push)
{
    uint32_t count = 0;
    each_page(push, [&](uint32_t page) {
        const Page &its = pages_[page];
        bool had_it = push.taken[place_of(push, page)] == its.lost_connection;
        count += its.lost > push.sent && its.lost_proved < push.answered && !had_it;
    });
    return count;
}

void Judge::accuse_fail(PushId id, const Push &push, const char *what, uint32_t page)
{
    bool offline = push.why == "offline";
    std::string its = page == kToAll ? "a page" : "page " + std::to_string(page) + " (port " + std::to_string(pages_[page].port) + ")";
    std::string kill =
        last_killed_ == 0 ? "" : "; process " + std::to_string(last_killed_) + " was killed at " + std::to_string(last_kill_ms_) + " ms";
    report_.wrong(offline ? Wrong::kFalseOffline : Wrong::kFalseFail, now_ms_,
                  "push %llu to %s, sent at %lld ms, was answered fail (%s, %s), and %s %s%s", static_cast<unsigned long long>(id),
                  name_of(push.uid).c_str(), static_cast<long long>(push.sent_ms), push.why.c_str(), push.detail.c_str(), its.c_str(), what,
                  kill.c_str());
}

// ---- what time brings

void Judge::tick()
{
    while (!short_.empty() && short_.front().at_ms <= now_ms_) {
        PushId id = short_.front().id;
        short_.pop_front();
        Push *push = find(id);
        if (push && push->state == State::kShort)
            look_closer(id, *push);
    }
    find_overdue();
    forget_old();
}

void Judge::find_overdue()
{
    for (PushId id = first_; waiting_ > 0 && id < first_ + pushes_.size(); id++) {
        Push &push = *find(id);
        if (push.state != State::kWaiting || push.sent_ms + rules_.hang_ms > now_ms_)
            continue;
        report_.wrong(Wrong::kUnanswered, now_ms_, "push %llu to %s, sent at %lld ms, on a connection that is still there",
                      static_cast<unsigned long long>(id), name_of(push.uid).c_str(), static_cast<long long>(push.sent_ms));
        waiting_--;
        settle(push);
    }
}

void Judge::forget_old()
{
    auto has_ended = [](const Push &push) { return push.state == State::kSettled && push.in_doubt == 0; };
    auto is_old = [this](const Push &push) { return push.settled_ms + rules_.retain_ms <= now_ms_ || pushes_.size() > rules_.max_kept; };
    while (!pushes_.empty() && has_ended(pushes_.front()) && is_old(pushes_.front())) {
        pushes_.pop_front();
        first_++;
    }
}

void Judge::finish()
{
    faults_.finish(now_ms_);
    rules_.hang_ms = 0;
    find_overdue();
    for (uint32_t page = 0; page < pages_.size(); page++)
        if (pages_[page].state != PageState::kOpen)
            report_.wrong(Wrong::kNeverOpen, now_ms_, "page %u of %s is not open again", page, name_of(pages_[page].uid).c_str());
}

} // namespace hub_load
