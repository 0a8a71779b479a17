#include "worker/worker.h"

#include "conn/datagram_port.h"
#include "core/error.h"
#include "proto/websocket/frame.h"
#include "worker/access_logs.h"
#include "worker/app.h"
#include "worker/broadcast.h"
#include "worker/handles.h"
#include "worker/own_keys.h"
#include "worker/process_link.h"
#include "worker/shares.h"
#include "worker/shutdown.h"

#include <cstring>
#include <new>
#include <utility>

namespace wm {

Worker::Worker(App &app, const Address *address, const Scheme &scheme)
    : Endpoint(app.reactor, options, static_cast<uint8_t>(scheme.server), handle(this)), app_(app), scheme_codec_(codec)
{
    for (size_t i = 0; i < kRecords; i++)
        if (!app_.reactor.overflow.reserve_record()) {
            while (i-- > 0)
                app_.reactor.overflow.release_record();
            throw std::bad_alloc();
        }
    if (!address) {
        display = "none";
        return;
    }
    scheme_tls_ = scheme.tls;
    scheme_datagrams_ = scheme.datagrams;
    address_ = *address;
    display = address_.text;
    has_address_ = true;
}

Worker::~Worker()
{
    unlisten();
    for (size_t i = 0; i < kRecords; i++)
        app_.reactor.overflow.release_record();
    if (app_.link)
        app_.link->gone(*this);
    auto call_destroy = [](auto &callback) {
        if (callback.destroy)
            callback.destroy(callback.user);
    };
    process_callbacks.each(call_destroy);
    callbacks.each(call_destroy);
    if (destroy_user)
        destroy_user(user);
}

int Worker::set_option(const char *name, int64_t value)
{
    if (strcmp(name, "proxy_protocol") == 0)
        return set_proxy_protocol(value);
    return wm::set_option(Scope::kWorker, &options, listening(), name, value);
}

int Worker::set_option(const char *name, const char *value)
{
    app_.reactor.status_changed = true;
    if (strcmp(name, "trusted_proxies") == 0)
        return set_trusted_proxies(value);
    return wm::set_option(Scope::kWorker, &options, listening(), name, value);
}

int Worker::listen()
{
    app_.reactor.status_changed = true;
    error.clear();
    int result = 0;
    if (!has_address_)
        result = fail(WM_ESTATE, "a worker without an address cannot listen");
    else if (released_ || app_.shutdown->begun())
        result = fail(WM_ESTATE, "the %s has stopped: %s", released_ ? "worker" : "app", address());
    else
        result = check_max_requests();
    if (result == 0)
        result = check_proxies();
    if (result == 0 && !listening())
        result = open_or_close();
    if (result == 0) {
        stopped_ = accept_paused_ = false;
        listens_again_ = stop_due_;
        result = app_.started() ? watch_listener() : 0;
        if (result != 0)
            unlisten();
    }
    if (result != 0) {
        error = last_error();
        error_code = result;
        if (app_.started())
            log_error();
        return result;
    }
    return 0;
}

void Worker::log_error() const
{
    if (app_.link && !error.empty()) // a daemon has no terminal on which the host could report it
        log(WM_LOG_ERROR, "worker %s cannot listen: %s", options.name.c_str(), error.c_str());
}

int Worker::check_max_requests() const
{
    if (options.max_requests == 0 || (app_.link && app_.link->starts(*this)))
        return 0;
    return fail(WM_ESTATE,
                "option 'max_requests' of worker '%s' is set, but no master process would replace this one: leave it 0, or run the worker "
                "by wm_app_main",
                options.name.c_str());
}

int Worker::open_or_close()
{
    try {
        return open_listener();
    } catch (const std::bad_alloc &) {
        unlisten();
        return fail(WM_ENOMEM, "out of memory to listen at %s", address_.text.c_str());
    }
}

ListenOptions Worker::listen_options() const
{
    return {static_cast<int>(options.backlog),      options.reuse_port != 0, options.tcp_nodelay != 0, options.keepalive != 0,
            static_cast<mode_t>(options.unix_mode), wants_datagrams(),       options.rcvbuf,           options.sndbuf};
}

int Worker::open_listener()
{
    int result = choose_transport();
    if (result == 0)
        result = app_.access_logs->open(*this);
    if (result == 0)
        result = app_.shares->reserve(*this);
    if (result == 0)
        result = bind_or_adopt();
    if (result == 0 && wants_datagrams())
        result = open_port();
    if (result != 0) {
        app_.own_keys->remove(*this);
        reserve.drop();
        return result;
    }
    begin();
    keep_spare_fd();
    display = address_.display(listener_.port());
    return 0;
}

/// Adopts the master's socket for this address, else binds.
int Worker::bind_or_adopt()
{
    shared_listener_ = false;
    int kept = app_.link ? app_.link->adopt(socket_name(), &shared_listener_) : -1;
    if (kept >= 0) {
        listener_.adopt(kept, wants_datagrams() ? 0 : static_cast<int>(options.backlog));
    } else {
        int result = listener_.open(address_, listen_options());
        if (result != 0)
            return result;
        if (app_.link) {
            app_.link->opened(socket_name(), listener_.fd());
            listener_.disown_path();
        }
    }
    return 0;
}

int Worker::watch_listener()
{
    bool due = listening() && !accept_paused_ && app_.reactor.loop.is_open();
    if (!due || accept_watch_.watches(Watch::kRead))
        return 0;
    if (datagrams)
        return datagrams->read(shared_listener_);
    accept_watch_.attach<&Worker::acceptable>(listener_.fd(), this);
    if (app_.reactor.loop.watch(accept_watch_, shared_listener_ ? Watch::kReadExclusive : Watch::kRead))
        return 0;
    return fail(WM_ENOMEM, "out of memory to watch for connections at %s", address());
}

void Worker::unlisten()
{
    app_.reactor.status_changed = true;
    app_.reactor.loop.unwatch(accept_watch_);
    if (datagrams)
        datagrams->close();
    if (listening() && app_.tells_master())
        app_.link->closed(*this, listener_.release(), shared_listener_);
    listener_.close();
    app_.own_keys->remove(*this);
    reserve.drop();
    if (has_address_)
        display = address_.text;
}

void Worker::release_listener()
{
    app_.reactor.status_changed = true;
    app_.reactor.loop.unwatch(accept_watch_);
    if (datagrams)
        datagrams->close();
    listener_.leave();
    app_.own_keys->remove(*this);
    reserve.drop();
}

void Worker::pause_accept()
{
    app_.reactor.status_changed = true;
    accept_paused_ = true;
    app_.reactor.loop.unwatch(accept_watch_);
    if (datagrams)
        datagrams->stop_reading();
}

int Worker::resume_accept()
{
    app_.reactor.status_changed = true;
    accept_paused_ = false;
    int result = app_.started() ? watch_listener() : 0;
    accept_paused_ = result != 0;
    return result;
}

bool Worker::call_on_stop()
{
    if (stopped_ || (released_ && !stop_due_))
        return false;
    stopped_ = true;
    if (began_ && process_callbacks.stop)
        process_callbacks.stop.fn(handle(this), process_callbacks.stop.user);
    return true;
}

bool Worker::announce_stop()
{
    if (released_ || !call_on_stop() || !began_ || process_callbacks.stop || !app_.reactor.dispatch.pulls())
        return false;
    stop_record_ = app_.reactor.dispatch.worker_event(WM_EVENT_STOP, worker);
    return true;
}

bool Worker::stop_record_is_pending() const
{
    return app_.reactor.overflow.is_pending(stop_record_);
}

void Worker::announce_reload()
{
    if (released_)
        return;
    if (process_callbacks.reload)
        process_callbacks.reload.fn(handle(this), process_callbacks.reload.user);
    else if (app_.reactor.dispatch.pulls() && !app_.reactor.overflow.is_pending(reload_record_))
        reload_record_ = app_.reactor.dispatch.worker_event(WM_EVENT_RELOAD, worker);
}

void Worker::stop()
{
    if (stopped_)
        return;
    listens_again_ = false;
    app_.reactor.loop.unwatch(accept_watch_);
    if (datagrams)
        datagrams->stop_reading();
    if (stop_due_)
        return;
    stop_due_ = true;
    app_.worker_stops();
}

void Worker::finish_stop()
{
    bool called = call_on_stop();
    stop_due_ = false;
    bool listens_again = std::exchange(listens_again_, false);
    if (!called || app_.forked())
        return; // the app's own stop came first, or the connections are the parent's
    stopped_ = !listens_again;
    if (!listens_again)
        unlisten();
    // From the back: close() itself removes nothing, but a callback may.
    for (size_t i = connections().size(); i-- > 0;)
        if (i < connections().size())
            app_.reactor.lifecycle.close(*connections()[i], WM_REASON_STOP, websocket::kGoingAway, {});
}

void Worker::release()
{
    if (released_)
        return;
    released_ = true;
    app_.reactor.overflow.drop(stop_record_);
    app_.reactor.overflow.drop(reload_record_);
    app_.endpoint_released();
    unlisten();
    for (size_t i = connections().size(); i-- > 0;)
        app_.reactor.lifecycle.destroy(*connections()[i], WM_REASON_LOCAL, 0);
    app_.reactor.has_work();
}

int64_t Worker::broadcast(const void *data, size_t len, int32_t flags)
{
    HostCall stays(app_.reactor); // an encode callback may free the app
    SharedMessage message(data, len, flags);
    int64_t taken = app_.reactor.outbox.check(message);
    if (taken < 0)
        return taken;
    for (size_t i = 0; i < connections().size(); i++) // by index: an encode callback may add some
        taken += broadcast_to(app_.reactor.outbox, *connections()[i], message);
    return taken;
}

} // namespace wm
