#include "wm/worker.h"

#include "api/callback.h"
#include "session/sessions.h"
#include "worker/process_link.h"

using namespace wm;

wm_worker *wm_worker_new(wm_app *app, const char *address)
{
    Worker *worker = nullptr;
    auto make = [&](App &self) {
        Address parsed;
        const Scheme *scheme = address ? find_scheme(address, Role::kServer, self.sessions->protocols) : &kNoScheme;
        if (!scheme)
            return int{WM_EADDRESS};
        int result = address ? parsed.parse(address) : 0;
        if (result == 0)
            worker = self.add_worker(address ? &parsed : nullptr, *scheme);
        return result;
    };
    noted(app_of(app), {__func__}, with_app(app, make));
    return constructed("worker", handle(worker));
}

void wm_worker_free(wm_worker *worker)
{
    if (worker)
        with_worker(worker, [](Worker &self) { return self.release(), 0; });
}

int wm_worker_set_int(wm_worker *worker, const char *option, int64_t value)
{
    auto set = [&](Worker &self) { return option ? self.set_option(option, value) : null_argument("option"); };
    return noted(app_of(worker), {__func__, worker, option}, with_worker(worker, set));
}

int wm_worker_set_str(wm_worker *worker, const char *option, const char *value)
{
    auto set = [&](Worker &self) { return option && value ? self.set_option(option, value) : null_argument(option ? "value" : "option"); };
    return noted(app_of(worker), {__func__, worker, option}, with_worker(worker, set));
}

int wm_worker_add_certificate(wm_worker *worker, const char *name, const char *cert_file, const char *key_file)
{
    auto add = [&](Worker &self) { return cert_file ? self.add_certificate(name, cert_file, key_file) : null_argument("cert_file"); };
    return noted(app_of(worker), {__func__, worker, name}, with_worker(worker, add));
}

int wm_worker_get_int(wm_worker *worker, const char *option, int64_t *value)
{
    if (!option || !value)
        return null_argument(option ? "value" : "option");
    return with_worker(worker, [&](Worker &self) { return get_option(Scope::kWorker, &self.options, option, value); });
}

int wm_worker_get_str(wm_worker *worker, const char *option, const char **value)
{
    if (!option || !value)
        return null_argument(option ? "value" : "option");
    return with_worker(worker, [&](Worker &self) { return get_option(Scope::kWorker, &self.options, option, value); });
}

int wm_worker_on_start(wm_worker *worker, wm_start_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(worker, &Worker::process_callbacks, &WorkerCallbacks::start, fn, user, destroy);
}

int wm_worker_on_stop(wm_worker *worker, wm_stop_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(worker, &Worker::process_callbacks, &WorkerCallbacks::stop, fn, user, destroy);
}

int wm_worker_on_reload(wm_worker *worker, wm_reload_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(worker, &Worker::process_callbacks, &WorkerCallbacks::reload, fn, user, destroy);
}

int wm_worker_on_connect(wm_worker *worker, wm_conn_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(worker, &Worker::callbacks, &ConnCallbacks::connect, fn, user, destroy);
}

int wm_worker_on_handshake(wm_worker *worker, wm_handshake_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(worker, &Worker::callbacks, &ConnCallbacks::handshake, fn, user, destroy);
}

int wm_worker_on_open(wm_worker *worker, wm_conn_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(worker, &Worker::callbacks, &ConnCallbacks::open, fn, user, destroy);
}

int wm_worker_on_message(wm_worker *worker, wm_message_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(worker, &Worker::callbacks, &ConnCallbacks::message, fn, user, destroy);
}

int wm_worker_on_error(wm_worker *worker, wm_error_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(worker, &Worker::callbacks, &ConnCallbacks::error, fn, user, destroy);
}

int wm_worker_on_close(wm_worker *worker, wm_close_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(worker, &Worker::callbacks, &ConnCallbacks::close, fn, user, destroy);
}

int wm_worker_on_closing(wm_worker *worker, wm_conn_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(worker, &Worker::callbacks, &ConnCallbacks::closing, fn, user, destroy);
}

int wm_worker_on_buffer_full(wm_worker *worker, wm_conn_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(worker, &Worker::callbacks, &ConnCallbacks::buffer_full, fn, user, destroy);
}

