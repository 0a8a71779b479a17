#include "worker/app.h"

#include "core/error.h"
#include "core/log.h"
#include "core/memory_limit.h"
#include "session/codecs.h"
#include "session/sessions.h"
#include "worker/access_logs.h"
#include "worker/clients.h"
#include "worker/commands.h"
#include "worker/own_keys.h"
#include "worker/peers.h"
#include "worker/shares.h"
#include "worker/shutdown.h"
#include "worker/signal_handlers.h"
#include "worker/status_writer.h"
#include "worker/timers.h"
#include "worker/watches.h"
#include "worker/worker.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace wm {

namespace {

int64_t quarter_of_memory()
{
    return memory_limit() / 4;
}

int32_t level_named(const std::string &name)
{
    return name == "debug" ? WM_LOG_DEBUG : name == "info" ? WM_LOG_INFO : name == "warning" ? WM_LOG_WARN : WM_LOG_ERROR;
}

} // namespace

App::App(uint32_t index, Mailbox *mailbox)
    : reactor(index, mailbox->generation_base), sessions(new Sessions(reactor, mailbox->generation_base)),
      timers(new Timers(*this, mailbox->generation_base)), clients(new Clients(*this)),
      watches(new Watches(*this, mailbox->generation_base)), signals(new SignalHandlers(*this, mailbox->generation_base)),
      commands(new Commands(*this, mailbox)), shutdown(new Shutdown(*this)), shares(new Shares(*this)), own_keys(new OwnKeys(*this)),
      access_logs(new AccessLogs(*this)), status(new StatusWriter(*this)), mailbox_(mailbox)
{
    reactor.owner = this;
    reactor.arm_due = &App::arm;
    reactor.leave = &App::end_call;
    reactor.sessions = sessions.get();
    static_assert(std::size(kCodecs) <= Reactor::kMaxCodecs);
    std::copy(std::begin(kCodecs), std::end(kCodecs), reactor.codecs);
    options.max_queue_total = quarter_of_memory();
    set_limits();
    mailbox->limit = static_cast<size_t>(options.max_mailbox);
}

void App::set_limits()
{
    reactor.max_queue_total = static_cast<size_t>(options.max_queue_total);
    reactor.max_assembly_total = static_cast<size_t>(options.max_assembly_total);
    reactor.max_kept_total = static_cast<size_t>(options.max_kept_total);
    reactor.max_deflate_total = static_cast<size_t>(options.max_deflate_total);
    reactor.max_file_total = static_cast<size_t>(options.max_file_answers);
    reactor.max_upload_total = static_cast<size_t>(options.max_uploads);
    reactor.callback_watch.set_limit(options.slow_callback_ms);
}

App *App::make()
{
    uint32_t index = Mailbox::claim();
    if (index == kApps) {
        fail(WM_EFULL, "there are %u apps in this process already, the most that can be", kApps);
        return nullptr;
    }
    Mailbox *mailbox = Mailbox::at(index);
    App *app = nullptr;
    try {
        app = new App(index, mailbox);
    } catch (const std::bad_alloc &) { // reported below
    }
    std::lock_guard<std::mutex> lock(mailbox->mutex);
    mailbox->app = app;
    mailbox->is_parents = &App::is_parents;
    mailbox->taken = app;
    if (!app)
        fail(WM_ENOMEM, "out of memory for an app");
    return app;
}

/// In a child of fork(2). What the loop watches is in an epoll set that the parent waits on: every change of it would change the
/// parent's, and what the sockets have received is the parent's to read. Without a loop there is nothing yet to share.
bool App::is_parents(App *app)
{
    if (!app->reactor.loop.is_open())
        return false;
    app->forked_elsewhere_ = !app->on_thread();
    app->reactor.forked = true;
    app->reactor.loop.report_dispatch(nullptr); // the page belongs to the parent, too
    app->reactor.loop.break_turn();
    return true;
}

int App::release()
{
    if (forked()) {
        if (reactor.inside && !forked_elsewhere_)
            reactor.owner_freed = true;
        else if (!forked_elsewhere_)
            delete this;
        return 0;
    }
    if (!on_thread()) {
        // A run that has ended leaves its thread behind: who frees the app then is its thread from here on.
        std::lock_guard<std::mutex> lock(mailbox_->mutex);
        if (reactor.inside)
            return fail(WM_ETHREAD, "another thread is inside run or poll: stop it, and free the app when it has returned");
        mailbox_->owner.store(thread_token(), std::memory_order_relaxed);
    }
    if (reactor.inside) {
        reactor.owner_freed = true;
        request_stop();
    } else {
        delete this;
    }
    return 0;
}

