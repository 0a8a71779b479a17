#include "wm-push/report.h"

#include "shared/json_write.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <poll.h>
#include <unistd.h>

namespace wm {

namespace {

const char *name_of(PushResult result)
{
    switch (result) {
    case PushResult::kOk:
        return "ok";
    case PushResult::kFail:
        return "fail";
    case PushResult::kBad:
        return "bad";
    case PushResult::kLost:
        return "lost";
    }
    return "";
}

} // namespace

void Report::add(PushResult result, std::string_view reason)
{
    switch (result) {
    case PushResult::kOk:
        ok_++;
        break;
    case PushResult::kFail:
        fail_++;
        break;
    case PushResult::kBad:
        bad_++;
        break;
    case PushResult::kLost:
        lost_++;
        break;
    }
    bool answered = result == PushResult::kOk || result == PushResult::kFail;
    // Of -l, the summary tells why.
    if (quiet_ && (answered || !json_ || for_lines_))
        return;
    if (json_) {
        write_json(result, reason);
    } else if (answered) {
        output_ += name_of(result);
        output_ += '\n';
    } else if (for_lines_) {
        output_ += result == PushResult::kBad ? "fail\n" : "lost\n"; // the reason is on stderr
    }
}

void Report::write_json(PushResult result, std::string_view reason)
{
    JsonObject line;
    line.add("push", pushed()).add("result", name_of(result));
    if (!reason.empty())
        line.add("reason", reason);
    output_ += line.text();
    output_ += '\n';
}

void Report::print_error(std::string_view text)
{
    std::fprintf(stderr, "wm-push: %.*s\n", static_cast<int>(text.size()), text.data());
}

void Report::warn_lost(std::string_view text)
{
    print_error(text);
    reason_ = text;
}

void Report::fail(const Failure &failure)
{
    print_error(failure.text);
    end_ = failure.code;
    reason_ = failure.text;
}

void Report::flush()
{
    for (std::string_view rest = output_; !rest.empty() && !stdout_gone_;) {
        ssize_t count = ::write(STDOUT_FILENO, rest.data(), rest.size());
        if (count >= 0) {
            rest.remove_prefix(static_cast<size_t>(count));
        } else if (errno == EAGAIN) {
            // Another process made the shared file description non-blocking.
            pollfd out{STDOUT_FILENO, POLLOUT, 0};
            ::poll(&out, 1, -1);
        } else if (errno != EINTR) {
            stdout_gone_ = true;
            if (errno != EPIPE) {
                print_error(std::string("cannot print the answers: ") + std::strerror(errno));
                output_failed_ = true;
            }
        }
    }
    output_.clear();
}

void Report::summarize()
{
    if (!json_ || !for_lines_)
        return;
    JsonObject line;
    line.add("pushes", pushed()).add("ok", ok_).add("fail", fail_).add("bad", bad_).add("lost", lost_);
    line.add("exit", static_cast<uint64_t>(exit_code()));
    if (!reason_.empty())
        line.add("reason", reason_);
    output_ += line.text();
    output_ += '\n';
}

ExitCode Report::exit_code() const
{
    if (end_ != kExitOk)
        return end_;
    if (output_failed_)
        return kExitOutput;
    if (lost_ > 0)
        return kExitUnreachable;
    if (bad_ > 0)
        return kExitBadBody;
    if (fail_ == 0)
        return kExitOk;
    return ok_ > 0 ? kExitMixed : kExitFail;
}

} // namespace wm
