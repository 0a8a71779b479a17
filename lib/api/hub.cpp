#include "wm/hub.h"

#include "api/guard.h"
#include "hub/hub.h"

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
    if (!uid)
        return null_argument("uid");
    if (len == 0 || len > kMaxUid)
        return len == 0 ? fail(WM_EINVAL, "uid is empty") : fail(WM_EINVAL, "uid has over %zu bytes", kMaxUid);
    return 0;
}

bool elsewhere(wm_hub *hub)
{
    return hub && !object(hub)->app().on_thread();
}

/// The call of another thread: copies the data, and the result comes on the app's thread.
[[gnu::noinline]] int post(wm_hub *hub, HubVerb verb, std::string_view uid, std::string_view payload, int32_t flags, const HubReply &reply)
{
    Hub &self = *object(hub);
    int result = guarded([&] { return post_command(self.app().index(), self.command(verb, flags, reply), uid, payload); });
    return result == WM_QUEUED ? int{WM_PENDING} : result;
}

/// The call that is not elsewhere(): *connections = count(hub), without `done`.
template <class Count> int count_now(wm_hub *hub, int64_t *connections, void *user, wm_destroy_fn destroy, Count count)
{
    if (!hub)
        return no_handle("hub");
    return guarded([&] {
        Hub &self = *object(hub);
        if (destroy && !self.app().reactor.reserve_retire(destroy))
            return no_memory();
        int64_t counted = count(self);
        if (counted < 0) {
            if (destroy)
                self.app().reactor.release_retire(destroy);
            return static_cast<int>(counted);
        }
        if (connections)
            *connections = counted;
        if (destroy)
            self.app().reactor.retire(user, destroy);
        return 0;
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
        with_hub(hub, [](Hub &self) { return delete &self, 0; });
}

int wm_hub_bind(wm_hub *hub, const void *uid, size_t uid_len, wm_conn conn)
{
    if (int wrong = check_uid(uid, uid_len))
        return wrong;
    return with_hub(hub, [&](Hub &self) {
        return with_connection(conn, [&](Connection &found) {
            if (&found.owner->reactor != &self.app().reactor)
                return fail(WM_EINVAL, "the connection belongs to another app than the hub");
            return self.bind(span(uid, uid_len), found);
        });
    });
}

int wm_hub_unbind(wm_hub *hub, wm_conn conn)
{
    return with_hub(hub, [&](Hub &self) {
        return with_connection(conn, [&](Connection &found) {
            if (&found.owner->reactor != &self.app().reactor)
                return fail(WM_EINVAL, "the connection belongs to another app than the hub");
            return self.unbind(found);
        });
    });
}

int wm_hub_set_int(wm_hub *hub, const char *option, int64_t value)
{
    auto set = [&](Hub &self) { return option ? set_option(Scope::kHub, &self.options, false, option, value) : null_argument("option"); };
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
    auto set = [&](Hub &self) {
        return option && value ? set_option(Scope::kHub, &self.options, self.was_used(), option, value)
                               : null_argument(option ? "value" : "option");
    };
    return noted(app_of(hub), {__func__, hub, option}, with_hub(hub, set));
}

int wm_hub_get_str(wm_hub *hub, const char *option, const char **value)
{
    if (!option || !value)
        return null_argument(option ? "value" : "option");
    return with_hub(hub, [&](Hub &self) { return get_option(Scope::kHub, &self.options, option, value); });
}

int wm_hub_send(wm_hub *hub, const void *uid, size_t uid_len, const void *data, size_t len, int32_t flags, int64_t *connections,
                wm_hub_result_fn done, void *user, wm_destroy_fn destroy)
{
    if (int wrong = check_uid(uid, uid_len))
        return wrong;
    if (int wrong = check_message(data, len, flags))
        return wrong;
    if (elsewhere(hub))
        return post(hub, HubVerb::kSend, span(uid, uid_len), span(data, len), flags, {done, user, destroy});
    return count_now(hub, connections, user, destroy, [&](Hub &self) { return self.send(span(uid, uid_len), data, len, flags); });
}

int wm_hub_broadcast(wm_hub *hub, const void *data, size_t len, int32_t flags, int64_t *connections, wm_hub_result_fn done, void *user,
                     wm_destroy_fn destroy)
{
    if (int wrong = check_message(data, len, flags))
        return wrong;
    if (elsewhere(hub))
        return post(hub, HubVerb::kBroadcast, {}, span(data, len), flags, {done, user, destroy});
    return count_now(hub, connections, user, destroy, [&](Hub &self) { return self.broadcast(data, len, flags); });
}

int wm_hub_online(wm_hub *hub, const void *uid, size_t uid_len, int64_t *connections, wm_hub_result_fn done, void *user,
                  wm_destroy_fn destroy)
{
    if (int wrong = check_uid(uid, uid_len))
        return wrong;
    if (elsewhere(hub))
        return post(hub, HubVerb::kOnline, span(uid, uid_len), {}, 0, {done, user, destroy});
    return count_now(hub, connections, user, destroy, [&](Hub &self) { return self.online(span(uid, uid_len)); });
}
