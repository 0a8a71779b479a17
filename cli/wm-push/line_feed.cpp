#include "wm-push/line_feed.h"

#include <unistd.h>

namespace wm {

LineFeed::LineFeed(const PushBody &body) : body_(body), reader_(STDIN_FILENO, kMaxPushBytes) {}

LineFeed::Result LineFeed::next(std::string &push, std::string &error)
{
    std::string_view line;
    for (;;) {
        LineReader::Result read = reader_.next(line);
        if (read == LineReader::Result::kNone)
            return Result::kNone;
        if (read == LineReader::Result::kTooLong)
            error = "the line has more than the " + std::to_string(kMaxPushBytes) + " bytes that the server accepts; shorten it";
        else if (line.empty())
            continue;
        else if (body_.build_from_text(line, push, error))
            return Result::kPush;
        error.insert(0, "line " + std::to_string(reader_.line_number()) + " of standard input: ");
        return Result::kBad;
    }
}

} // namespace wm
