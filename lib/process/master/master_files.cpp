// The files of a running master: those by which commands find it, the log, and the standard output of its
// processes.

#include "core/error.h"
#include "core/log.h"
#include "process/master/master.h"
#include "process/standard_streams.h"
#include "worker/app.h"

#include <cstdio>
#include <utility>

namespace wm {

namespace {

constexpr int64_t kMaintainMs = 60 * 1000;

} // namespace

bool Master::open_log()
{
    std::string path = app_.options.log_file;
    if (path.empty() && line_.daemon)
        path = instance_.default_log();
    if ((!path.empty() && log_.open(path) != 0) || (line_.daemon && output_.open(app_.options.stdout_file) != 0))
        return refuse(last_error());
    if (access_files_.open(app_) != 0)
        return refuse(last_error());
    if (log_.is_open() && log_.probe() != 0) // no reason not to serve
        fprintf(stderr, "%s\n", prefixed(std::string("warning: ") + last_error() + "; lines are lost until there is room").c_str());
    return true;
}

/// Rotates a log that is full, and once a minute checks that the files are still there.
void Master::maintain_files(int64_t now_ms)
{
    bool due = now_ms >= maintain_at_ms_;
    if (log_is_full_ || (due && !rotate_error_.empty()))
        rotate_log();
    if (!due)
        return;
    maintain_at_ms_ = now_ms + kMaintainMs;
    instance_.touch();
    if (phase_ == Phase::kServing)
        restore_files();
}

/// Recreates the pid file and the control socket if they were removed, so that commands still find the
/// master. Files of another master stay.
void Master::restore_files()
{
    Restored pid_file = instance_.restore();
    Restored socket = pid_file == Restored::kLost ? Restored::kLost : control_.restore();
    std::string lost = socket == Restored::kLost ? last_error() : "";
    std::string made = pid_file == Restored::kMadeAgain ? instance_.pid_path() : "";
    if (socket == Restored::kMadeAgain)
        made += (made.empty() ? "" : " and ") + instance_.socket_path();
    if (!made.empty()) {
        reopen_files(); // the log may have been removed too
        log(WM_LOG_WARN, "%s", prefixed("recreated after removal: " + made).c_str());
    }
    if (!lost.empty() && lost != lost_)
        log(WM_LOG_WARN, "%s", prefixed(lost + ": commands do not reach this master, signals do").c_str());
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
    children_.broadcast(MessageKind::kLog, log_.fd());
}

/// Opens log, output and access logs by name again: another program, such as logrotate, may have renamed them.
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
        children_.broadcast(MessageKind::kLog, log_.fd());
    access_files_.reopen();
    children_.hand_on_access_logs();
    if (!output_.is_open())
        return;
    redirect_standard_streams(output_.fd()); // later children inherit it
    children_.broadcast(MessageKind::kOutput, output_.fd());
}

/// Sets the log of this process and of later children.
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
