#include "wm/hub.h"

#include "api/guard.h"
#include "hub/hub.h"
#include "proto/websocket/close.h"

#include <string>

using namespace wm;

namespace {

template <class Body> int with_hub(wm_hub *hub, Body body)
{
    if (!hub)
        return no_handle("hub");
    if (!object(hub)->app().on_thread())
        return object(hub)->app().wrong_thread();
    return guarded([&] { return body(*object(hub)); });
}

App *app_of(wm_hub *hub)
{
    return hub ? &object(hub)->app() : nullptr;
}

/// max_uid applies where a uid is bound; here no text that could be one is read beyond its range.
int check_uid(const void *uid, size_t len)
{
    return check_name("uid", uid, len, kMaxUid);
}

int check_except(const void *uid, size_t len)
{
    return len > 0 ? check_name("except", uid, len, kMaxUid) : 0;
}

int check_group(const void *group, size_t len)
{
    return check_name("group", group, len, kMaxGroup);
}

int check_topic(const void *topic, size_t len)
{
    return check_name("topic", topic, len, kMaxTopic);
}

int set_topic(wm_hub *hub, const char *caller, const void *topic, size_t len, const Topics::Function &function)
{
    auto set = [&](Hub &self) {
        int wrong = check_topic(topic, len);
        return wrong ? wrong : self.topics.set(span(topic, len), function, static_cast<size_t>(self.options.max_topics));
    };
    return noted(app_of(hub), {caller}, with_hub(hub, set));
}

bool elsewhere(wm_hub *hub)
{
    return !object(hub)->app().on_thread();
}

/// What a call says: Hub::request has its meaning.
struct Texts {
    std::string_view name;
    std::string_view extra;
    std::string_view payload;
    std::string_view key = {};
};

router::Request request_of(router::Op op, int32_t code, const Texts &texts)
{
    return Hub::request(op, code, texts.name, texts.extra, texts.payload, texts.key);
}

/// Has the loop make the call: copies the texts, and the result comes in the reply.
int post(wm_hub *hub, const router::Request &request, const HubReply &reply)
{
    Hub &self = *object(hub);
    Command command = self.command(request, reply);
    int result = guarded([&] {
        if (request.key.empty())
            return post_command(self.app().index(), command, request.name, request.payload, request.extra);
        std::string names(request.key); // Hub::run has the size of the key in the code
        names += request.name;
        return post_command(self.app().index(), command, names, request.payload, request.extra);
    });
    return result == WM_QUEUED ? int{WM_PENDING} : result;
}

/// Makes a call, or, on another thread, posts it: as Hub::call, with the count in *connections. Takes copies, so that its callers have them
/// in registers as long as they do not call it.
[[gnu::noinline]] int call_any(wm_hub *hub, router::Op op, int32_t code, Texts texts, int64_t *connections, HubReply reply)
{
    if (!hub)
        return no_handle("hub");
    const router::Request request = request_of(op, code, texts);
    if (elsewhere(hub))
        return post(hub, request, reply);
    return guarded([&] {
        Reactor &reactor = object(hub)->app().reactor; // it lives longer than the hub may
        HostCall stays(reactor);                       // and so does the app, whatever a callback frees
        if (reply.destroy && !reactor.reserve_retire(reply.destroy))
            return no_memory();
        int64_t counted = 0;
        int result = object(hub)->call(request, reply, counted);
        if (result == WM_PENDING)
            return result;
        if (result < 0) {
            if (reply.destroy)
                reactor.release_retire(reply.destroy);
            return result;
        }
        if (connections)
            *connections = counted;
        if (reply.destroy)
            reactor.retire(reply.user, reply.destroy);
        return result;
    });
}

/// As call_any(), with a short way for a call that stays here and leaves nothing to destroy: no request is built in memory, and as the op
/// is known when this is compiled, Hub::take is one call.
template <router::Op op> int call(wm_hub *hub, int32_t code, const Texts &texts, int64_t *connections, const HubReply &reply)
{
    if (!hub || elsewhere(hub) || object(hub)->has_peers() || reply.destroy) [[unlikely]]
        return call_any(hub, op, code, texts, connections, reply);
    return guarded([&] {
        int64_t taken = object(hub)->take(request_of(op, code, texts));
        if (taken < 0)
            return static_cast<int>(taken);
        if (connections)
            *connections = taken;
        return 0;
    });
}

/// Calls body(hub, conn) with a connection of the hub's app.
template <class Body> int with_own_connection(wm_hub *hub, wm_conn conn, Body body)
{
    return with_hub(hub, [&](Hub &self) {
        return with_connection(conn, [&](Connection &found) {
            if (&found.owner->reactor != &self.app().reactor)
                return fail(WM_EINVAL, "the connection belongs to another app than the hub");
            return body(self, found);
        });
    });
}

} // namespace

wm_hub *wm_hub_new(wm_app *app)
{
    Hub *hub = nullptr;
    auto make = [&](App &self) { return self.freeing() ? fail(WM_ESTOPPED, "the app is being freed") : (hub = new Hub(self), 0); };
    noted(app_of(app), {__func__}, with_app(app, make));
    return constructed("hub", hub ? handle(hub) : nullptr);
}

