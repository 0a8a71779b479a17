#include "wm-push/whole_input.h"

#include "shared/push_body.h"

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <unistd.h>

namespace wm {

bool read_whole_input(std::string &body, Failure &failure)
{
    char chunk[1 << 16];
    for (;;) {
        ssize_t count = ::read(STDIN_FILENO, chunk, sizeof chunk);
        if (count == 0)
            break;
        if (count > 0) {
            body.append(chunk, static_cast<size_t>(count));
        } else if (errno == EAGAIN) {
            // Another process made the shared file description non-blocking.
            pollfd input{STDIN_FILENO, POLLIN, 0};
            ::poll(&input, 1, -1);
        } else if (errno != EINTR) {
            failure = {kExitBadBody, std::string("cannot read the body from standard input: ") + std::strerror(errno)};
            return false;
        }
        if (body.size() > kMaxPushBytes) {
            failure = {kExitBadBody, "the body on standard input exceeds the " + std::to_string(kMaxPushBytes) +
                                         " bytes that the server accepts; push less, or a link to it"};
            return false;
        }
    }
    if (body.find_first_not_of(" \t\r\n") == std::string::npos) {
        failure = {kExitBadBody, "standard input is empty; it must contain a JSON value, for instance {\"percent\":\"88%\"}"};
        return false;
    }
    return true;
}

} // namespace wm
