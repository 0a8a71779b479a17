#include "process/signals.h"

#include <cerrno>
#include <fcntl.h>

namespace wm {

namespace {
volatile sig_atomic_t pipe_end = -1;
}

void Signals::arrived(int number)
{
    int before = errno;
    unsigned char byte = static_cast<unsigned char>(number);
    int end = pipe_end;
    if (end >= 0) {
        ssize_t written = write(end, &byte, 1);
        (void)written; // a full pipe wakes the loop anyway
    }
    errno = before;
}

bool Signals::install(std::initializer_list<int> numbers)
{
    int fds[2];
    if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) != 0)
        return false;
    read_.reset(fds[0]);
    write_.reset(fds[1]);
    pipe_end = write_.get();
    struct sigaction action = {};
    action.sa_handler = &Signals::arrived;
    action.sa_flags = SA_RESTART | SA_NOCLDSTOP;
    sigemptyset(&action.sa_mask);
    sigset_t opened;
    sigemptyset(&opened);
    for (int number : numbers) {
        sigaddset(&opened, number);
        Saved saved = {number, {}};
        if (sigaction(number, &action, &saved.action) != 0)
            continue;
        saved_.push_back(saved);
        if (number == SIGHUP && saved.action.sa_handler == SIG_IGN) // set by nohup(1)
            sigaction(number, &saved.action, nullptr);
    }
    pthread_sigmask(SIG_UNBLOCK, &opened, &mask_); // the parent process may have blocked them
    return true;
}

void Signals::restore()
{
    for (const Saved &saved : saved_)
        sigaction(saved.number, &saved.action, nullptr);
    if (!saved_.empty()) {
        pipe_end = -1;
        pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
    }
    saved_.clear();
    read_.reset();
    write_.reset();
}

int Signals::next()
{
    unsigned char byte = 0;
    return read_ && read(read_.get(), &byte, 1) == 1 ? byte : 0;
}

SignalsBlocked::SignalsBlocked()
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
}

SignalsBlocked::~SignalsBlocked()
{
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

} // namespace wm
