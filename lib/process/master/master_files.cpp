// The files of a master while it runs: those that commands find it by, the log, and what takes the standard output of its processes.

#include "core/error.h"
#include "core/log.h"
#include "process/master/master.h"
#include "process/standard_streams.h"
#include "worker/app.h"

#include <cstdio>
#include <utility>

namespace wm {

namespace {

constexpr int64_t kTendMs = 60 * 1000;

} // namespace

bool Master::open_log()
{
    std::string path = app_.options.log_file;
    if (path.empty() && line_.daemon)
        path = instance_.default_log();
    if ((!path.empty() && log_.open(path) != 0) || (line_.daemon && output_.open(app_.options.stdout_file) != 0))
        return refuse(last_error());
    if (log_.is_open() && log_.probe() != 0) // no reason not to serve
        fprintf(stderr, "%s\n", say(std::string("warning: ") + last_error() + "; lines are lost until there is room").c_str());
    return true;
}

/// What has to be done now, and once a minute what time or others may have made necessary.
void Master::tend_files(int64_t now_ms)
{
    bool due = now_ms >= tend_at_ms_;
    if (log_is_full_ || (due && !rotate_error_.empty()))
        rotate_log();
    if (!due)
        return;
    tend_at_ms_ = now_ms + kTendMs;
    instance_.touch();
    if (phase_ == Phase::kServing)
        keep_files();
}

/// Somebody who clears the folder must not part the master from its commands: what is missing is made again. What is another's is left to
/// it.
void Master::keep_files()
{
    Kept pid_file = instance_.keep();
    Kept socket = pid_file == Kept::kLost ? Kept::kLost : control_.keep();
    std::string lost = socket == Kept::kLost ? last_error() : "";
    std::string made = pid_file == Kept::kMadeAgain ? instance_.pid_path() : "";
    if (socket == Kept::kMadeAgain)
        made += (made.empty() ? "" : " and ") + instance_.socket_path();
    if (!made.empty()) {
        reopen_files(); // the log may have gone with them
        log(WM_LOG_WARN, "%s", say("missing, and made again: " + made).c_str());
    }
    if (!lost.empty() && lost != lost_)
        log(WM_LOG_WARN, "%s", say(lost + ": commands do not reach this master, signals do").c_str());
    lost_ = lost;
}

void Master::log_full()
{
    log_is_full_ = true;
}

void Master::rotate_log()
{
    log_is_full_ = false;
    if (!log_.is_open() || log_.is_link())
        return;
    if (log_.rotate(app_.options.log_max_size) != 0) { // the log grows on; each error is logged once
        std::string error = last_error();
        if (std::exchange(rotate_error_, error) != error)
            log(WM_LOG_ERROR, "%s: the log stays as long as it is", error.c_str());
        return;
    }
    rotate_error_.clear();
    set_files();
    children_.tell(MessageKind::kLog, log_.fd());
}

/// Others may have renamed them: what is written from here on goes to the files that have their names now.
void Master::reopen_files()
{
    std::vector<std::string> errors;
    for (LogFile *file : {&log_, &output_})
        if (file->is_open() && file->reopen() != 0)
            errors.push_back(last_error());
    set_files();
    for (const std::string &error : errors)
        log(WM_LOG_ERROR, "%s", error.c_str());
    if (log_.is_open())
        children_.tell(MessageKind::kLog, log_.fd());
    if (!output_.is_open())
        return;
    redirect_standard(output_.fd()); // processes to come inherit it from here
    children_.tell(MessageKind::kOutput, output_.fd());
}

/// The log's sinks of this process, and what the next children get.
void Master::set_files()
{
    LogSinks sinks;
    sinks.file = log_.fd();
    sinks.console_level = console_level_;
    sinks.max_size = app_.options.log_max_size;
    sinks.full = [](void *self) { static_cast<Master *>(self)->log_full(); };
    sinks.owner = this;
    set_log_sinks(sinks);
    ChildPlan common;
    common.log = log_.fd();
    common.console_level = console_level_;
    common.output = phase_ == Phase::kStarting && line_.daemon ? output_.fd() : -1;
    children_.set_common(common);
}

} // namespace wm
