#include "core/signal_arrivals.h"

#include "core/id.h"

#include <atomic>
#include <bit>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

namespace wm {

namespace {

constexpr int kSignals = 64;

struct Listener {
    std::atomic<uint64_t> wanted;
    std::atomic<uint64_t> arrived;
    std::atomic<int> wake_fd = -1;
};

Listener listeners[kApps];
std::atomic<int> handlers_running;

std::mutex mutex; ///< of what follows
struct sigaction before[kSignals + 1];
sigset_t mask_before_fork;

void arrive(int number)
{
    int error = errno;
    handlers_running.fetch_add(1);
    for (Listener &listener : listeners) {
        if (!(listener.wanted.load() & signal_bit(number)))
            continue;
        listener.arrived.fetch_or(signal_bit(number));
        int fd = listener.wake_fd.load();
        uint64_t one = 1;
        ssize_t written = fd >= 0 ? write(fd, &one, sizeof one) : 0;
        (void)written; // EAGAIN: the counter is at its maximum, so the loop wakes anyway
    }
    handlers_running.fetch_sub(1);
    errno = error;
}

/// By an app, but for that one.
bool is_wanted(int number, const Listener *except = nullptr)
{
    for (const Listener &listener : listeners)
        if (&listener != except && listener.wanted.load() & signal_bit(number))
            return true;
    return false;
}

void restore(int number)
{
    struct sigaction now;
    if (sigaction(number, nullptr, &now) == 0 && now.sa_handler == &arrive)
        sigaction(number, &before[number], nullptr);
}

/// A signal for the child waits until it has the dispositions of before.
void lock_for_fork()
{
    sigset_t all, mask;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &mask);
    mutex.lock();
    mask_before_fork = mask;
}

void unlock_after_fork()
{
    sigset_t mask = mask_before_fork;
    mutex.unlock();
    pthread_sigmask(SIG_SETMASK, &mask, nullptr);
}

/// The child of fork(2) gets the dispositions of before, so that it can be ended as any program. An app that it goes on to run asks again.
void leave_to_parent()
{
    for (int number = 1; number <= kSignals; number++)
        if (is_wanted(number))
            restore(number);
    for (Listener &listener : listeners) {
        listener.wanted = listener.arrived = 0;
        listener.wake_fd = -1;
    }
    handlers_running = 0; // those of other threads, which the child has not
    unlock_after_fork();
}

} // namespace

int SignalArrivals::want(uint32_t app, int number)
{
    static int at_fork = pthread_atfork(lock_for_fork, unlock_after_fork, leave_to_parent);
    std::lock_guard<std::mutex> lock(mutex);
    if (at_fork != 0)
        return at_fork;
    bool first = !is_wanted(number);
    listeners[app].wanted.fetch_or(signal_bit(number)); // before the handler is there, so that it drops none
    if (first) {
        struct sigaction action = {};
        action.sa_handler = &arrive;
        action.sa_flags = SA_RESTART | SA_NOCLDSTOP | SA_ONSTACK;
        sigemptyset(&action.sa_mask);
        if (sigaction(number, &action, &before[number]) != 0) {
            int error = errno;
            listeners[app].wanted.fetch_and(~signal_bit(number));
            return error;
        }
    }
    sigset_t opened;
    sigemptyset(&opened);
    sigaddset(&opened, number);
    pthread_sigmask(SIG_UNBLOCK, &opened, nullptr);
    return 0;
}

void SignalArrivals::release(uint32_t app, int number)
{
    std::lock_guard<std::mutex> lock(mutex);
    Listener &listener = listeners[app];
    if (!(listener.wanted.load() & signal_bit(number)))
        return;
    if (!is_wanted(number, &listener))
        restore(number); // first, so that the handler drops none
    listener.wanted.fetch_and(~signal_bit(number));
    listener.arrived.fetch_and(~signal_bit(number));
}

void SignalArrivals::set_wake_fd(uint32_t app, int fd)
{
    listeners[app].wake_fd = fd;
    if (fd >= 0)
        return;
    while (handlers_running.load() != 0) // on other threads: one of this thread has ended
        sched_yield();
}

uint64_t SignalArrivals::pending(uint32_t app)
{
    return listeners[app].arrived.load();
}

int SignalArrivals::take(uint32_t app)
{
    uint64_t arrived = pending(app);
    if (arrived == 0)
        return 0;
    int number = std::countr_zero(arrived) + 1;
    listeners[app].arrived.fetch_and(~signal_bit(number));
    return number;
}

} // namespace wm
