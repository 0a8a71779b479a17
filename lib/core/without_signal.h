/**
 * @file
 * Blocks a signal that a system call may raise, for as long as it lives; take() takes the one that a call has raised, so that the host
 * never sees it. On the stack; any thread.
 */
#ifndef WM_CORE_WITHOUT_SIGNAL_H
#define WM_CORE_WITHOUT_SIGNAL_H

#include <cerrno>
#include <csignal>
#include <ctime>
#include <pthread.h>

namespace wm {

class WithoutSignal {
public:
    explicit WithoutSignal(int number)
    {
        sigemptyset(&signal_);
        sigaddset(&signal_, number);
        pthread_sigmask(SIG_BLOCK, &signal_, &before_);
        sigset_t pending;
        if (sigismember(&before_, number)) // else none can be pending
            was_pending_ = sigpending(&pending) == 0 && sigismember(&pending, number);
    }
    WithoutSignal(const WithoutSignal &) = delete;
    WithoutSignal &operator=(const WithoutSignal &) = delete;
    ~WithoutSignal()
    {
        int number = errno;
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
        errno = number;
    }

    /// Takes the signal of a call that has not done all: one that has failed behind some bytes returns these. Keeps errno.
    void take() const
    {
        const struct timespec now = {0, 0};
        int number = errno;
        while (!was_pending_ && sigtimedwait(&signal_, nullptr, &now) < 0 && errno == EINTR)
            ;
        errno = number;
    }

private:
    sigset_t signal_;
    sigset_t before_;
    bool was_pending_ = false;
};

} // namespace wm

#endif
