#include "session/http/access_log.h"

#include "core/log.h"
#include "core/without_signal.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/stat.h>
#include <sys/uio.h>
#include <utility>

namespace wm {

static_assert(AccessLog::kBuffer >= kMaxAccessLine);

AccessLog::AccessLog(std::string path, Fd fd) : path_(std::move(path)), lines_(new char[kBuffer])
{
    take(std::move(fd));
}

void AccessLog::take(Fd fd)
{
    fd_ = std::move(fd);
    struct stat status;
    is_file_ = fstat(fd_.get(), &status) == 0 && S_ISREG(status.st_mode);
    new_line_ = false;
}

void AccessLog::add(std::string_view line, int64_t now_ms)
{
    if (size_ + line.size() > kBuffer && (!failing_ || now_ms >= due_ms_))
        flush(now_ms);
    if (size_ + line.size() > kBuffer) {
        lost_++;
        return;
    }
    memcpy(lines_.get() + size_, line.data(), line.size());
    size_ += line.size();
    if (due_ms_ == Loop::kNever)
        due_ms_ = now_ms + kHoldMs;
}

void AccessLog::flush(int64_t now_ms)
{
    due_ms_ = Loop::kNever;
    failing_ = false;
    size_t done = 0;
    while (done < size_ && !failing_) {
        size_t len = whole_lines(done);
        long written = write_lines(lines_.get() + done, len);
        if (written < 0 && errno == EINTR)
            continue;
        size_t taken = written > 0 ? static_cast<size_t>(written) : 0;
        if (taken < len)
            failed(written < 0 ? errno : ENOSPC, taken > 0, now_ms);
        done += end_of_lines(done, taken); // a line that was taken in part is written again
    }
    size_ -= done;
    if (done > 0 && size_ > 0)
        memmove(lines_.get(), lines_.get() + done, size_);
    if ((failing_ && !waits_for_reader_) || lost_ > 0)
        warn(now_ms);
}

/// How much of the lines from there on is written at once. Pipes take no more than PIPE_BUF bytes without those of other processes in
/// between.
size_t AccessLog::whole_lines(size_t from) const
{
    size_t left = size_ - from;
    return is_file_ || left <= PIPE_BUF ? left : end_of_lines(from, PIPE_BUF);
}

/// The whole lines in so many bytes from there on.
size_t AccessLog::end_of_lines(size_t from, size_t size) const
{
    return std::string_view(lines_.get() + from, size).rfind('\n') + 1; // npos + 1 is 0
}

/// Behind a part of a line of before, on a new one.
long AccessLog::write_lines(const char *lines, size_t size)
{
    WithoutSignal no_reader(SIGPIPE);
    WithoutSignal too_large(SIGXFSZ);
    char end[] = "\n";
    struct iovec parts[] = {{end, 1}, {const_cast<char *>(lines), size}};
    ssize_t written = new_line_ ? writev(fd_.get(), parts, 2) : write(fd_.get(), lines, size);
    no_reader.take();
    too_large.take();
    if (!new_line_ || written < 1)
        return written;
    new_line_ = false;
    return written - 1;
}

void AccessLog::failed(int error, bool in_part, int64_t now_ms)
{
    failing_ = true;
    waits_for_reader_ = error == EAGAIN;
    error_ = error;
    new_line_ = is_file_ || in_part; // of a file also another process may have written a part of a line
    due_ms_ = now_ms + kRetryMs;
}

void AccessLog::warn(int64_t now_ms)
{
    if (now_ms < warn_at_ms_)
        return;
    warn_at_ms_ = now_ms + kWarnMs;
    const char *why = waits_for_reader_ ? "its reader is too slow" : strerror(error_);
    auto lost = static_cast<unsigned long long>(std::exchange(lost_, 0));
    if (failing_)
        log(WM_LOG_WARN, "cannot write to the access log %s: %s; %zu bytes of lines wait, %llu lines are lost", path_.c_str(), why, size_,
            lost);
    else
        log(WM_LOG_WARN, "%llu lines of the access log %s are lost: %s", lost, path_.c_str(), error_ != 0 ? why : "out of memory");
}

void AccessLog::reopen(Fd fd, int64_t now_ms)
{
    flush(now_ms);
    take(std::move(fd));
    if (failing_)
        flush(now_ms);
}

void AccessLog::close(int64_t now_ms)
{
    flush(now_ms);
    lost_ += static_cast<uint64_t>(std::count(lines_.get(), lines_.get() + size_, '\n'));
    size_ = 0;
    failing_ = false;
    warn_at_ms_ = now_ms;
    if (lost_ > 0)
        warn(now_ms);
}

} // namespace wm
