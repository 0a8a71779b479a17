/**
 * @file
 * Cuts what comes from a descriptor into lines, each as soon as it is whole, in
 * bounded memory.
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
    /// The descriptor is borrowed. Lines of more than max_line bytes are skipped
    /// and only told of.
    LineReader(int fd, size_t max_line) : fd_(fd), max_line_(max_line) {}

    enum class Result { kLine, kTooLong, kNone };

    /// The next whole line, without its LF and one CR before it; valid until the
    /// next call. At the end of the input what is left without LF is a line too.
    Result next(std::string_view &line);

    /// Reads once, as much as there is. Waits when there is nothing: ask poll
    /// first.
    void read_some();

    int fd() const { return fd_; }
    bool at_end() const { return at_end_; }
    /// How many lines next() has told of, empty ones too: the number of the last
    /// one.
    uint64_t line_number() const { return line_number_; }
    uint64_t bytes_read() const { return bytes_read_; }
    /// Why reading ended, when it was no end of file; 0 else.
    int error() const { return error_; }

private:
    void drop_taken();

    int fd_;
    size_t max_line_;
    std::string buffer_;
    size_t taken_ = 0;    ///< buffer_[0, taken_) has been handed out
    size_t searched_ = 0; ///< there is no LF in buffer_[taken_, searched_)
    uint64_t line_number_ = 0;
    uint64_t bytes_read_ = 0;
    int error_ = 0;
    bool skipping_ = false; ///< inside a line that is too long
    bool at_end_ = false;
};

} // namespace wm

#endif
