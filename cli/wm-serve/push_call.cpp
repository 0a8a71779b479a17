#include "wm-serve/push_call.h"

#include "shared/json_write.h"
#include "wm-serve/page_port.h"

#include <algorithm>
#include <unordered_set>

namespace wm::serve {

using Kind = PushResult::Kind;
using Verb = PushLine::Kind;

namespace {

size_t all_kept; ///< bytes of the messages that are kept

int32_t flags_of(PushLine::Slow slow)
{
    switch (slow) {
    case PushLine::Slow::kClose:
        return WM_SEND_SLOW_CLOSE;
    case PushLine::Slow::kDropOldest:
        return WM_SEND_SLOW_DROP_OLDEST;
    default:
        return 0;
    }
}

} // namespace

/// Makes the parts: one for each uid, however often it is named; one without a uid for a group, and for everybody.
void PushCall::begin(const PushLine &line)
{
    verb_ = line.kind;
    json_ = line.json_reply;
    flags_ = (json_ ? 0 : WM_SEND_FIRST) | flags_of(line.slow); // an exact number takes the answers of all
    key_ = line.key;
    list_ = !line.uids.empty();
    parts_.clear();
    if (!list_) {
        parts_.push_back({this, std::string(line.uid), {Kind::kPending}});
        return;
    }
    std::unordered_set<std::string> seen;
    each_uid(line.uids, [&](std::string_view uid) {
        if (seen.emplace(uid).second)
            parts_.push_back({this, std::string(uid), {Kind::kPending}});
    });
}

void PushCall::drop_kept()
{
    all_kept -= kept_.size();
    kept_.clear();
}

/// A message to many uids is more than other processes are sent at a time: later calls follow the results of earlier ones.
void PushCall::choose_ahead(std::string_view data)
{
    drop_kept();
    ahead_ = parts_.size();
    if (verb_ != Verb::kPush || data.size() * parts_.size() <= kMaxAhead || all_kept + data.size() > kMaxKept || parts_.size() == 1)
        return;
    kept_ = data;
    all_kept += kept_.size();
    ahead_ = std::max<size_t>(kMaxAhead / data.size(), 1);
}

/// Makes calls, ask(part, connections), as many as may wait.
template <class Ask> void PushCall::ask_ahead(Ask ask)
{
    while (next_ < parts_.size() && waiting_ - (parts_.size() - next_) < ahead_) {
        Part &part = parts_[next_++];
        int64_t connections = 0;
        int status = ask(part, connections);
        if (status != WM_PENDING)
            take(part, status, connections);
    }
}

PushResult PushCall::run(wm_hub *hub, const PagePort &pages, const PushLine &line, std::string_view whole)
{
    begin(line);
    hub_ = hub;
    pages_ = &pages;
    waiting_ = parts_.size();
    next_ = 0;
    std::string_view data = line.data.empty() ? whole : line.data;
    choose_ahead(data);
    ask_ahead([&](Part &part, int64_t &connections) { return ask(part, line, data, connections); });
    if (waiting_ > 0)
        return {Kind::kPending};
    drop_kept();
    PushResult result = sum();
    if (!result.json)
        parts_.clear();
    return result;
}

int PushCall::ask(Part &part, const PushLine &line, std::string_view data, int64_t &connections) const
{
    const std::string &uid = part.uid;
    switch (verb_) {
    case Verb::kGroup:
        return send_to_group(part, line, data, connections);
    case Verb::kBroadcast:
        return broadcast(part, data, connections);
    case Verb::kJoin:
        return wm_hub_join_uid(hub_, uid.data(), uid.size(), line.group.data(), line.group.size(), &connections, answered, &part, nullptr);
    case Verb::kLeave:
        return wm_hub_leave_uid(hub_, uid.data(), uid.size(), line.group.data(), line.group.size(), &connections, answered, &part, nullptr);
    case Verb::kOnline:
        return wm_hub_online(hub_, uid.data(), uid.size(), &connections, answered, &part, nullptr);
    case Verb::kKick:
        return wm_hub_kick(hub_, uid.data(), uid.size(), line.code, line.text.data(), line.text.size(), &connections, answered, &part,
                           nullptr);
    default:
        return send(part, data, connections);
    }
}

int PushCall::send(Part &part, std::string_view data, int64_t &connections) const
{
    if (key_.empty())
        return wm_hub_send(hub_, part.uid.data(), part.uid.size(), data.data(), data.size(), flags_, &connections, answered, &part,
                           nullptr);
    return wm_hub_send_latest(hub_, part.uid.data(), part.uid.size(), key_.data(), key_.size(), data.data(), data.size(), flags_,
                              &connections, answered, &part, nullptr);
}

int PushCall::send_to_group(Part &part, const PushLine &line, std::string_view data, int64_t &connections) const
{
    std::string_view group = line.group, except = line.except;
    if (key_.empty())
        return wm_hub_group_send(hub_, group.data(), group.size(), except.data(), except.size(), data.data(), data.size(), flags_,
                                 &connections, answered, &part, nullptr);
    return wm_hub_group_send_latest(hub_, group.data(), group.size(), except.data(), except.size(), key_.data(), key_.size(), data.data(),
                                    data.size(), flags_, &connections, answered, &part, nullptr);
}

int PushCall::broadcast(Part &part, std::string_view data, int64_t &connections) const
{
    if (key_.empty())
        return wm_hub_broadcast(hub_, data.data(), data.size(), flags_, &connections, answered, &part, nullptr);
    return wm_hub_broadcast_latest(hub_, nullptr, 0, key_.data(), key_.size(), data.data(), data.size(), flags_, &connections, answered,
                                   &part, nullptr);
}

void PushCall::take(Part &part, int32_t status, int64_t connections) noexcept
{
    part.result = result_of(verb_, status, connections);
    if (part.result.kind == Kind::kOffline && (json_ || explain))
        look_at_offline(part);
    else
        waiting_--;
}

/// Tells a page that reads too slowly from one that is not there.
void PushCall::look_at_offline(Part &part) noexcept
{
    if (verb_ == Verb::kPush) {
        int64_t connections = 0;
        int status = wm_hub_online(hub_, part.uid.data(), part.uid.size(), &connections, counted, &part, nullptr);
        if (status != WM_PENDING)
            take_online(part, status, connections);
        return;
    }
    if (verb_ == Verb::kBroadcast && pages_->any_named())
        part.result = {Kind::kFull};
    waiting_--;
}

void PushCall::take_online(Part &part, int32_t status, int64_t connections) noexcept
{
    if (status >= 0 && connections > 0)
        part.result = {Kind::kFull};
    waiting_--;
}

void PushCall::answered(wm_hub *, int32_t status, int64_t connections, void *user)
{
    Part &part = *static_cast<Part *>(user);
    part.call->take(part, status, connections);
    part.call->go_on();
}

void PushCall::counted(wm_hub *, int32_t status, int64_t connections, void *user)
{
    Part &part = *static_cast<Part *>(user);
    part.call->take_online(part, status, connections);
    part.call->go_on();
}

void PushCall::pushed(wm_hub *, int32_t status, int64_t connections, void *user)
{
    static_cast<PushCall *>(user)->done(result_of(Verb::kPush, status, connections));
}

/// A result has come.
void PushCall::go_on()
{
    ask_ahead([this](Part &part, int64_t &connections) { return send(part, kept_, connections); });
    if (waiting_ == 0)
        done(sum());
}

PushResult PushCall::sum() const
{
    PushResult sum = {Kind::kOk};
    PushResult worst = {Kind::kOk};
    uint64_t connections = 0;
    for (const Part &part : parts_) {
        const PushResult &one = part.result;
        connections += one.kind == Kind::kOk ? one.number : 0;
        sum.unsure |= one.unsure || one.kind == Kind::kUnknown;
        if (one.kind > worst.kind || (one.kind == worst.kind && one.unsure))
            worst = one;
    }
    sum.number = static_cast<uint32_t>(std::min<uint64_t>(connections, UINT32_MAX));
    PushResult result = connections > 0 ? sum : worst;
    result.json = json_ || (explain && result.kind != Kind::kOk);
    return result;
}

std::string PushCall::json(PushResult result) const
{
    if (result.kind == Kind::kTicket)
        return R"({"ticket":")" + ticket + R"(","ttl":)" + std::to_string(result.number) + '}';
    std::string out = "{";
    append_result(out, result);
    if (list_ && result.kind != Kind::kBad) {
        out += ",\"uids\":";
        char separator = '{';
        for (const Part &part : parts_) {
            out += separator;
            append_json_string(out, part.uid);
            out += ":{";
            append_result(out, part.result);
            out += '}';
            separator = ',';
        }
        out += '}';
    }
    return out + '}';
}

} // namespace wm::serve
