// The part of App that runs it: the order of a turn, and how a run ends. Its start is in app_start.cpp, what the app
// owns in app.cpp.
#include "worker/app.h"

#include "core/error.h"
#include "core/log.h"
#include "session/sessions.h"
#include "worker/access_logs.h"
#include "worker/clients.h"
#include "worker/commands.h"
#include "worker/own_keys.h"
#include "worker/peers.h"
#include "worker/process_link.h"
#include "worker/shares.h"
#include "worker/shutdown.h"
#include "worker/signal_handlers.h"
#include "worker/status_writer.h"
#include "worker/timers.h"
#include "worker/watches.h"
#include "worker/worker.h"

#include <algorithm>
#include <new>

namespace wm {

namespace {

int has_stopped()
{
    return fail(WM_ESTOPPED, "the app has stopped");
}

} // namespace

int App::open_loop()
{
    if (reactor.loop.is_open())
        return 0;
    int result = open_base_loop();
    if (result == 0)
        result = watches->loop_opened();
    if (result == 0)
        signals->loop_opened(reactor.loop.wake_fd());
    else
        close_loop(); // the next call tries again
    return result;
}

void App::close_loop()
{
    std::lock_guard<std::mutex> lock(mailbox_->mutex);
    watches->close();
    reactor.loop.close();
}

int App::open_base_loop()
{
    std::lock_guard<std::mutex> lock(mailbox_->mutex); // other threads wake it once it is open
    int result = reactor.loop.open(&App::woken, &App::due, this);
    if (result == 0 && link)
        result = reactor.loop.open_base(); // for what it waits for
    shares->measure();
    if (result == 0 && !mailbox_->commands.empty())
        reactor.loop.wake();
    return result;
}

int App::enter(bool polls)
{
    if (forked())
        return Mailbox::fail_forked();
    if (reactor.inside && on_thread())
        return fail(WM_ESTATE, "run, run_once and poll cannot be called inside a callback");
    {
        std::lock_guard<std::mutex> lock(mailbox_->mutex);
        if (reactor.inside)
            return fail(WM_ESTATE, "another thread is inside run, run_once or poll");
        mailbox_->owner.store(thread_token(), std::memory_order_relaxed);
        reactor.inside = !stopped_;
    }
    if (stopped_)
        return has_stopped();
    bool starts = !started_ && !shutdown->begun(); // a stop that begins in a start that fails ends without another start
    int result = starts ? check_setup() : 0;
    if (result != 0)
        report_failed_start(result, last_error());
    else
        result = open_loop();
    if (result != 0) {
        reactor.inside = false;
        return result;
    }
    reactor.loop.update_now();
    unsettled_ = true;
    if (starts && polls && !reactor.dispatch.pull()) // events of the start become records
        result = fail(WM_ENOMEM, "out of memory for a poll");
    else if (starts)
        result = start_or_abandon();
    if (result != 0)
        leave();
    return result;
}

void App::leave()
{
    if (!forked())
        reactor.notify(ReactorObserver::kIdle);
    reactor.inside = false;
    if (reactor.owner_freed)
        delete this;
}

App::Visit::Visit(App &app) : app_(app), call_(app.reactor) {}

App::Visit::~Visit()
{
    if (call_.outermost() && !app_.forked())
        app_.reactor.notify(ReactorObserver::kIdle);
}

/// Of a HostCall.
void App::end_call(void *self)
{
    App &app = *static_cast<App *>(self);
    app.reactor.inside = false;
    if (app.reactor.owner_freed)
        delete &app;
    else if (!app.forked())
        app.reactor.has_work(); // inside it, nothing has woken a loop of the host's that waits
}

/// Ends pull mode: the records of the last poll become invalid, and events go to callbacks.
void App::stop_pulling()
{
    reactor.dispatch.stop_pulling();
    reactor.slice_epoch++;
    sessions->requests.end_batch();
    reactor.inbox.begin_batch();
    reactor.todos.list_deferred();
    release_retired();
}

int App::run()
{
    int result = enter();
    if (result != 0)
        return result == WM_ESTOPPED ? 0 : result;
    stop_pulling();
    while (!stopped_ && !forked())
        turn(-1);
    result = forked() ? Mailbox::fail_forked() : 0;
    leave();
    return result;
}

int App::run_once(int64_t timeout_ms)
{
    int result = enter();
    if (result != 0)
        return result;
    stop_pulling();
    turn(timeout_ms);
    if (forked())
        result = Mailbox::fail_forked();
    else if (stopped_ || reactor.owner_freed)
        result = has_stopped();
    else if (reactor.loop.is_watched() && has_work())
        reactor.loop.wake(); // as in poll()
    leave();
    return result;
}

int App::poll(wm_event *events, size_t cap, int64_t timeout_ms, size_t *count)
{
    int result = enter(true);
    if (result != 0)
        return result;
    reactor.slice_epoch++;
    sessions->requests.end_batch();
    reactor.inbox.begin_batch();
    release_retired();
    reactor.todos.list_deferred();
    if (!reactor.dispatch.begin_poll(events, cap)) {
        leave();
        return fail(WM_ENOMEM, "out of memory for a poll");
    }
    turn(timeout_ms);
    size_t records = reactor.dispatch.end_poll();
    if (forked() || reactor.owner_freed) { // what the records point to is freed, or the parent's
        result = forked() ? Mailbox::fail_forked() : has_stopped();
        leave();
        return result;
    }
    *count = records;
    bool ended = stopped_ && records == 0;
    if (reactor.loop.is_watched() && (has_work() || (stopped_ && !ended)))
        reactor.loop.wake(); // work is pending for the next poll: make the descriptor readable
    if (timeout_ms == 0)
        reactor.loop.report_idle(); // the host may now wait in its own loop
    leave();
    return ended ? has_stopped() : 0;
}

int App::flush()
{
    if (!reactor.loop.is_open())
        return 0;
    reactor.outbox.flush_all();
    reactor.datagrams.flush();
    return 0;
}

int App::fd()
{
    int result = open_loop();
    if (result != 0)
        return result;
    bool watched = reactor.loop.is_watched();
    if (!reactor.inside) {
        arm_due();
        if (!started_ || (!watched && has_work()))
            reactor.loop.wake(); // the first poll opens the listeners
    }
    return reactor.loop.fd();
}

/// Whether the next turn has work to do before it waits.
bool App::has_work() const
{
    return worker_stops_ || !reactor.todos.done() || !reactor.outbox.idle() || !reactor.overflow.empty() || reactor.fair_share.pending() ||
           !reactor.datagrams.idle();
}

/// One turn: deferred work, a wait for events, and the end of the turn.
void App::turn(int64_t timeout_ms)
{
    try {
        run_turn(timeout_ms);
    } catch (const std::bad_alloc &) {
        unsettled_ = true;
        log_exception("a turn of the loop", "out of memory"); // of a callback: the next turn goes on with what is due
    }
    reactor.end_turn();
}

void App::run_turn(int64_t timeout_ms)
{
    if (unsettled_) { // else the turn before has left nothing
        unsettled_ = false;
        if (!reactor.overflow.empty())
            reactor.overflow.deliver();
        end_turn();
        if (forked()) // by a callback, in the child: what is left and queued is the parent's to handle
            return;
    }
    reactor.notify(ReactorObserver::kIdle);
    if (!stopped_ && !reactor.dispatch.full()) {
        bool shared = reactor.fair_share.begin_turn();
        bool resumes = shared || reactor.datagrams.holds();
        bool left = resumes || reactor.dispatch.count() > 0 || !reactor.todos.idle();
        reactor.loop.turn(left ? 0 : timeout_ms);
        if (forked())
            return;
        if (resumes) {
            reactor.fair_share.resume();
            reactor.datagrams.resume();
            if (forked())
                return;
        }
        end_turn();
    }
}

/// Flushes and runs todos until neither has work left, then frees what was retired during the turn.
void App::end_turn()
{
    if (reactor.shutting_down.load(std::memory_order_relaxed))
        shutdown->run();
    do {
        if (worker_stops_)
            finish_stops();
        if (forked())
            return;
        reactor.outbox.flush_all();
        reactor.todos.run();
        if (forked())
            return;
    } while (!reactor.outbox.idle() || !reactor.todos.idle() || worker_stops_ || reactor.datagrams.flush_due());
    reactor.outbox.flush_all();
    if (!reactor.dispatch.polling()) // records may point to retired memory, which lives as long as they do
        release_retired();
    if (reactor.shutting_down.load(std::memory_order_relaxed))
        finish_shutdown();
    if (!reactor.outbox.idle() || !reactor.datagrams.idle() || !reactor.todos.idle() || worker_stops_)
        unsettled_ = true; // by a destroy notifier
    if (reactor.loop.due_moved())
        arm_due();
}

void App::finish_shutdown()
{
    stopped_ = shutdown->finish();
    if (stopped_) {
        signals->suspend();
        access_logs->close();
    }
    reactor.loop.move_due();
}

void App::release_retired()
{
    reactor.release_retired();
    if (endpoint_released_) {
        endpoint_released_ = false;
        release_workers();
        clients->free_released();
    }
}

void App::release_workers()
{
    for (size_t i = workers_.size(); i-- > 0;)
        if (i < workers_.size() && workers_[i]->released()) {
            if (!workers_[i]->connections().empty() || workers_[i]->stop_is_due()) {
                endpoint_released_ = true; // retry when the last connection has closed, and on_stop has been called
                continue;
            }
            // Removed first: its destroy notifiers may create workers.
            std::unique_ptr<Worker> gone = std::move(workers_[i]);
            workers_.erase(workers_.begin() + static_cast<ptrdiff_t>(i));
        }
}

void App::worker_stops()
{
    worker_stops_ = true;
    reactor.has_work();
}

/// By index: on_stop may create workers.
void App::finish_stops()
{
    worker_stops_ = false;
    for (size_t i = 0; i < workers_.size(); i++)
        if (workers_[i]->stop_is_due())
            workers_[i]->finish_stop();
}

/// A step stays armed over the turns before it, so that it costs a turn nothing.
int64_t App::next_wake_ms()
{
    if (options.max_wait_ms == 0)
        return Loop::kNever;
    int64_t now = reactor.loop.now_ms();
    if (wake_at_ms_ <= now || wake_at_ms_ > now + options.max_wait_ms)
        wake_at_ms_ = now + options.max_wait_ms;
    return wake_at_ms_;
}

void App::arm_due()
{
    reactor.loop.set_due(std::min({timers->due_ms(), clients->due_ms(), reactor.deadlines.due_ms(), shutdown->due_ms(), own_keys->due_ms(),
                                   access_logs->due_ms(), peers ? peers->due_ms() : Loop::kNever, next_wake_ms()}));
}

void App::arm(void *app)
{
    static_cast<App *>(app)->arm_due();
}

// ---- shutdown

int App::request_stop()
{
    if (forked())
        return Mailbox::fail_forked();
    shutdown->request_stop();
    std::lock_guard<std::mutex> lock(mailbox_->mutex);
    if (reactor.loop.is_open())
        reactor.loop.wake();
    return 0;
}

int App::request_end()
{
    if (forked())
        return Mailbox::fail_forked();
    if (!link)
        return request_stop();
    end_requested_.store(true, std::memory_order_relaxed);
    std::lock_guard<std::mutex> lock(mailbox_->mutex);
    if (reactor.loop.is_open())
        reactor.loop.wake();
    return 0;
}

/// Once it has started: a request of on_start, too, is for a process that serves.
void App::ask_to_be_replaced()
{
    if (started_ && end_requested_.exchange(false, std::memory_order_relaxed))
        link->ask_to_be_replaced("wm_app_stop");
}

void App::request_drain(int64_t spread_ms, int64_t timeout_ms, int32_t code)
{
    shutdown->request_drain(spread_ms, timeout_ms, code);
    if (reactor.loop.is_open())
        reactor.loop.wake();
}

// ---- what the loop calls

void App::woken(void *app)
{
    App *self = static_cast<App *>(app);
    self->commands->run();
    self->signals->run();
    self->ask_to_be_replaced();
}

void App::due(void *app)
{
    App *self = static_cast<App *>(app);
    self->timers->run();
    self->clients->run();
    self->own_keys->look(self->reactor.loop.now_ms());
    self->access_logs->run(self->reactor.loop.now_ms());
    if (self->peers)
        self->peers->run();
    self->reactor.deadlines.sweep(self->reactor.loop.now_ms(), [self](uint32_t slot) { self->reactor.expiry.expired(slot); });
}

} // namespace wm