App::~App()
{
    {
        // From here on other threads find nobody.
        std::lock_guard<std::mutex> lock(mailbox_->mutex);
        mailbox_->closing = mailbox_->stopped = true;
    }
    reactor.inside = true; // callbacks of the end must not run the app again
    freeing_ = true;
    signals->suspend();
    stop_pulling();
    if (forked())
        abandon();
    else
        end_connections();
    while (!parts_.empty())
        delete parts_.back(); // takes itself off the list
    timers->drop_all();
    watches->drop_all();
    signals->drop_all();
    clients->free_all();
    while (!workers_.empty()) {
        std::unique_ptr<Worker> gone = std::move(workers_.back());
        workers_.pop_back();
    }
    peers.reset();
    sessions->protocols.clear();
    callbacks.each([](auto &callback) {
        if (callback.destroy)
            callback.destroy(callback.user);
    });
    commands->drop(!forked());
    release_retired();
    sessions->requests.end_batch();
    reactor.inbox.begin_batch();
    watches->close();
    reactor.loop.close();

    std::lock_guard<std::mutex> lock(mailbox_->mutex);
    mailbox_->generation_base = std::max({reactor.connections.highest_generation(), sessions->requests.highest_generation(),
                                          timers->highest_generation(), watches->highest_generation(), signals->highest_generation()}) &
                                kGenerationMask;
    if (mailbox_->generation_base >= kGenerationMask - 1)
        mailbox_->generation_base = 0;
    mailbox_->owner.store(nullptr, std::memory_order_relaxed);
    mailbox_->app = nullptr;
    mailbox_->taken = false;
}

void App::end_connections()
{
    if (!reactor.loop.is_open())
        reactor.lifecycle.abandon_all(); // of clients that were to connect once it runs, as in a master: nothing has happened
    reactor.overflow.deliver();
    finish_stops();
    reactor.lifecycle.destroy_all(WM_REASON_STOP);
    reactor.todos.run();
    reactor.outbox.flush_all();
    access_logs->close();
}

/// In a child of fork(2): closes its descriptors, so that the parent's sockets and loop notice nothing. No event: the connections live on.
void App::abandon()
{
    clients->abandon();
    access_logs->abandon();
    reactor.loop.abandon();
    reactor.lifecycle.abandon_all();
    reactor.overflow.deliver(); // records without a connection, for their notifiers
}

int App::set_option(const char *name, int64_t value)
{
    AppOptions before = options;
    int result = wm::set_option(Scope::kApp, &options, started_, name, value);
    if (options.max_queue_total == 0)
        options.max_queue_total = quarter_of_memory();
    set_limits();
    reactor.deadline_moved(); // by max_wait_ms
    if (options.max_mailbox != before.max_mailbox) {
        std::lock_guard<std::mutex> lock(mailbox_->mutex);
        mailbox_->limit = static_cast<size_t>(options.max_mailbox);
    }
    return result;
}

int App::set_option(const char *name, const char *value)
{
    int result = wm::set_option(Scope::kApp, &options, started_, name, value);
    if (result == 0 && strcmp(name, "log_level") == 0)
        set_log_level(level_named(options.log_level));
    return result;
}

// ---- what it owns

int App::being_freed()
{
    return fail(WM_ESTOPPED, "the app is being freed: nothing can be added to it");
}

Worker *App::add_worker(const Address *address, const Scheme &scheme)
{
    if (freeing_) {
        being_freed();
        return nullptr;
    }
    workers_.push_back(std::make_unique<Worker>(*this, address, scheme));
    reactor.status_changed = true;
    return workers_.back().get();
}

bool App::tells_master() const
{
    return link && !abandoning_ && !freeing_ && !shutdown->begun();
}

void App::add_part(AppPart *part)
{
    parts_.reserve(parts_.size() + 1); // what throws comes first
    reactor.observe(*part, ReactorObserver::kReleased);
    parts_.push_back(part);
    static std::atomic<uint64_t> last_id{0};
    part->id_ = last_id.fetch_add(1, std::memory_order_relaxed) + 1;
}

void App::add_service(Service service)
{
    services_.push_back(std::move(service));
}

void App::remove_part(AppPart *part)
{
    reactor.forget(*part);
    parts_.erase(std::find(parts_.begin(), parts_.end(), part));
}

std::string_view App::uid_of(const Connection &conn) const
{
    for (const AppPart *part : parts_)
        if (std::string_view uid = part->uid_of(conn); !uid.empty())
            return uid;
    return {};
}

AppPart *App::find_part(uint64_t id) const
{
    for (AppPart *part : parts_)
        if (part->id() == id)
            return part;
    return nullptr;
}

} // namespace wm
