/**
 * @file
 * What every wm_worker_on_... function does.
 */
#ifndef WM_API_WORKER_CALLBACK_H
#define WM_API_WORKER_CALLBACK_H

#include "api/guard.h"

namespace wm {

template <class Owner, class Callbacks, class Function>
int set_callback(wm_worker *worker, Callbacks Owner::*callbacks, Callback<Function> Callbacks::*member, Function fn, void *user,
                 wm_destroy_fn destroy, const char *function = __builtin_FUNCTION())
{
    auto set = [&](Worker &self) { return replace(self.app().reactor, (self.*callbacks).*member, {fn, user, destroy}); };
    return noted(app_of(worker), {function}, with_worker(worker, set));
}

} // namespace wm

#endif
