/**
 * @file
 * The text protocol: a message is a line that ends with LF; one CR before it is dropped. Pure; one
 * connection's state.
 */
#ifndef WM_PROTO_TEXT_LINE_PARSER_H
#define WM_PROTO_TEXT_LINE_PARSER_H

#include "proto/step.h"

#include <cstring>

namespace wm::text {

class LineParser {
public:
    /// The message of a kMessage step is data[0, message_len). kFail: no line end within max_message bytes.
    Step step(char *data, size_t len, size_t max_message, size_t &message_len)
    {
        // Bytes are searched once: a line that arrives byte by byte costs its length, not its square.
        const void *found = len > searched_ ? memchr(data + searched_, '\n', len - searched_) : nullptr;
        if (!found) {
            searched_ = len;
            bool only_cr_over = len == max_message + 1 && data[max_message] == '\r';
            return {len > max_message && !only_cr_over ? StepKind::kFail : StepKind::kMore, len, 0};
        }
        searched_ = 0;
        size_t end = static_cast<size_t>(static_cast<const char *>(found) - data);
        message_len = end > 0 && data[end - 1] == '\r' ? end - 1 : end;
        return {message_len > max_message ? StepKind::kFail : StepKind::kMessage, end + 1, 0};
    }

    void reset() { searched_ = 0; }

private:
    size_t searched_ = 0;
};

} // namespace wm::text

#endif
