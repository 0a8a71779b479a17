/**
 * @file
 * A clock for intervals that costs a few cycles to read: the processor's time stamp counter where there is one. Its unit is not known
 * beforehand. Any thread.
 */
#ifndef WM_CORE_CYCLE_CLOCK_H
#define WM_CORE_CYCLE_CLOCK_H

#include <cstdint>
#include <ctime>

namespace wm {

inline uint64_t cycles()
{
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t count;
    asm volatile("mrs %0, cntvct_el0" : "=r"(count));
    return count;
#else
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1000000000u + static_cast<uint64_t>(time.tv_nsec);
#endif
}

} // namespace wm

#endif
