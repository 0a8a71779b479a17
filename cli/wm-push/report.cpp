#include "wm-push/report.h"

#include "shared/json_write.h"
#include "shared/printable.h"
#include "shared/scan_error.h"

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
    case PushResult::kUnknown:
        return "unknown";
    case PushResult::kBad:
        return "bad";
    case PushResult::kLost:
        return "lost";
    }
    return "";
}

} // namespace

void Report::add(const Outcome &outcome)
{
    switch (outcome.result) {
    case PushResult::kOk:
        ok_++;
        break;
    case PushResult::kFail:
        fail_++;
        break;
    case PushResult::kUnknown:
        unknown_++;
        break;
    case PushResult::kBad:
        bad_++;
        break;
    case PushResult::kLost:
        lost_++;
        break;
    }
    bool answered = outcome.result < PushResult::kBad;
    // Of -l, the summary tells why.
    if (quiet_ && (answered || !json_ || for_lines_))
        return;
    if (json_) {
        write_json(outcome);
    } else if (answered) {
        output_ += outcome.result == PushResult::kOk ? "ok\n" : "fail\n";
        explain(outcome);
    } else if (for_lines_) {
        output_ += outcome.result == PushResult::kBad ? "fail\n" : "lost\n"; // the reason is on stderr
    }
}

/// Prints why a push has failed, unless no page is there, which fail means by itself, or the one before has failed likewise.
void Report::explain(const Outcome &outcome)
{
    if (outcome.result == PushResult::kOk || outcome.is_offline || outcome.reason.empty())
        return;
    std::string text = (outcome.uid.empty() ? "" : printable(outcome.uid, kMaxUidBytes) + ": ") + outcome.reason;
    if (text == explained_)
        return;
    flush();
    print_error(text);
    explained_ = text;
}

void Report::write_json(const Outcome &outcome)
{
    JsonObject line;
    line.add("push", pushed());
    if (!outcome.uid.empty())
        line.add("uid", outcome.uid);
    line.add("result", name_of(outcome.result));
    if (outcome.connections)
        line.add("connections", *outcome.connections);
    if (outcome.partial)
        line.add_json("partial", "true");
    if (!outcome.reason.empty())
        line.add("reason", outcome.reason);
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
    line.add("pushes", pushed()).add("ok", ok_).add("fail", fail_).add("unknown", unknown_).add("bad", bad_).add("lost", lost_);
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
    if (unknown_ > 0)
        return kExitTimeout;
    if (bad_ > 0)
        return kExitBadBody;
    if (fail_ == 0)
        return kExitOk;
    return ok_ > 0 ? kExitMixed : kExitFail;
}

} // namespace wm
