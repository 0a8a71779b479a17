/**
 * @file
 * The head of an answer that closes its connection, formatted before the close. On the stack; the app's thread.
 */
#ifndef WM_SESSION_HTTP_FINAL_ANSWER_H
#define WM_SESSION_HTTP_FINAL_ANSWER_H

#include "session/http/head_buffer.h"

#include <string_view>

namespace wm {

inline constexpr std::string_view kPlain = "Content-Type: text/plain;charset=utf-8\r\n";

class FinalAnswer {
public:
    /// For a body of that length, plain text unless fields have a Content-Type.
    FinalAnswer(std::string_view date, int status, std::string_view fields, std::string_view body);

    /// False when out of memory, which only long fields can need.
    bool ok() { return fields_.data() && head_.data(); }
    std::string_view head() { return {head_.data(), size_}; }

private:
    HeadBuffer fields_;
    HeadBuffer head_;
    size_t size_ = 0;
};

} // namespace wm

#endif
