/**
 * @file
 * Signals as bytes in a pipe, for a loop to read. One object a process. Handlers instead of a mask, as
 * programs that the host starts by exec would inherit a mask.
 */
#ifndef WM_PROCESS_SIGNALS_H
#define WM_PROCESS_SIGNALS_H

#include "core/fd.h"

#include <csignal>
#include <initializer_list>
#include <vector>

namespace wm {

/// What the processes of a master handle themselves.
inline constexpr std::initializer_list<int> kProcessSignals = {SIGINT, SIGHUP, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE, SIGXFSZ};

class Signals {
public:
    Signals() = default;
    Signals(const Signals &) = delete;
    Signals &operator=(const Signals &) = delete;
    ~Signals() { restore(); }

    /// Routes these signals to fd(); false with errno.
    bool install(std::initializer_list<int> numbers);
    /// Restores the handlers and the mask of before.
    void restore();

    int fd() const { return read_.get(); }
    /// The next signal; 0: none.
    int next();

private:
    struct Saved {
        int number;
        struct sigaction action;
    };

    static void arrived(int number);

    Fd read_;
    Fd write_;
    std::vector<Saved> saved_;
    sigset_t mask_ = {}; ///< of this thread before
};

/// Blocks all signals in this thread while it lives: around fork(2), until the child has handlers of its own.
class SignalsBlocked {
public:
    SignalsBlocked();
    SignalsBlocked(const SignalsBlocked &) = delete;
    SignalsBlocked &operator=(const SignalsBlocked &) = delete;
    ~SignalsBlocked();

private:
    sigset_t before_;
};

} // namespace wm

#endif
