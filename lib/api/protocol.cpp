#include "wm/protocol.h"

#include "api/guard.h"
#include "session/sessions.h"

using namespace wm;

namespace {

App &app_of(const Protocol &protocol)
{
    return *static_cast<App *>(protocol.reactor().owner);
}

App *app_of(wm_protocol *protocol)
{
    return protocol ? &app_of(*object(protocol)) : nullptr;
}

template <class Body> int with_protocol(wm_protocol *protocol, Body body)
{
    if (!protocol)
        return no_handle("protocol");
    if (!app_of(protocol)->on_thread())
        return app_of(protocol)->wrong_thread();
    return guarded([&] { return body(*object(protocol)); });
}

template <class Function>
int set_callback(wm_protocol *protocol, Callback<Function> Protocol::*member, const Callback<Function> &callback,
                 const char *function = __builtin_FUNCTION())
{
    auto set = [&](Protocol &self) {
        int used = self.check_unused();
        return used != 0 ? used : replace(self.reactor(), self.*member, callback);
    };
    return noted(app_of(protocol), {function}, with_protocol(protocol, set));
}

} // namespace

wm_protocol *wm_protocol_new(wm_app *app, const char *name)
{
    Protocol *protocol = nullptr;
    auto make = [&](App &self) {
        if (!name)
            return null_argument("name");
        if (self.freeing())
            return App::being_freed();
        int code = 0;
        protocol = self.sessions->protocols.add(name, &code);
        return code;
    };
    noted(app_of(app), {__func__}, with_app(app, make));
    return constructed("protocol", handle(protocol));
}

int wm_protocol_set_int(wm_protocol *protocol, const char *option, int64_t value)
{
    auto set = [&](Protocol &self) {
        if (int used = self.check_unused())
            return used;
        return option ? set_option(Scope::kProtocol, &self.options, false, option, value) : null_argument("option");
    };
    return noted(app_of(protocol), {__func__, protocol, option}, with_protocol(protocol, set));
}

int wm_protocol_set_str(wm_protocol *protocol, const char *option, const char *value)
{
    auto set = [&](Protocol &self) {
        if (int used = self.check_unused())
            return used;
        return option && value ? set_option(Scope::kProtocol, &self.options, false, option, value)
                               : null_argument(option ? "value" : "option");
    };
    return noted(app_of(protocol), {__func__, protocol, option}, with_protocol(protocol, set));
}

int wm_protocol_get_int(wm_protocol *protocol, const char *option, int64_t *value)
{
    if (!option || !value)
        return null_argument(option ? "value" : "option");
    return with_protocol(protocol, [&](Protocol &self) { return get_option(Scope::kProtocol, &self.options, option, value); });
}

int wm_protocol_get_str(wm_protocol *protocol, const char *option, const char **value)
{
    if (!option || !value)
        return null_argument(option ? "value" : "option");
    return with_protocol(protocol, [&](Protocol &self) { return get_option(Scope::kProtocol, &self.options, option, value); });
}

int wm_protocol_on_input(wm_protocol *protocol, wm_input_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(protocol, &Protocol::input, {fn, user, destroy});
}

int wm_protocol_on_encode(wm_protocol *protocol, wm_transform_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(protocol, &Protocol::encode, {fn, user, destroy});
}

int wm_protocol_on_decode(wm_protocol *protocol, wm_transform_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(protocol, &Protocol::decode, {fn, user, destroy});
}

int wm_out_write(wm_out *out, const void *data, size_t len)
{
    if (!out)
        return null_argument("out");
    if (int wrong = check_span("data", data, len))
        return object(out)->refuse(wrong);
    return object(out)->write(data, len);
}

void *wm_conn_protocol_state(wm_conn conn)
{
    int code = 0;
    const Connection *self = find_connection(conn, &code);
    return self ? protocol_state(*self) : nullptr;
}

int wm_conn_set_protocol_state(wm_conn conn, void *state, wm_destroy_fn destroy)
{
    return with_connection(conn, [&](Connection &self) { return set_protocol_state(self, state, destroy); });
}
