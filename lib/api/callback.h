/**
 * @file
 * What every wm_worker_on_..., wm_client_on_... and wm_conn_on_... function does.
 */
#ifndef WM_API_CALLBACK_H
#define WM_API_CALLBACK_H

#include "api/guard.h"

namespace wm {

template <class Owner, class Callbacks, class Function>
int set_callback(wm_worker *worker, Callbacks Owner::*callbacks, Callback<Function> Callbacks::*member, Function fn, void *user,
                 wm_destroy_fn destroy, const char *function = __builtin_FUNCTION())
{
    auto set = [&](Worker &self) { return replace(self.app().reactor, (self.*callbacks).*member, {fn, user, destroy}); };
    return noted(app_of(worker), {function}, with_worker(worker, set));
}

template <class Function>
int set_callback(wm_client *client, Callback<Function> ConnCallbacks::*member, Function fn, void *user, wm_destroy_fn destroy,
                 const char *function = __builtin_FUNCTION())
{
    auto set = [&](Client &self) { return replace(self.reactor, self.callbacks.*member, {fn, user, destroy}); };
    return noted(app_of(client), {function}, with_client(client, set));
}

template <class Function>
int set_callback(wm_conn conn, Callback<Function> ConnCallbacks::*event, Function fn, void *user, wm_destroy_fn destroy)
{
    return with_connection(conn, [&](Connection &self) {
        return self.owner->reactor.lifecycle.set_callback(self, event, {fn, user, destroy});
    });
}

} // namespace wm

#endif
