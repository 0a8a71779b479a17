// The part of App that starts it: what is opened, in which order, and what becomes of a start that fails.
#include "worker/app.h"

#include "core/error.h"
#include "worker/clients.h"
#include "worker/handles.h"
#include "worker/peers.h"
#include "worker/process_link.h"
#include "worker/shares.h"
#include "worker/worker.h"

#include <cstdio>
#include <new>

namespace wm {

int App::start_or_abandon()
{
    try {
        return start();
    } catch (const std::bad_alloc &) {
        return abandon_start(fail(WM_ENOMEM, "out of memory at the start"));
    }
}

void App::note_setup(const SetupCall &call, int result)
{
    if (on_thread() && !started_ && !reactor.inside && !forked())
        setup_error_.note(call, result);
}

void App::read_last_error()
{
    for (uint32_t index = 0; index < kApps; index++)
        if (App *app = of_this_thread(index))
            app->setup_error_.read();
}

int App::start()
{
    reactor.loop.report_busy();
    if (int result = !link && peers ? peers->starts_alone() : 0)
        return abandon_start(result);
    if (link)
        link->starting();
    auto starts = [this](const Worker &worker) { return !worker.released() && (!link || link->starts(worker)); };
    // Only the workers that exist now: one that on_start creates is started by wm_worker_listen.
    size_t count = workers_.size();
    for (size_t i = 0; i < count; i++) {
        Worker &worker = *workers_[i];
        if (!starts(worker))
            continue;
        if (int result = worker.check_max_requests())
            return abandon_start(result);
        if (!worker.has_address() || worker.listening())
            continue;
        if (int result = worker.listen())
            return abandon_start(result);
    }
    for (size_t i = 0; i < count; i++) {
        Worker &worker = *workers_[i];
        if (!starts(worker))
            continue;
        worker.begin();
        if (!worker.process_callbacks.start)
            continue;
        int32_t verdict = worker.process_callbacks.start.fn(handle(&worker), link ? link->index() : 0, worker.process_callbacks.start.user);
        if (verdict < 0)
            return abandon_start(refused(worker, verdict));
    }
    const Service *service = link ? link->service() : nullptr;
    if (service && service->entry(*this, service->user) < 0)
        return abandon_start(WM_ESTATE);
    shares->measure(); // again, with what the host has opened
    if (int result = shares->check_reserves(0))
        return abandon_start(result);
    if (link)
        link->join_peers();
    for (auto &worker : workers_)
        if (int result = worker->watch_listener())
            return abandon_start(result);
    for (auto &worker : workers_)
        worker->log_error();
    if (!service)
        clients->begin();
    started_ = true;                        // listeners accept from now on
    reactor.notify(ReactorObserver::kIdle); // publishes the status page before the master learns of the start
    reactor.notify(ReactorObserver::kStarted);
    if (link)
        link->started();
    ask_to_be_replaced();
    return 0;
}

/// Why a worker's on_start is below 0: the first listener that it could not open, else what it returned.
int App::refused(const Worker &worker, int32_t verdict) const
{
    for (const auto &each : workers_)
        if (!each->error.empty())
            return fail(each->error_code, "%s", each->error.c_str());
    return fail(WM_ESTATE, "on_start of %s returned %d: it cannot serve", worker.address(), static_cast<int>(verdict));
}

/// Closes what was opened; returns code and preserves its error detail.
int App::abandon_start(int code)
{
    char text[512];
    snprintf(text, sizeof text, "%s", last_error());
    abandoning_ = true;
    for (auto &worker : workers_)
        worker->unlisten();
    reactor.lifecycle.destroy_all(WM_REASON_STOP);
    end_turn();
    abandoning_ = false;
    report_failed_start(code, text);
    return fail(code, "%s", text);
}

void App::report_failed_start(int code, const char *text)
{
    if (!link)
        return;
    link->failed_start(code, text);
    stopped_ = true; // the master decides whether to retry in another process
}

} // namespace wm
