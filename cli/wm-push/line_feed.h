/**
 * @file
 * Turns lines of standard input into pushes. One thread.
 */
#ifndef WM_PUSH_LINE_FEED_H
#define WM_PUSH_LINE_FEED_H

#include "shared/push_body.h"
#include "wm-push/line_reader.h"

#include <string>

namespace wm {

class LineFeed {
public:
    explicit LineFeed(const PushBody &body);

    enum class Result { kPush, kBad, kNone };

    /// Takes the next line that has been read, skipping empty ones. kPush: `push` is a line for the inner port; kBad: `error` is the
    /// reason why it cannot be pushed; kNone: no complete line is buffered.
    Result next(std::string &push, std::string &error);

    LineReader &reader() { return reader_; }
    const LineReader &reader() const { return reader_; }

private:
    const PushBody &body_;
    LineReader reader_;
};

} // namespace wm

#endif
