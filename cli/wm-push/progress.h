/**
 * @file
 * A progress line on stderr while a file is pushed. Disabled unless standard input is a regular file and stderr a terminal. One thread.
 */
#ifndef WM_PUSH_PROGRESS_H
#define WM_PUSH_PROGRESS_H

#include <chrono>
#include <cstdint>

namespace wm {

class Progress {
public:
    /// Inspects standard input and stderr.
    Progress();

    /// Redraws the line, at most ten times a second.
    void update(uint64_t bytes_read, uint64_t pushed, uint64_t failed);
    /// Erases the line, so that other output can be written to the terminal.
    void hide();

private:
    using Clock = std::chrono::steady_clock;

    uint64_t total_ = 0; ///< bytes of the file; 0: disabled
    Clock::time_point drawn_;
    bool visible_ = false;
};

} // namespace wm

#endif