void wm_hub_free(wm_hub *hub)
{
    if (hub)
        with_hub(hub, [](Hub &self) {
            HostCall stays(self.app().reactor); // results of pending calls are told, and may free the app
            return delete &self, 0;
        });
}

int wm_hub_bind(wm_hub *hub, const void *uid, size_t uid_len, wm_conn conn)
{
    if (int wrong = check_uid(uid, uid_len))
        return wrong;
    return with_own_connection(hub, conn, [&](Hub &self, Connection &found) { return self.bind(span(uid, uid_len), found); });
}

int wm_hub_unbind(wm_hub *hub, wm_conn conn)
{
    return with_own_connection(hub, conn, [](Hub &self, Connection &found) { return self.unbind(found); });
}

int wm_hub_set_int(wm_hub *hub, const char *option, int64_t value)
{
    auto set = [&](Hub &self) { return option ? self.set_option(option, value) : null_argument("option"); };
    return noted(app_of(hub), {__func__, hub, option}, with_hub(hub, set));
}

int wm_hub_get_int(wm_hub *hub, const char *option, int64_t *value)
{
    if (!option || !value)
        return null_argument(option ? "value" : "option");
    return with_hub(hub, [&](Hub &self) { return get_option(Scope::kHub, &self.options, option, value); });
}

int wm_hub_set_str(wm_hub *hub, const char *option, const char *value)
{
    auto set = [&](Hub &self) { return option && value ? self.set_option(option, value) : null_argument(option ? "value" : "option"); };
    return noted(app_of(hub), {__func__, hub, option}, with_hub(hub, set));
}

int wm_hub_get_str(wm_hub *hub, const char *option, const char **value)
{
    if (!option || !value)
        return null_argument(option ? "value" : "option");
    return with_hub(hub, [&](Hub &self) { return get_option(Scope::kHub, &self.options, option, value); });
}

int wm_hub_check(wm_hub *hub)
{
    return with_hub(hub, [](Hub &self) { return self.check(); });
}

int wm_hub_ready(wm_hub *hub)
{
    return with_hub(hub, [](Hub &self) { return self.ready(); });
}

int wm_hub_send(wm_hub *hub, const void *uid, size_t uid_len, const void *data, size_t len, int32_t flags, int64_t *connections,
                wm_hub_result_fn done, void *user, wm_destroy_fn destroy)
{
    if (int wrong = check_uid(uid, uid_len))
        return wrong;
    if (int wrong = check_message(data, len, flags, kHubSendFlags))
        return wrong;
    return call<router::Op::kSend>(hub, flags, {span(uid, uid_len), {}, span(data, len)}, connections, {done, user, destroy});
}

int wm_hub_broadcast(wm_hub *hub, const void *data, size_t len, int32_t flags, int64_t *connections, wm_hub_result_fn done, void *user,
                     wm_destroy_fn destroy)
{
    return wm_hub_broadcast_except(hub, nullptr, 0, data, len, flags, connections, done, user, destroy);
}

int wm_hub_broadcast_except(wm_hub *hub, const void *except, size_t except_len, const void *data, size_t len, int32_t flags,
                            int64_t *connections, wm_hub_result_fn done, void *user, wm_destroy_fn destroy)
{
    if (int wrong = check_except(except, except_len))
        return wrong;
    if (int wrong = check_message(data, len, flags, kHubSendFlags))
        return wrong;
    return call<router::Op::kBroadcast>(hub, flags, {{}, span(except, except_len), span(data, len)}, connections, {done, user, destroy});
}

int wm_hub_send_latest(wm_hub *hub, const void *uid, size_t uid_len, const void *key, size_t key_len, const void *data, size_t len,
                       int32_t flags, int64_t *connections, wm_hub_result_fn done, void *user, wm_destroy_fn destroy)
{
    if (int wrong = check_uid(uid, uid_len))
        return wrong;
    if (int wrong = check_latest(key, key_len, data, len, flags, kHubSendFlags))
        return wrong;
    return call_any(hub, router::Op::kSend, flags, {span(uid, uid_len), {}, span(data, len), span(key, key_len)}, connections,
                    {done, user, destroy});
}

int wm_hub_broadcast_latest(wm_hub *hub, const void *except, size_t except_len, const void *key, size_t key_len, const void *data,
                            size_t len, int32_t flags, int64_t *connections, wm_hub_result_fn done, void *user, wm_destroy_fn destroy)
{
    if (int wrong = check_except(except, except_len))
        return wrong;
    if (int wrong = check_latest(key, key_len, data, len, flags, kHubSendFlags))
        return wrong;
    return call_any(hub, router::Op::kBroadcast, flags, {{}, span(except, except_len), span(data, len), span(key, key_len)}, connections,
                    {done, user, destroy});
}