int wm_worker_on_buffer_drain(wm_worker *worker, wm_conn_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_callback(worker, &Worker::callbacks, &ConnCallbacks::buffer_drain, fn, user, destroy);
}

int wm_worker_listen(wm_worker *worker)
{
    return with_worker(worker, [](Worker &self) { return self.listen(); });
}

int wm_worker_check(wm_worker *worker)
{
    return with_worker(worker, [](Worker &self) { return self.check(); });
}

int wm_worker_unlisten(wm_worker *worker)
{
    return with_worker(worker, [](Worker &self) { return self.unlisten(), 0; });
}

int wm_worker_pause_accept(wm_worker *worker)
{
    return with_worker(worker, [](Worker &self) { return self.pause_accept(), 0; });
}

int wm_worker_resume_accept(wm_worker *worker)
{
    return with_worker(worker, [](Worker &self) { return self.resume_accept(); });
}

wm_conn wm_worker_adopt(wm_worker *worker, int fd)
{
    wm_conn conn = 0;
    with_worker(worker, [&](Worker &self) { return self.adopt(fd, &conn); });
    return conn;
}

int wm_worker_stop(wm_worker *worker)
{
    return with_worker(worker, [](Worker &self) { return self.stop(), 0; });
}

const char *wm_worker_address(wm_worker *worker)
{
    return worker ? object(worker)->address() : "none";
}

int64_t wm_worker_conn_count(wm_worker *worker)
{
    int64_t count = 0;
    int result = with_worker(worker, [&](Worker &self) { return count = static_cast<int64_t>(self.connections().size()), 0; });
    return result != 0 ? result : count;
}

wm_conn wm_worker_next_conn(wm_worker *worker, wm_conn previous)
{
    wm_conn next = 0;
    with_worker(worker, [&](Worker &self) {
        size_t index = 0;
        if (previous != 0) {
            Id id = unpack_id(previous);
            Connection *conn = self.app().reactor.connections.find(id.slot, id.generation);
            bool ours = id.kind == IdKind::kConn && id.app == self.app().index() && conn && conn->owner == &self;
            index = ours ? conn->owner_index + 1 : SIZE_MAX;
        }
        if (index < self.connections().size())
            next = Dispatch::id_of(*self.connections()[index]);
        return 0;
    });
    return next;
}

int64_t wm_worker_broadcast(wm_worker *worker, const void *data, size_t len, int32_t flags)
{
    if (int wrong = check_message(data, len, flags))
        return wrong;
    int64_t taken = 0;
    int result = with_worker(worker, [&](Worker &self) {
        taken = self.broadcast(data, len, flags);
        return taken < 0 ? static_cast<int>(taken) : 0;
    });
    return result != 0 ? result : taken;
}

int wm_worker_send_to(wm_worker *worker, const char *address, const void *data, size_t len, int32_t flags)
{
    if (!address)
        return null_argument("address");
    if (int wrong = check_message(data, len, flags))
        return wrong;
    return with_worker(worker, [&](Worker &self) { return self.send_to(address, span(data, len), flags); });
}

const char *wm_worker_error(wm_worker *worker)
{
    return worker ? object(worker)->error.c_str() : "";
}

int wm_worker_index(wm_worker *worker)
{
    return with_worker(worker, [](Worker &self) {
        const ProcessLink *link = self.app().link;
        if (link && !link->starts(self))
            return fail(WM_ESTATE, "another process serves the worker at %s", self.address());
        return link ? link->index() : 0;
    });
}

wm_app *wm_worker_app(wm_worker *worker)
{
    return worker ? handle(&object(worker)->app()) : nullptr;
}

void *wm_worker_user(wm_worker *worker)
{
    return worker ? object(worker)->user : nullptr;
}

int wm_worker_set_user(wm_worker *worker, void *user, wm_destroy_fn destroy)
{
    return with_worker(worker, [&](Worker &self) {
        if (!self.app().reactor.reserve_retire(self.destroy_user))
            return no_memory();
        self.app().reactor.retire(self.user, self.destroy_user);
        self.user = user;
        self.destroy_user = destroy;
        return 0;
    });
}
