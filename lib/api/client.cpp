#include "wm/client.h"

#include "api/callback.h"
#include "proto/http/fields.h"
#include "session/sessions.h"
#include "worker/clients.h"

using namespace wm;

wm_client *wm_client_new(wm_app *app, const char *address)
{
    Client *client = nullptr;
    auto make = [&](App &self) {
        if (!address)
            return null_argument("address");
        const Scheme *scheme = find_scheme(address, Role::kClient, self.sessions->protocols);
        if (!scheme)
            return int{WM_EADDRESS};
        ClientAddress parsed;
        int result = parsed.parse(address, *scheme);
        if (result == 0 && !parsed.unix_socket && parsed.port == 0)
            result = fail(WM_EADDRESS, "a client cannot connect to port 0: %s", address);
        if (result == 0 && self.freeing())
            result = App::being_freed();
        if (result == 0)
            client = self.clients->add(parsed, *scheme);
        return result;
    };
    noted(app_of(app), {__func__}, with_app(app, make));
    return constructed("client", handle(client));
}

void wm_client_free(wm_client *client)
{
    if (client)
        with_client(client, [](Client &self) { return self.release(), 0; });
}

int wm_client_set_int(wm_client *client, const char *option, int64_t value)
{
    auto set = [&](Client &self) { return option ? self.set_option(option, value) : null_argument("option"); };
    return noted(app_of(client), {__func__, client, option}, with_client(client, set));
}

int wm_client_set_str(wm_client *client, const char *option, const char *value)
{
    auto set = [&](Client &self) { return option && value ? self.set_option(option, value) : null_argument(option ? "value" : "option"); };
    return noted(app_of(client), {__func__, client, option}, with_client(client, set));
}

int wm_client_get_int(wm_client *client, const char *option, int64_t *value)
{
    if (!option || !value)
        return null_argument(option ? "value" : "option");
    return with_client(client, [&](Client &self) { return get_option(Scope::kClient, &self.options, option, value); });
}

int wm_client_get_str(wm_client *client, const char *option, const char **value)
{
    if (!option || !value)
        return null_argument(option ? "value" : "option");
    return with_client(client, [&](Client &self) { return get_option(Scope::kClient, &self.options, option, value); });
}

int wm_client_on_connect(wm_client *client, wm_conn_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(client, &ConnCallbacks::connect, fn, user, destroy);
}

int wm_client_on_open(wm_client *client, wm_conn_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(client, &ConnCallbacks::open, fn, user, destroy);
}

int wm_client_on_message(wm_client *client, wm_message_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(client, &ConnCallbacks::message, fn, user, destroy);
}

int wm_client_on_error(wm_client *client, wm_error_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(client, &ConnCallbacks::error, fn, user, destroy);
}

int wm_client_on_close(wm_client *client, wm_close_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(client, &ConnCallbacks::close, fn, user, destroy);
}

int wm_client_on_closing(wm_client *client, wm_conn_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(client, &ConnCallbacks::closing, fn, user, destroy);
}

int wm_client_on_buffer_full(wm_client *client, wm_conn_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(client, &ConnCallbacks::buffer_full, fn, user, destroy);
}

int wm_client_on_buffer_drain(wm_client *client, wm_conn_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(client, &ConnCallbacks::buffer_drain, fn, user, destroy);
}

int wm_client_connect(wm_client *client)
{
    return noted(app_of(client), {__func__}, with_client(client, [](Client &self) { return self.connect(); }));
}

int wm_client_reconnect(wm_client *client, int64_t delay_ms)
{
    constexpr int64_t kMost = int64_t{1} << 40; // as of options
    if (delay_ms < 0 || delay_ms > kMost)
        return fail(WM_EINVAL, "a delay is from 0 to %lld ms, not %lld", static_cast<long long>(kMost), static_cast<long long>(delay_ms));
    return with_client(client, [&](Client &self) { return self.reconnect(delay_ms); });
}

int wm_client_cancel_reconnect(wm_client *client)
{
    return with_client(client, [](Client &self) { return self.cancel_reconnect(), 0; });
}

int wm_client_close(wm_client *client)
{
    return with_client(client, [](Client &self) { return self.close(), 0; });
}

wm_conn wm_client_conn(wm_client *client)
{
    wm_conn conn = 0;
    with_client(client, [&](Client &self) { return conn = self.connection() ? Dispatch::id_of(*self.connection()) : 0, 0; });
    return conn;
}

const char *wm_client_ws_subprotocol(wm_client *client)
{
    const WebsocketClient *websocket = client ? object(client)->websocket() : nullptr;
    return websocket ? websocket->subprotocol.c_str() : "";
}

int wm_client_response_header(wm_client *client, const char *name, const void **out, size_t *len)
{
    if (!name || !out || !len)
        return null_argument(!name ? "name" : !out ? "out" : "len");
    return with_client(client, [&](Client &self) {
        std::string_view value;
        *out = nullptr;
        *len = 0;
        if (!self.websocket())
            return fail(WM_ESTATE, "not a websocket client, or never connected: %s", self.display.c_str());
        if (!*name)
            value = self.websocket()->fields;
        else if (!http::find_field(self.websocket()->fields, name, value))
            return 0;
        *out = value.data();
        *len = value.size();
        return 1;
    });
}

const char *wm_client_address(wm_client *client)
{
    return client ? object(client)->display.c_str() : "none";
}

const char *wm_client_error(wm_client *client)
{
    return client ? object(client)->error.c_str() : "";
}

wm_app *wm_client_app(wm_client *client)
{
    return client ? handle(&object(client)->app()) : nullptr;
}

void *wm_client_user(wm_client *client)
{
    return client ? object(client)->user : nullptr;
}

int wm_client_set_user(wm_client *client, void *user, wm_destroy_fn destroy)
{
    return with_client(client, [&](Client &self) {
        if (!self.reactor.reserve_retire(self.destroy_user))
            return no_memory();
        self.reactor.retire(self.user, self.destroy_user);
        self.user = user;
        self.destroy_user = destroy;
        return 0;
    });
}
