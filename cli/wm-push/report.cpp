#include "wm-push/report.h"

#include <cerrno>
#include <cjson/cJSON.h>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
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

/// One JSON object, member by member.
class JsonLine {
public:
    JsonLine() : object_(cJSON_CreateObject()) {}

    JsonLine &add(const char *name, uint64_t number)
    {
        return check(cJSON_AddNumberToObject(object_.get(), name, static_cast<double>(number)));
    }
    JsonLine &add(const char *name, std::string_view text)
    {
        return check(cJSON_AddStringToObject(object_.get(), name, std::string(text).c_str()));
    }
    void append_to(std::string &out) const
    {
        char *text = cJSON_PrintUnformatted(object_.get());
        if (text == nullptr)
            throw std::bad_alloc();
        out += text;
        out += '\n';
        cJSON_free(text);
    }

private:
    JsonLine &check(const cJSON *added)
    {
        if (added == nullptr)
            throw std::bad_alloc();
        return *this;
    }

    struct Delete {
        void operator()(cJSON *object) const { cJSON_Delete(object); }
    };
    std::unique_ptr<cJSON, Delete> object_;
};

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
    if (quiet_)
        return;
    if (json_) {
        write_json(result, reason);
    } else if (result == PushResult::kOk || result == PushResult::kFail) {
        output_ += name_of(result);
        output_ += '\n';
    } else if (result == PushResult::kBad && for_lines_) {
        output_ += "fail\n"; // stderr says what is wrong with it
    }
}

void Report::write_json(PushResult result, std::string_view reason)
{
    JsonLine line;
    line.add("push", pushed()).add("result", name_of(result));
    if (!reason.empty())
        line.add("reason", reason);
    line.append_to(output_);
}

void Report::complain(std::string_view text)
{
    std::fprintf(stderr, "wm-push: %.*s\n", static_cast<int>(text.size()), text.data());
}

void Report::end_with(const Failure &failure)
{
    complain(failure.text);
    end_ = failure.code;
}

void Report::flush()
{
    for (std::string_view rest = output_; !rest.empty() && !stdout_gone_;) {
        ssize_t count = ::write(STDOUT_FILENO, rest.data(), rest.size());
        if (count >= 0) {
            rest.remove_prefix(static_cast<size_t>(count));
        } else if (errno == EAGAIN) {
            // Another program made our standard output non-blocking.
            pollfd out{STDOUT_FILENO, POLLOUT, 0};
            ::poll(&out, 1, -1);
        } else if (errno != EINTR) {
            stdout_gone_ = true;
            if (errno != EPIPE)
                complain(std::string("cannot print the answers: ") + std::strerror(errno));
        }
    }
    output_.clear();
}

void Report::summarize()
{
    if (!json_ || !for_lines_)
        return;
    JsonLine line;
    line.add("pushes", pushed()).add("ok", ok_).add("fail", fail_).add("bad", bad_).add("lost", lost_);
    line.add("exit", static_cast<uint64_t>(exit_code()));
    line.append_to(output_);
}

ExitCode Report::exit_code() const
{
    if (end_ != kExitOk)
        return end_;
    if (bad_ > 0)
        return kExitBadBody;
    if (fail_ == 0)
        return kExitOk;
    return ok_ > 0 ? kExitMixed : kExitFail;
}

} // namespace wm
