#include "wm/app.h"

#include "api/guard.h"
#include "process/main.h"
#include "worker/commands.h"

#include <algorithm>
#include <climits>
#include <cstdio>

using namespace wm;

namespace {

template <class Function>
int set_callback(wm_app *app, Callback<Function> AppCallbacks::*member, Function fn, void *user, wm_destroy_fn destroy,
                 const char *function = __builtin_FUNCTION())
{
    auto set = [&](App &self) { return replace(self.reactor, self.callbacks.*member, {fn, user, destroy}); };
    return noted(app_of(app), {function}, with_app(app, set));
}

int check_arguments(int argc, char **argv)
{
    if (argc < 0)
        return fail(WM_EINVAL, "argc is %d", argc);
    if (argc > 0 && (!argv || std::find(argv, argv + argc, nullptr) != argv + argc))
        return null_argument(argv ? "an entry of argv" : "argv");
    return 0;
}

} // namespace

wm_app *wm_app_new(void)
{
    App *app = nullptr;
    guarded([&] {
        app = App::make();
        return 0;
    });
    return constructed("app", handle(app));
}

void wm_app_free(wm_app *app)
{
    if (app)
        guarded([&] { return object(app)->release(); });
}

int wm_app_set_int(wm_app *app, const char *option, int64_t value)
{
    auto set = [&](App &self) { return option ? self.set_option(option, value) : null_argument("option"); };
    return noted(app_of(app), {__func__, app, option}, with_app(app, set));
}

int wm_app_set_str(wm_app *app, const char *option, const char *value)
{
    auto set = [&](App &self) { return option && value ? self.set_option(option, value) : null_argument(option ? "value" : "option"); };
    return noted(app_of(app), {__func__, app, option}, with_app(app, set));
}

int wm_app_get_int(wm_app *app, const char *option, int64_t *value)
{
    if (!option || !value)
        return null_argument(option ? "value" : "option");
    return with_app(app, [&](App &self) { return get_option(Scope::kApp, &self.options, option, value); });
}

int wm_app_get_str(wm_app *app, const char *option, const char **value)
{
    if (!option || !value)
        return null_argument(option ? "value" : "option");
    return with_app(app, [&](App &self) { return get_option(Scope::kApp, &self.options, option, value); });
}

// run, run_once and poll make the calling thread the app's, so they do not go through with_app; App::enter
// refuses a second thread.

int wm_app_run(wm_app *app)
{
    return app ? guarded([&] { return object(app)->run(); }) : no_handle("app");
}

int wm_app_run_once(wm_app *app, int64_t timeout_ms)
{
    return app ? guarded([&] { return object(app)->run_once(timeout_ms); }) : no_handle("app");
}

int wm_app_poll(wm_app *app, wm_event *events, size_t cap, int64_t timeout_ms)
{
    if (!app || !events)
        return app ? null_argument("events") : no_handle("app");
    if (cap == 0)
        return fail(WM_EINVAL, "cap is 0: a poll needs room for at least one record");
    size_t count = 0;
    int result = guarded([&] { return object(app)->poll(events, cap < INT_MAX ? cap : INT_MAX, timeout_ms, &count); });
    return result != 0 ? result : static_cast<int>(count);
}

int wm_app_flush(wm_app *app)
{
    return with_app(app, [](App &self) { return self.flush(); });
}

int wm_app_fd(wm_app *app)
{
    return with_app(app, [](App &self) { return self.fd(); });
}

int wm_app_stop(wm_app *app)
{
    if (!app)
        return no_handle("app");
    return object(app)->request_end();
}

int wm_app_main(wm_app *app, int argc, char **argv)
{
    int result = !app ? no_handle("app") : check_arguments(argc, argv);
    if (result == 0)
        result = guarded([&] { return process_main(*object(app), argc, argv); });
    if (result < 0)
        fprintf(stderr, "%s\n", last_error());
    return result < 0 ? 1 : result;
}

int wm_app_on_master_start(wm_app *app, wm_app_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(app, &AppCallbacks::master_start, fn, user, destroy);
}

int wm_app_on_master_stop(wm_app *app, wm_app_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(app, &AppCallbacks::master_stop, fn, user, destroy);
}

int wm_app_on_master_reload(wm_app *app, wm_app_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(app, &AppCallbacks::master_reload, fn, user, destroy);
}

int wm_app_on_worker_exit(wm_app *app, wm_exit_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(app, &AppCallbacks::worker_exit, fn, user, destroy);
}

int wm_app_post(wm_app *app, wm_post_fn fn, void *user, wm_destroy_fn destroy)
{
    if (!app)
        return no_handle("app");
    Command command = {};
    command.kind = Command::Kind::kPost;
    command.post = fn;
    command.user = user;
    command.destroy = destroy;
    int result = guarded([&] { return object(app)->commands->post(command); });
    return result == WM_QUEUED ? 0 : result;
}
