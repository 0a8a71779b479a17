/**
 * @file
 * A buffer for a head: on the stack unless it is long, as with many header lines of the host. The app's thread.
 */
#ifndef WM_SESSION_HTTP_HEAD_BUFFER_H
#define WM_SESSION_HTTP_HEAD_BUFFER_H

#include <cstddef>
#include <cstdlib>

namespace wm {

class HeadBuffer {
public:
    static constexpr size_t kSmall = 1024; ///< bytes; a head of the library's own is longer only with a long list of methods

    explicit HeadBuffer(size_t size) : heap_(size > kSmall ? static_cast<char *>(malloc(size)) : nullptr), small_(size <= kSmall) {}
    HeadBuffer(const HeadBuffer &) = delete;
    HeadBuffer &operator=(const HeadBuffer &) = delete;
    ~HeadBuffer() { free(heap_); }

    /// nullptr when out of memory.
    char *data() { return small_ ? stack_ : heap_; }

private:
    char *heap_;
    bool small_;
    char stack_[kSmall];
};

} // namespace wm

#endif
