#include "hub/engine/redis/cluster_carrier.h"

#include "core/log.h"
#include "hub/engine/redis/channels.h"
#include "hub/engine/redis/redis_carrier.h"

#include <algorithm>
#include <new>
#include <utility>

namespace wm::redis {

ClusterCarrier::ClusterCarrier(App &app, EngineUrl url, EngineSettings settings, CarrierEvents &events)
    : app_(app), url_(std::move(url)), settings_(std::move(settings)), events_(events), state_(events, url_.shown),
      asks_(app, *this), receives_{RedisLink(app, *this), RedisLink(app, *this)}
{}

void ClusterCarrier::open()
{
    state_.retry_at(0);
}

void ClusterCarrier::close()
{
    asks_.drop();
    for (RedisLink &link : receives_)
        link.drop();
    for (Sender &sender : senders_)
        sender.link->close();
    reset_ = false;
    refresh_ms_ = Loop::kNever;
    state_.close();
}

size_t ClusterCarrier::max_bytes() const
{
    return kMaxMessage;
}

void ClusterCarrier::reset(const char *why)
{
    if (reset_ || !(state_.is_up() || asks_.in_use() || receives_[kInbox].in_use() || receives_[kAll].in_use()))
        return;
    reset_ = true;
    keep_reason(reset_why_.text, why);
}

int64_t ClusterCarrier::due_ms() const
{
    if (reset_)
        return 0;
    int64_t due = std::min({state_.retry_ms(), refresh_ms_, asks_.due_ms(), receives_[kInbox].due_ms(), receives_[kAll].due_ms()});
    for (const Sender &sender : senders_)
        due = std::min({due, sender.link->due_ms(), sender.link->in_use() ? sender.used_ms + kIdleMs : Loop::kNever});
    return due;
}

void ClusterCarrier::run(int64_t now_ms)
{
    if (std::exchange(reset_, false))
        fail(reset_why_);
    asks_.run(now_ms);
    for (RedisLink &link : receives_)
        link.run(now_ms);
    look_at_senders(now_ms);
    if (now_ms >= std::min(state_.retry_ms(), refresh_ms_))
        refresh();
}

/// What has ended takes the others with it, and the next attempt begins with the slots.
void ClusterCarrier::fail(const Cause &why)
{
    asks_.drop();
    for (RedisLink &link : receives_)
        link.drop();
    for (Sender &sender : senders_)
        sender.link->drop();
    refresh_ms_ = Loop::kNever;
    state_.down(why.text.empty() ? "out of memory" : std::string_view(why.text), why.lasts);
}

// ---- the slots

/// Asks a server for them. While it is up, what is there goes on meanwhile.
void ClusterCarrier::refresh()
{
    state_.begin();
    refresh_ms_ = Loop::kNever;
    size_t index = asked_++ % (known_.size() + url_.servers.size());
    const EngineServer &server = index < known_.size() ? known_[index] : url_.servers[index - known_.size()];
    Cause cause;
    bool sent = false;
    try {
        sent = asks_.connect(server, url_, settings_, Greeting::kVersion, cause) && asks_.ask({"CLUSTER", "SLOTS"});
    } catch (const std::bad_alloc &) {
        cause.text.clear();
    }
    if (!sent)
        fail(cause);
}

/// One answer is all that is wanted of it.
void ClusterCarrier::link_answered(RedisLink &link, const Answer &answer)
{
    link.drop();
    try {
        take_slots(link, answer);
    } catch (const std::bad_alloc &) {
        fail({});
    }
}

void ClusterCarrier::take_slots(const RedisLink &link, const Answer &answer)
{
    const Answer::Item &first = answer.items.front();
    if (first.type == RespType::kError)
        return fail(explain(answer.text(first)));
    engine_ = "redis " + link.version();
    if (!state_.is_up())
        is_sharded_ = link.major() >= 7 || link.version().empty();
    if (!is_sharded_)
        slots_.set_alone(link.server());
    else if (!slots_.read(answer, link.server()))
        return fail({"CLUSTER SLOTS of " + link.server().text() + " is not understood", false, true});
    known_ = slots_.servers();
    if (!is_sharded_ && !std::exchange(warned_, true))
        log(WM_LOG_WARN, "engine %s: %s has no sharded channels, which are of Redis 7: each message goes to all servers of the cluster",
            url_.shown.c_str(), engine_.c_str());
    if (!state_.is_up())
        subscribe();
}

/// Of the channel of a node, or of all.
const EngineServer *ClusterCarrier::server_of(uint64_t node) const
{
    return slots_.server_of(slot_of(Channel(settings_, node).text()));
}

/// Each channel at its server. The connection that publishes to all is begun, too: its loss is that of the carrier.
void ClusterCarrier::subscribe()
{
    subscribed_ = 0;
    const EngineServer *to_all = server_of(Carrier::kAll);
    Cause cause;
    for (RedisLink &link : receives_) {
        const EngineServer *server = server_of(node_of(link));
        if (!server || !to_all)
            return fail({"no server of the cluster has the slot of this node, or of all: see CLUSTER INFO", false, true});
        if (!link.connect(*server, url_, settings_, Greeting::kLogin, cause))
            return fail(cause);
    }
    if (!sender_for(*to_all))
        fail({});
}

void ClusterCarrier::link_ready(RedisLink &link)
{
    if (!is_receiver(link))
        return;
    if (!link.subscribe(is_sharded_ ? "SSUBSCRIBE" : "SUBSCRIBE", Channel(settings_, node_of(link)).text()))
        throw std::bad_alloc(); // ends the link
}

void ClusterCarrier::link_subscribed(RedisLink &)
{
    if (++subscribed_ == kChannels && !state_.is_up())
        state_.up(engine_, receives_[kInbox].server().text());
}

void ClusterCarrier::link_received(RedisLink &link, std::string_view message)
{
    if (state_.is_up() && !reset_ && is_receiver(link))
        events_.carrier_received(message.data(), message.size());
}

bool ClusterCarrier::link_refused(RedisLink &, const Cause &why)
{
    if (why.moved)
        refresh_soon();
    return why.moved;
}

void ClusterCarrier::refresh_soon()
{
    if (state_.is_up() && !asks_.in_use() && refresh_ms_ == Loop::kNever)
        refresh_ms_ = Loop::clock_ms() + kRefreshMs;
}

/// The loss of a server to which this one publishes is no loss of the carrier: what it has of its own is elsewhere. An error is, as the
/// others would say the same, but for what says that the slots have moved.
void ClusterCarrier::link_ended(RedisLink &link, const Cause &why)
{
    if (is_receiver(link) || !state_.is_up() || (&link != &asks_ && why.lasts))
        return fail(why);
    for (Sender &sender : senders_)
        if (sender.link.get() == &link)
            sender.not_before_ms = Loop::clock_ms() + kRefreshMs;
    refresh_soon();
}

// ---- out

bool ClusterCarrier::send(uint64_t to, const char *bytes, size_t size)
{
    if (!state_.is_up() || reset_ || size > kMaxMessage)
        return false;
    Channel channel(settings_, to);
    const EngineServer *server = slots_.server_of(slot_of(channel.text()));
    RedisLink *link = nullptr;
    try {
        link = server ? sender_for(*server) : nullptr;
    } catch (const std::bad_alloc &) {
        return false;
    }
    return link && link->publish(is_sharded_ ? "SPUBLISH" : "PUBLISH", channel.text(), bytes, size);
}

/// The connection that publishes there, which is begun if there is none. nullptr: it cannot be.
RedisLink *ClusterCarrier::sender_for(const EngineServer &server)
{
    int64_t now = Loop::clock_ms();
    auto goes_there = [&server](const Sender &each) { return each.link->server() == server; };
    auto found = std::find_if(senders_.begin(), senders_.end(), goes_there);
    if (found == senders_.end() && senders_.size() == kMaxSenders) {
        found = std::min_element(senders_.begin(), senders_.end(), [](const auto &a, const auto &b) { return a.used_ms < b.used_ms; });
        found->link->close();
        found->not_before_ms = 0;
    } else if (found == senders_.end()) {
        RedisLinkEvents &events = *this;
        senders_.push_back({std::make_unique<RedisLink>(app_, events), now, 0});
        found = senders_.end() - 1;
    }
    found->used_ms = now;
    Cause cause;
    if (found->link->in_use())
        return found->link.get();
    if (now < found->not_before_ms || !found->link->connect(server, url_, settings_, Greeting::kLogin, cause))
        return nullptr;
    return found->link.get();
}

void ClusterCarrier::look_at_senders(int64_t now_ms)
{
    for (Sender &sender : senders_) {
        sender.link->run(now_ms);
        if (now_ms >= sender.used_ms + kIdleMs)
            sender.link->close();
    }
}

} // namespace wm::redis
