#include "hub/engine/redis/redis_carrier.h"

#include "hub/engine/redis/channels.h"

#include <algorithm>
#include <new>
#include <utility>

namespace wm::redis {

RedisCarrier::RedisCarrier(App &app, EngineUrl url, EngineSettings settings, CarrierEvents &events)
    : url_(std::move(url)), settings_(std::move(settings)), events_(events), state_(events, url_.shown), receives_(app, *this),
      sends_(app, *this), sentinels_(app, url_, settings_, *this)
{}

void RedisCarrier::open()
{
    state_.retry_at(0);
}

void RedisCarrier::close()
{
    receives_.drop();
    sends_.close();
    sentinels_.close();
    reset_ = awaits_master_ = false;
    state_.close();
}

bool RedisCarrier::send(uint64_t to, const char *bytes, size_t size)
{
    return state_.is_up() && !reset_ && size <= kMaxMessage && sends_.publish("PUBLISH", Channel(settings_, to).text(), bytes, size);
}

/// Its events come from the loop: not from here.
void RedisCarrier::reset(const char *why)
{
    if (reset_ || (!state_.is_up() && !receives_.in_use() && !sends_.in_use()))
        return;
    reset_ = true;
    keep_reason(reset_why_.text, why);
}

int64_t RedisCarrier::due_ms() const
{
    int64_t links = std::min(receives_.due_ms(), sends_.due_ms());
    return reset_ ? 0 : std::min({state_.retry_ms(), links, sentinels_.due_ms()});
}

void RedisCarrier::run(int64_t now_ms)
{
    if (std::exchange(reset_, false))
        fail(reset_why_);
    receives_.run(now_ms);
    sends_.run(now_ms);
    sentinels_.run(now_ms);
    if (now_ms >= state_.retry_ms())
        begin();
}

void RedisCarrier::begin()
{
    state_.begin();
    if (!uses_sentinels())
        return connect(url_.servers.front());
    awaits_master_ = true;
    sentinels_.ask_now();
}

void RedisCarrier::connect(const EngineServer &server)
{
    subscribed_ = 0;
    Cause cause;
    try {
        if (receives_.connect(server, url_, settings_, Greeting::kMaster, cause) &&
            sends_.connect(server, url_, settings_, Greeting::kMaster, cause))
            return;
    } catch (const std::bad_alloc &) {
        cause.text.clear();
    }
    fail(cause);
}

/// What has ended takes the other with it, and the next attempt is planned.
void RedisCarrier::fail(const Cause &why)
{
    receives_.drop();
    sends_.drop();
    awaits_master_ = false;
    state_.down(why.text.empty() ? "out of memory" : std::string_view(why.text), why.lasts);
}

// ---- the sentinels

void RedisCarrier::master_found(const EngineServer &master)
{
    if (std::exchange(awaits_master_, false))
        return connect(master);
    if (!receives_.in_use() || receives_.server() == master)
        return;
    fail({"the master has moved from " + receives_.server().text() + " to " + master.text()});
    state_.begin();
    connect(master);
}

/// A connection that is there goes on.
void RedisCarrier::master_unknown(const Cause &why)
{
    if (awaits_master_)
        fail(why);
}

// ---- the connections

void RedisCarrier::link_ready(RedisLink &link)
{
    if (&link == &sends_)
        return note_up();
    bool sent = link.subscribe("SUBSCRIBE", Channel(settings_, settings_.node).text()) &&
                link.subscribe("SUBSCRIBE", Channel(settings_, Carrier::kAll).text());
    if (!sent)
        throw std::bad_alloc(); // ends the link
}

void RedisCarrier::link_subscribed(RedisLink &)
{
    subscribed_++;
    note_up();
}

void RedisCarrier::note_up()
{
    if (subscribed_ == 2 && sends_.is_ready() && !state_.is_up())
        state_.up("redis " + receives_.version(), receives_.server().text());
}

void RedisCarrier::link_received(RedisLink &, std::string_view message)
{
    if (state_.is_up() && !reset_)
        events_.carrier_received(message.data(), message.size());
}

void RedisCarrier::link_ended(RedisLink &, const Cause &why)
{
    fail(why);
}

} // namespace wm::redis
