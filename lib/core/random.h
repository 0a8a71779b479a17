/**
 * @file
 * Random bytes from the kernel. Any thread.
 */
#ifndef WM_CORE_RANDOM_H
#define WM_CORE_RANDOM_H

#include <cstddef>

namespace wm {

/// Fills out[0, len), len at most 256. Never fails: so short a getrandom(2) succeeds once the kernel has
/// booted.
void random_bytes(void *out, size_t len);

/// Random bytes that come from the kernel many at a time, so that few of them cost no system call. One thread; a copy
/// in a child of fork(2) repeats its parent's.
class RandomStream {
public:
    /// Fills out[0, len), len at most 256.
    void take(void *out, size_t len);

private:
    unsigned char bytes_[256];
    size_t used_ = sizeof bytes_;
};

} // namespace wm

#endif
