#include "wm-push/line_reader.h"

#include <algorithm>
#include <cerrno>
#include <unistd.h>

namespace wm {

namespace {

constexpr size_t kReadSize = size_t{64} << 10;

} // namespace

LineReader::Result LineReader::next(std::string_view &line)
{
    size_t end = buffer_.find('\n', std::max(searched_, taken_));
    bool has_lf = end != std::string::npos;
    if (!has_lf) {
        searched_ = buffer_.size();
        if (!at_end_ && (skipping_ || searched_ - taken_ > max_line_ + 1)) { // one more for a CR
            skipping_ = true;
            taken_ = searched_;
        }
        if (!at_end_ || (taken_ == searched_ && !skipping_))
            return Result::kNone;
        end = searched_;
    }
    line = std::string_view(buffer_).substr(taken_, end - taken_);
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    taken_ = end + (has_lf ? 1 : 0);
    searched_ = taken_;
    line_number_++;
    bool too_long = skipping_ || line.size() > max_line_;
    skipping_ = false;
    return too_long ? Result::kTooLong : Result::kLine;
}

void LineReader::read_some()
{
    drop_taken();
    size_t size = buffer_.size();
    buffer_.resize(size + kReadSize);
    ssize_t count = 0;
    do {
        count = ::read(fd_, buffer_.data() + size, kReadSize);
    } while (count < 0 && errno == EINTR);
    buffer_.resize(size + static_cast<size_t>(std::max<ssize_t>(count, 0)));
    if (count > 0) {
        bytes_read_ += static_cast<uint64_t>(count);
    } else if (count == 0 || errno != EAGAIN) { // EAGAIN: another process made the file description non-blocking
        error_ = count < 0 ? errno : 0;
        at_end_ = true;
    }
}

void LineReader::drop_taken()
{
    buffer_.erase(0, taken_);
    searched_ -= taken_;
    taken_ = 0;
}

} // namespace wm
