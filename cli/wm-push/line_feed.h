/**
 * @file
 * The pushes that lines of standard input make. One thread.
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

    /// The next push, of a line that is there: the line of the inner port, or for
    /// kBad what is wrong with it. Skips empty lines.
    Result next(std::string &push, std::string &error);

    LineReader &reader() { return reader_; }
    const LineReader &reader() const { return reader_; }

private:
    const PushBody &body_;
    LineReader reader_;
};

} // namespace wm

#endif
