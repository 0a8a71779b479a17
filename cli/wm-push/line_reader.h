/**
 * @file
 * Splits the input of a descriptor into lines as they arrive, in bounded memory. One thread.
 */
#ifndef WM_PUSH_LINE_READER_H
#define WM_PUSH_LINE_READER_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wm {

class LineReader {
public:
    /// The descriptor is borrowed. A line over max_line bytes is skipped and reported as kTooLong.
    LineReader(int fd, size_t max_line) : fd_(fd), max_line_(max_line) {}

    enum class Result { kLine, kTooLong, kNone };

    /// Returns the next complete line without its LF or CR LF; valid until the next call. The end of the input completes the last line.
    Result next(std::string_view &line);

    /// Reads once. Blocks if nothing is available: poll first.
    void read_some();

    int fd() const { return fd_; }
    bool at_end() const { return at_end_; }
    /// The number of the last line that next() returned, counted from 1 and including empty and skipped lines.
    uint64_t line_number() const { return line_number_; }
    uint64_t bytes_read() const { return bytes_read_; }
    /// The errno that ended reading, 0 at end of file.
    int error() const { return error_; }

private:
    void drop_taken();

    int fd_;
    size_t max_line_;
    std::string buffer_;
    size_t taken_ = 0;    ///< buffer_[0, taken_) has been returned
    size_t searched_ = 0; ///< there is no LF in buffer_[taken_, searched_)
    uint64_t line_number_ = 0;
    uint64_t bytes_read_ = 0;
    int error_ = 0;
    bool skipping_ = false; ///< inside a line over max_line_
    bool at_end_ = false;
};

} // namespace wm

#endif
