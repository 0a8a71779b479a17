/**
 * @file
 * A file of an access log, and the lines on their way into it. Several processes append to one file, each whole lines. Owned by the app's
 * AccessLogs; the app's thread.
 */
#ifndef WM_SESSION_HTTP_ACCESS_LOG_H
#define WM_SESSION_HTTP_ACCESS_LOG_H

#include "core/fd.h"
#include "core/loop.h"
#include "session/http/access_line.h"
#include "session/http/access_time.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace wm {

class AccessLog {
public:
    static constexpr size_t kBuffer = size_t{64} << 10; ///< bytes of lines that wait; one that finds no room is lost, and counted
    static constexpr int64_t kHoldMs = 1000;            ///< the longest that a line waits
    static constexpr int64_t kRetryMs = 100;            ///< between two tries to write to what takes nothing
    static constexpr int64_t kWarnMs = 60'000;          ///< between two warnings of that

    /// For a descriptor of open_append(). Throws std::bad_alloc.
    AccessLog(std::string path, Fd fd);

    const std::string &path() const { return path_; }
    /// A copy of the line, which ends with a newline and has at most kMaxAccessLine bytes, is written within kHoldMs.
    void add(std::string_view line, int64_t now_ms);
    /// The time of the line that was made last.
    AccessTime &time() { return time_; }
    /// A line that could not be made.
    void lose() { lost_++; }
    /// Writes what waits. What the file does not take waits on.
    void flush(int64_t now_ms);
    /// When flush() is to be called; kNever: nothing waits.
    int64_t due_ms() const { return due_ms_; }
    /// Goes on in another descriptor, behind what waits.
    void reopen(Fd fd, int64_t now_ms);
    /// The last flush: what is not taken is lost, and the log says so.
    void close(int64_t now_ms);
    /// In a child of fork(2): what waits is the parent's.
    void abandon() { size_ = 0; }

private:
    void take(Fd fd);
    long write_lines(const char *lines, size_t size);
    size_t whole_lines(size_t from) const;
    size_t end_of_lines(size_t from, size_t size) const;
    void failed(int error, bool in_part, int64_t now_ms);
    void warn(int64_t now_ms);

    std::string path_;
    Fd fd_;
    std::unique_ptr<char[]> lines_;
    size_t size_ = 0;
    AccessTime time_;
    uint64_t lost_ = 0; ///< lines since the last warning
    int64_t due_ms_ = Loop::kNever;
    int64_t warn_at_ms_ = 0;
    int error_ = 0;                 ///< of the last write that failed
    bool failing_ = false;          ///< the last one did
    bool waits_for_reader_ = false; ///< because a pipe is full
    bool is_file_ = true;           ///< a regular one, which takes any length at once
    bool new_line_ = false;         ///< a write has failed: the file may end in a part of a line
};

} // namespace wm

#endif
