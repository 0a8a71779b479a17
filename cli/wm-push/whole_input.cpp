#include "wm-push/whole_input.h"

#include "shared/push_body.h"
#include "wm-push/shell_word.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace wm {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kTellAfter{1000};
constexpr const char *kExampleBody = R"({"percent":"88%"})";

/// One input while it is read.
class WholeInput {
public:
    WholeInput(const Arguments &arguments, int fd)
        : arguments_(arguments), fd_(fd), in_place_(arguments.source == BodySource::kInputInPlace),
          name_(arguments.source == BodySource::kFile ? shell_word(arguments.body) : "standard input")
    {}

    bool read(std::string &body, Failure &failure)
    {
        char chunk[1 << 16];
        for (;;) {
            if (!wait(failure))
                return false;
            ssize_t count = ::read(fd_, chunk, sizeof chunk);
            if (count == 0)
                return check(body, failure);
            if (count > 0) {
                body.append(chunk, static_cast<size_t>(count));
                progress_ = Clock::now();
            } else if (errno != EAGAIN && errno != EINTR) { // EAGAIN: another process made the file description non-blocking
                return refuse(failure, kExitBadBody, "cannot read the body from " + name_ + ": " + std::strerror(errno));
            }
            if (body.size() > kMaxPushBytes)
                return refuse(failure, kExitBadBody,
                              "the body in " + name_ + " exceeds the " + std::to_string(kMaxPushBytes) +
                                  " bytes that the server accepts; push less, or a link to it");
        }
    }

private:
    bool refuse(Failure &failure, ExitCode code, const std::string &text) const
    {
        failure = {code, text};
        return false;
    }

    bool limited() const { return in_place_ || arguments_.timeout_given; }

    /// Waits until there is something to read. False when the time is over.
    bool wait(Failure &failure)
    {
        for (;;) {
            milliseconds left{-1};
            milliseconds waited = std::chrono::duration_cast<milliseconds>(Clock::now() - progress_);
            if (limited())
                left = std::max(arguments_.timeout - waited, milliseconds{0});
            if (in_place_ && !told_)
                left = std::min(left, std::max(kTellAfter - waited, milliseconds{0}));
            pollfd input{fd_, POLLIN, 0};
            if (::poll(&input, 1, static_cast<int>(left.count())) > 0)
                return true;
            waited = std::chrono::duration_cast<milliseconds>(Clock::now() - progress_);
            if (limited() && waited >= arguments_.timeout)
                return refuse(failure, kExitTimeout, describe_silence());
            if (in_place_ && !told_ && waited >= kTellAfter) {
                std::fputs("wm-push: BODY is missing: waiting for it on standard input (-n: do not)\n", stderr);
                told_ = true;
            }
        }
    }

    std::string describe_silence() const
    {
        std::string text = "nothing came from " + name_ + " for " + std::to_string(arguments_.timeout.count()) + " ms; ";
        if (!in_place_)
            return text + "give it longer with --timeout";
        return "BODY is missing, and " + text + "type " + push_command(arguments_.target, kExampleBody) +
               ", or - as BODY to wait without a limit";
    }

    bool check(const std::string &body, Failure &failure) const
    {
        if (body.find_first_not_of(" \t\r\n") != std::string::npos)
            return true;
        if (in_place_)
            return refuse(failure, kExitBadBody,
                          "BODY is missing, and standard input is empty; type " + push_command(arguments_.target, kExampleBody));
        return refuse(failure, kExitBadBody, name_ + " is empty; it must contain a JSON value, for instance " + kExampleBody);
    }

    const Arguments &arguments_;
    int fd_;
    bool in_place_;
    std::string name_;
    Clock::time_point progress_ = Clock::now();
    bool told_ = false;
};

} // namespace

bool read_whole_input(const Arguments &arguments, std::string &body, Failure &failure)
{
    if (arguments.source != BodySource::kFile)
        return WholeInput(arguments, STDIN_FILENO).read(body, failure);
    // A FIFO is opened without its writer, so that wait() limits the time without one: until one has come, poll says nothing.
    int fd = ::open(arguments.body.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        failure = {kExitBadBody, "cannot open " + shell_word(arguments.body) + ": " + std::strerror(errno)};
        return false;
    }
    bool read = WholeInput(arguments, fd).read(body, failure);
    ::close(fd);
    return read;
}

} // namespace wm
