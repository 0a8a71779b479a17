/**
 * @file
 * Signals of the process for the apps that want them: one handler notes the arrival and wakes the loop of each. What
 * it touches is static, so it allocates and locks nothing. Any thread, except in a signal handler.
 */
#ifndef WM_CORE_SIGNAL_ARRIVALS_H
#define WM_CORE_SIGNAL_ARRIVALS_H

#include <cstdint>

namespace wm {

class SignalArrivals {
public:
    /// 0, or an errno for a number that cannot be handled. Replaces the disposition of before with the first app that wants it, and
    /// unblocks it in the calling thread.
    static int want(uint32_t app, int number);
    /// Restores that disposition after the last app, unless the host has replaced ours meanwhile.
    static void release(uint32_t app, int number);

    /// The eventfd of the app's loop; -1: none. Once this has returned, no handler writes to the one before.
    static void set_wake_fd(uint32_t app, int fd);
    /// The signals that have arrived and were not taken, bit number - 1.
    static uint64_t pending(uint32_t app);
    /// Takes the lowest of them; 0: none.
    static int take(uint32_t app);
};

/// A signal as the bit that stands for it here.
constexpr uint64_t signal_bit(int number)
{
    return uint64_t{1} << (number - 1);
}

} // namespace wm

#endif
