/**
 * @file
 * The calls of a random API program on hubs: uids, groups, kicks and topics.
 */
#ifndef FUZZ_API_HUB_CALLS_H
#define FUZZ_API_HUB_CALLS_H

#include "api_machine.h"

namespace fuzz {

inline constexpr std::string_view kNames[] = {"a", "a", "b", "", "cccccccccccccccccccccccccccccccccccccccccccccccccc"};

inline void new_hub(Machine &m)
{
    App &app = m.app();
    if (m.world.hubs.size() >= 3)
        return;
    if (wm_hub *hub = m.world.make([&] { return wm_hub_new(app.app); }))
        m.world.hubs.push_back({hub, &app});
}

inline void free_hub(Machine &m)
{
    wm_hub *hub = m.hub().hub;
    if (hub && m.world.done([&] { wm_hub_free(hub); }))
        std::erase_if(m.world.hubs, [&](const Hub &known) { return known.hub == hub; });
}

inline void set_hub(Machine &m)
{
    wm_hub *hub = m.hub().hub;
    const char *name = m.option(WM_SCOPE_HUB);
    int64_t number = m.program.one_of(kNumbers);
    m.world.call([&] { return wm_hub_set_int(hub, name, number); });
    m.world.call([&] { return wm_hub_get_int(hub, name, &number); });
    m.world.call([&] { return wm_hub_set_str(hub, name, "hub"); });
}

/// A name, or bytes whose length lies.
inline Span name(Machine &m)
{
    std::string_view text = m.program.one_of(kNames);
    Span span = m.span();
    return span.lies ? span : Span{text.data(), text.size(), false};
}

/// Mostly the one that is in use.
inline Span shared_name(Machine &m)
{
    return m.program.pick(4) ? Span{"a", 1, false} : name(m);
}

inline void bind(Machine &m)
{
    wm_hub *hub = m.hub().hub;
    wm_conn conn = m.conn();
    Span uid = name(m);
    if (m.program.pick(4) == 0)
        m.world.call([&] { return wm_hub_unbind(hub, conn); });
    else
        m.world.call([&] { return wm_hub_bind(hub, uid.data, uid.len, conn); });
}

inline void join(Machine &m)
{
    wm_hub *hub = m.hub().hub;
    wm_conn conn = m.conn();
    Span group = shared_name(m);
    bool leaves = m.program.pick(4) == 0;
    int64_t result = m.world.call([&] { return (leaves ? wm_hub_leave : wm_hub_join)(hub, group.data, group.len, conn); });
    check(result < 0 || !group.lies, "a group whose length lies was taken");
    if (result == 0 && (leaves || m.program.pick(4) == 0))
        check(wm_hub_leave(hub, group.data, group.len, conn) == (leaves ? WM_ESTATE : 0), "a membership that is not what the call said");
}

/// A call that may be pending: call(done, user).
template <class Call> int64_t with_result(Machine &m, Call call)
{
    wm_hub_result_fn done = m.program.pick(2) ? Machine::on_result : nullptr;
    User *user = m.world.user(true);
    World::registered(user);
    user->needs_result = done;
    int64_t result = m.world.call([&] { return call(done, user); });
    if (result <= 0)
        user->needs_result = false;
    if (result < 0)
        World::failed(user);
    check(result <= 0 || result == WM_PENDING, "a hub of one process that knows a part");
    return result;
}

inline void hub_send(Machine &m)
{
    wm_hub *hub = m.hub().hub;
    Span uid = name(m), span = m.span();
    int32_t flags = m.program.one_of(kFlags);
    size_t verb = m.program.pick(5);
    int64_t connections = 0;
    int64_t result = with_result(m, [&](wm_hub_result_fn done, void *user) {
        if (verb == 4)
            return wm_hub_broadcast_except(hub, uid.data, uid.len, span.data, span.len, flags, &connections, done, user, World::destroy);
        if (verb == 0)
            return wm_hub_broadcast(hub, span.data, span.len, flags, &connections, done, user, World::destroy);
        if (verb == 1)
            return wm_hub_online(hub, uid.data, uid.len, &connections, done, user, World::destroy);
        return wm_hub_send(hub, uid.data, uid.len, span.data, span.len, flags, &connections, done, user, World::destroy);
    });
    bool offline = (verb == 2 || verb == 3) && result == 0 && connections == 0; // the message is not looked at
    check(result < 0 || (verb == 0 || !uid.lies), "a uid whose length lies was taken");
    check(result < 0 || verb == 1 || !span.lies || offline, "a length that lies was taken");
}

inline void hub_latest(Machine &m)
{
    wm_hub *hub = m.hub().hub;
    Span uid = shared_name(m), key = shared_name(m), span = m.span();
    int32_t flags = m.program.one_of(kFlags);
    size_t verb = m.program.pick(3);
    int64_t connections = 0;
    int64_t result = with_result(m, [&](wm_hub_result_fn done, void *user) {
        if (verb == 0)
            return wm_hub_broadcast_latest(hub, uid.data, uid.len, key.data, key.len, span.data, span.len, flags, &connections, done, user,
                                           World::destroy);
        if (verb == 1)
            return wm_hub_group_send_latest(hub, uid.data, uid.len, nullptr, 0, key.data, key.len, span.data, span.len, flags, &connections,
                                            done, user, World::destroy);
        return wm_hub_send_latest(hub, uid.data, uid.len, key.data, key.len, span.data, span.len, flags, &connections, done, user,
                                  World::destroy);
    });
    bool taken = result >= 0 && connections > 0;
    check(!taken || (!uid.lies && !key.lies && key.len >= 1 && key.len <= 255 && !span.lies), "a key or a length that cannot be was taken");
    check(!taken || !(flags & ~(kLatestFlags | WM_SEND_FIRST)), "flags that cannot be were taken");
}

inline void group_call(Machine &m)
{
    wm_hub *hub = m.hub().hub;
    Span uid = shared_name(m), group = shared_name(m), span = m.span();
    int32_t flags = m.program.one_of(kFlags);
    size_t verb = m.program.pick(4);
    int64_t connections = 0;
    int64_t result = with_result(m, [&](wm_hub_result_fn done, void *user) {
        if (verb == 0)
            return wm_hub_leave_uid(hub, uid.data, uid.len, group.data, group.len, &connections, done, user, World::destroy);
        if (verb == 1)
            return wm_hub_join_uid(hub, uid.data, uid.len, group.data, group.len, &connections, done, user, World::destroy);
        return wm_hub_group_send(hub, group.data, group.len, uid.data, uid.len, span.data, span.len, flags, &connections, done, user,
                                 World::destroy);
    });
    check(result < 0 || (!uid.lies && !group.lies && (verb < 2 || !span.lies)), "a length that lies was taken");
    check(connections >= 0, "a count below 0");
}

inline void kick(Machine &m)
{
    constexpr int32_t kCodes[] = {0, 1000, 1008, 4999, 1005, 1006, 999, 5000, -1, INT32_MIN};
    wm_hub *hub = m.hub().hub;
    Span uid = shared_name(m), text = m.span();
    int32_t code = m.program.one_of(kCodes);
    int64_t result = with_result(m, [&](wm_hub_result_fn done, void *user) {
        return wm_hub_kick(hub, uid.data, uid.len, code, text.data, text.len, nullptr, done, user, World::destroy);
    });
    bool sendable = code == 0 || code == 1000 || code == 1008 || code == 4999;
    check(result < 0 || (sendable && !uid.lies && !text.lies && text.len <= 123), "a close that cannot be sent was taken");
}

inline int32_t on_topic(wm_hub *hub, const void *topic, size_t topic_len, const void *data, size_t len, void *user)
{
    Machine &m = Machine::current();
    World::used(user);
    check(data && topic_len > 0, "a message without its texts");
    World::touch(topic, topic_len);
    World::touch(data, len);
    bool runs = false;
    for (const Hub &known : m.world.hubs)
        runs = runs || (known.hub == hub && known.app->inside > 0);
    check(runs, "a function that is called by no loop, or for a hub that was freed");
    m.go_on();
    return m.program.pick(4) == 0 ? -1 : 0;
}

inline void watch_topic(Machine &m)
{
    wm_hub *hub = m.hub().hub;
    Span topic = shared_name(m);
    if (m.program.pick(4) == 0) {
        check(wm_hub_subscribe(hub, topic.data, topic.len, nullptr) != 0 || !topic.lies, "a topic whose length lies was taken");
        return;
    }
    wm_hub_message_fn fn = m.program.pick(4) ? on_topic : nullptr;
    m.with_user(false, [&](User *user) { return wm_hub_on_message(hub, topic.data, topic.len, fn, user, World::destroy); });
}

inline void publish(Machine &m)
{
    wm_hub *hub = m.hub().hub;
    Span topic = shared_name(m), span = m.span();
    int64_t receivers = -1;
    int64_t result = with_result(m, [&](wm_hub_result_fn done, void *user) {
        return wm_hub_publish(hub, topic.data, topic.len, span.data, span.len, &receivers, done, user, World::destroy);
    });
    check(result < 0 || !topic.lies, "a topic whose length lies was taken");
    check(result != WM_PENDING || !span.lies, "a message whose length lies was taken");
    check(result != 0 || receivers == 0, "a function that took a message before the call returned");
}

} // namespace fuzz

#endif
