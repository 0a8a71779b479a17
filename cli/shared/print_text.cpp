#include "shared/print_text.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace wm {

bool print_text(const char *program, const std::string &text)
{
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0)
        return true;
    if (errno == EPIPE)
        return true;
    std::fprintf(stderr, "%s: cannot write to standard output: %s\n", program, std::strerror(errno));
    return false;
}

} // namespace wm
