#include "wm-push/progress.h"

#include <algorithm>
#include <cstdio>
#include <sys/stat.h>
#include <unistd.h>

namespace wm {

Progress::Progress()
{
    struct stat input {};
    if (isatty(STDERR_FILENO) == 0 || fstat(STDIN_FILENO, &input) != 0 || !S_ISREG(input.st_mode))
        return;
    // An earlier reader may have left the file offset in the middle.
    off_t start = std::max<off_t>(lseek(STDIN_FILENO, 0, SEEK_CUR), 0);
    total_ = static_cast<uint64_t>(std::max<off_t>(input.st_size - start, 0));
}

void Progress::update(uint64_t bytes_read, uint64_t pushed, uint64_t failed)
{
    Clock::time_point now = Clock::now();
    if (total_ == 0 || (visible_ && now - drawn_ < std::chrono::milliseconds(100)))
        return;
    auto percent = static_cast<unsigned>(std::min<uint64_t>(bytes_read * 100 / total_, 100));
    std::fprintf(stderr, "\r\x1b[K%3u%%  %llu pushed, %llu failed", percent, static_cast<unsigned long long>(pushed),
                 static_cast<unsigned long long>(failed));
    visible_ = true;
    drawn_ = now;
}

void Progress::hide()
{
    if (visible_)
        std::fputs("\r\x1b[K", stderr);
    visible_ = false;
}

} // namespace wm
