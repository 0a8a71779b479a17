#include "worker/signal_handlers.h"

#include "core/error.h"
#include "core/log.h"
#include "worker/app.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <string>

namespace wm {

namespace {

constexpr int kLast = 64;

/// "SIGTERM", or "signal 35".
std::string name_of(int number)
{
    const char *abbreviation = sigabbrev_np(number);
    return abbreviation ? std::string("SIG") + abbreviation : "signal " + std::to_string(number);
}

bool is_fault(int number)
{
    for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT})
        if (number == fault)
            return true;
    return false;
}

} // namespace

uint32_t SignalHandlers::index_of_app() const
{
    return app_.index();
}

// ---- the host's calls

int SignalHandlers::add(int32_t number, wm_signal_fn fn, void *user, wm_destroy_fn destroy, wm_signal *signal)
{
    if (app_.freeing())
        return App::being_freed();
    if (int wrong = check(number))
        return wrong;
    bool recorded = fn || app_.reactor.overflow.reserve_record();
    bool retirable = recorded && app_.reactor.reserve_retire(destroy);
    uint32_t slot = retirable ? table_.acquire(Entry{number, fn, user, destroy}) : table_.kNone;
    int error = slot == table_.kNone ? ENOMEM : suspended_ ? 0 : SignalArrivals::want(app_.index(), number);
    if (error == 0) {
        *signal = id_of(slot);
        return 0;
    }
    if (slot != table_.kNone)
        table_.release(slot);
    if (!fn && recorded)
        app_.reactor.overflow.release_record();
    if (retirable)
        app_.reactor.release_retire(destroy);
    return fail(code_of_errno(error), "%s cannot be handled: %s", name_of(number).c_str(), strerror(error));
}

uint64_t SignalHandlers::id_of(uint32_t slot) const
{
    return pack_id(IdKind::kSignal, app_.index(), slot, table_.generation_of(slot));
}

/// 0, or a WM_E... code with its detail.
int SignalHandlers::check(int32_t number) const
{
    bool library = number >= 32 && number < SIGRTMIN;
    if (number < 1 || number > kLast || library)
        return fail(WM_EINVAL, "there is no signal %d for programs: they are from 1 to 31, and from %d to %d", static_cast<int>(number),
                    SIGRTMIN, SIGRTMAX);
    if (number == SIGKILL || number == SIGSTOP)
        return fail(WM_EINVAL, "%s cannot be handled by any program", name_of(number).c_str());
    if (is_fault(number))
        return fail(WM_EINVAL, "%s tells of a fault in the program, which cannot go on to its loop", name_of(number).c_str());
    return reserved_ & signal_bit(number) ? is_reserved(number) : 0;
}

int SignalHandlers::is_reserved(int number) const
{
    const char *instead = number == SIGUSR1 || number == SIGUSR2   ? ": use wm_worker_on_reload"
                          : number == SIGPIPE || number == SIGXFSZ ? ""
                                                                   : ": use wm_worker_on_stop";
    return fail(WM_ESTATE, "the processes of wm_app_main handle %s themselves%s", name_of(number).c_str(), instead);
}

int SignalHandlers::remove(uint32_t slot, uint32_t generation)
{
    Entry *entry = table_.find(slot, generation);
    if (!entry)
        return fail(WM_ECLOSED, "no such signal registration: it was deleted");
    int number = entry->number;
    app_.reactor.overflow.drop(entry->record);
    app_.reactor.retire(entry->user, entry->destroy);
    release(slot);
    if (!has(number))
        SignalArrivals::release(app_.index(), number);
    return 0;
}

void SignalHandlers::release(uint32_t slot)
{
    if (!table_.at(slot)->fn)
        app_.reactor.overflow.release_record();
    table_.release(slot);
}

bool SignalHandlers::has(int number)
{
    for (uint32_t slot = 0; slot < table_.used(); slot++)
        if (table_.live_at(slot) && table_.at(slot)->number == number)
            return true;
    return false;
}

void SignalHandlers::drop_all()
{
    for (uint32_t slot = 0; slot < table_.used(); slot++)
        if (table_.live_at(slot) && table_.at(slot)->destroy)
            table_.at(slot)->destroy(table_.at(slot)->user);
}

// ---- what the app and its process tell

int SignalHandlers::reserve(std::initializer_list<int> numbers)
{
    for (int number : numbers) {
        if (has(number))
            return is_reserved(number);
        reserved_ |= signal_bit(number);
    }
    return 0;
}

void SignalHandlers::loop_opened(int wake_fd)
{
    suspended_ = false;
    SignalArrivals::set_wake_fd(app_.index(), wake_fd);
    for (uint32_t slot = 0; slot < table_.used(); slot++)
        if (table_.live_at(slot)) // again, if this is a child of fork(2)
            SignalArrivals::want(app_.index(), table_.at(slot)->number);
    if (SignalArrivals::pending(app_.index()) != 0)
        app_.reactor.loop.wake();
}

void SignalHandlers::suspend()
{
    suspended_ = true;
    for (uint32_t slot = 0; slot < table_.used(); slot++)
        if (table_.live_at(slot))
            SignalArrivals::release(app_.index(), table_.at(slot)->number);
    SignalArrivals::set_wake_fd(app_.index(), -1);
}

void SignalHandlers::call_arrived()
{
    while (int number = SignalArrivals::take(app_.index())) {
        // By index: a callback may add and delete.
        for (uint32_t slot = 0; slot < table_.used() && !app_.reactor.forked; slot++)
            if (table_.live_at(slot) && table_.at(slot)->number == number)
                deliver(slot);
        if (app_.reactor.forked)
            return;
    }
}

/// An exception must not keep the signal from the other registrations.
void SignalHandlers::deliver(uint32_t slot)
{
    Entry &entry = *table_.at(slot);
    uint64_t id = id_of(slot);
    if (entry.fn) {
        app_.reactor.callback_watch.begin(nullptr, "signal");
        try {
            entry.fn(id, entry.number, entry.user);
        } catch (const std::exception &error) {
            log_exception("a callback", error.what());
        }
        app_.reactor.callback_watch.end();
    } else if (!app_.reactor.overflow.is_new(entry.record)) {
        entry.record = app_.reactor.dispatch.signal(id, entry.number, entry.user);
    }
}

} // namespace wm