int wm_hub_online(wm_hub *hub, const void *uid, size_t uid_len, int64_t *connections, wm_hub_result_fn done, void *user,
                  wm_destroy_fn destroy)
{
    if (int wrong = check_uid(uid, uid_len))
        return wrong;
    return call<router::Op::kQuery>(hub, 0, {span(uid, uid_len), {}, {}}, connections, {done, user, destroy});
}

int wm_hub_kick(wm_hub *hub, const void *uid, size_t uid_len, int32_t code, const void *text, size_t text_len, int64_t *connections,
                wm_hub_result_fn done, void *user, wm_destroy_fn destroy)
{
    if (int wrong = check_uid(uid, uid_len))
        return wrong;
    if (int wrong = check_span("text", text, text_len))
        return wrong;
    if (int wrong = websocket::check_close(code, span(text, text_len)))
        return wrong;
    return call<router::Op::kKick>(hub, code, {span(uid, uid_len), span(text, text_len), {}}, connections, {done, user, destroy});
}

// ---- groups

int wm_hub_join(wm_hub *hub, const void *group, size_t group_len, wm_conn conn)
{
    if (int wrong = check_group(group, group_len))
        return wrong;
    return with_own_connection(hub, conn, [&](Hub &self, Connection &found) { return self.join(span(group, group_len), found); });
}

int wm_hub_leave(wm_hub *hub, const void *group, size_t group_len, wm_conn conn)
{
    if (int wrong = check_group(group, group_len))
        return wrong;
    return with_own_connection(hub, conn, [&](Hub &self, Connection &found) { return self.leave(span(group, group_len), found); });
}

int wm_hub_join_uid(wm_hub *hub, const void *uid, size_t uid_len, const void *group, size_t group_len, int64_t *connections,
                    wm_hub_result_fn done, void *user, wm_destroy_fn destroy)
{
    if (int wrong = check_uid(uid, uid_len))
        return wrong;
    if (int wrong = check_group(group, group_len))
        return wrong;
    return call<router::Op::kJoin>(hub, 0, {span(uid, uid_len), span(group, group_len), {}}, connections, {done, user, destroy});
}

int wm_hub_leave_uid(wm_hub *hub, const void *uid, size_t uid_len, const void *group, size_t group_len, int64_t *connections,
                     wm_hub_result_fn done, void *user, wm_destroy_fn destroy)
{
    if (int wrong = check_uid(uid, uid_len))
        return wrong;
    if (int wrong = check_group(group, group_len))
        return wrong;
    return call<router::Op::kLeave>(hub, 0, {span(uid, uid_len), span(group, group_len), {}}, connections, {done, user, destroy});
}

int wm_hub_group_send(wm_hub *hub, const void *group, size_t group_len, const void *except, size_t except_len, const void *data, size_t len,
                      int32_t flags, int64_t *connections, wm_hub_result_fn done, void *user, wm_destroy_fn destroy)
{
    if (int wrong = check_group(group, group_len))
        return wrong;
    if (int wrong = check_except(except, except_len))
        return wrong;
    if (int wrong = check_message(data, len, flags, kHubSendFlags))
        return wrong;
    return call<router::Op::kGroupSend>(hub, flags, {span(group, group_len), span(except, except_len), span(data, len)}, connections,
                                        {done, user, destroy});
}

int wm_hub_group_send_latest(wm_hub *hub, const void *group, size_t group_len, const void *except, size_t except_len, const void *key,
                             size_t key_len, const void *data, size_t len, int32_t flags, int64_t *connections, wm_hub_result_fn done,
                             void *user, wm_destroy_fn destroy)
{
    if (int wrong = check_group(group, group_len))
        return wrong;
    if (int wrong = check_except(except, except_len))
        return wrong;
    if (int wrong = check_latest(key, key_len, data, len, flags, kHubSendFlags))
        return wrong;
    Texts texts = {span(group, group_len), span(except, except_len), span(data, len), span(key, key_len)};
    return call_any(hub, router::Op::kGroupSend, flags, texts, connections, {done, user, destroy});
}

// ---- topics

int wm_hub_on_message(wm_hub *hub, const void *topic, size_t topic_len, wm_hub_message_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_topic(hub, __func__, topic, topic_len, {fn, user, destroy});
}

int wm_hub_subscribe(wm_hub *hub, const void *topic, size_t topic_len, void *user)
{
    return set_topic(hub, __func__, topic, topic_len, {Topics::make_record, user, nullptr});
}

int wm_hub_publish(wm_hub *hub, const void *topic, size_t topic_len, const void *data, size_t len, int64_t *receivers,
                   wm_hub_result_fn done, void *user, wm_destroy_fn destroy)
{
    if (int wrong = check_topic(topic, topic_len))
        return wrong;
    if (int wrong = check_span("data", data, len))
        return wrong;
    Texts texts = {span(topic, topic_len), {}, span(data, len)};
    HubReply reply = {done, user, destroy};
    // No callback runs inside a call of the host: a function of this process is called from the loop.
    if (hub && !elsewhere(hub) && object(hub)->topics.find(texts.name))
        return post(hub, request_of(router::Op::kPublish, 0, texts), reply);
    return call<router::Op::kPublish>(hub, 0, texts, receivers, reply);
}
