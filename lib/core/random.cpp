#include "core/random.h"

#include <cerrno>
#include <sys/random.h>

namespace wm {

void random_bytes(void *out, size_t len)
{
    while (getrandom(out, len, 0) < 0 && errno == EINTR)
        continue;
}

} // namespace wm
