#include "core/random.h"

#include <cerrno>
#include <cstring>
#include <sys/random.h>

namespace wm {

void random_bytes(void *out, size_t len)
{
    while (getrandom(out, len, 0) < 0 && errno == EINTR)
        continue;
}

void RandomStream::take(void *out, size_t len)
{
    if (len > sizeof bytes_ - used_) {
        random_bytes(bytes_, sizeof bytes_);
        used_ = 0;
    }
    memcpy(out, bytes_ + used_, len);
    used_ += len;
}

} // namespace wm
