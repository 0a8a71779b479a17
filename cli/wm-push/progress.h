/**
 * @file
 * One line on a terminal's stderr that says how far a file has been pushed.
 * Silent when standard input is no file or stderr no terminal. One thread.
 */
#ifndef WM_PUSH_PROGRESS_H
#define WM_PUSH_PROGRESS_H

#include <chrono>
#include <cstdint>

namespace wm {

class Progress {
public:
    /// Looks at standard input and stderr.
    Progress();

    /// Draws anew, ten times a second at most.
    void update(uint64_t bytes_read, uint64_t pushed, uint64_t failed);
    /// Takes the line away, so that something else can be written to the
    /// terminal.
    void hide();

private:
    using Clock = std::chrono::steady_clock;

    uint64_t total_ = 0; ///< bytes of the file, 0: no progress is shown
    Clock::time_point drawn_;
    bool visible_ = false;
};

} // namespace wm

#endif
