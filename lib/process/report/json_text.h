/**
 * @file
 * JSON (RFC 8259) into a string, without spaces. The caller is responsible for the nesting; commas are added
 * here. One thread, the string is the caller's.
 */
#ifndef WM_PROCESS_REPORT_JSON_TEXT_H
#define WM_PROCESS_REPORT_JSON_TEXT_H

#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace wm {

class JsonText {
public:
    explicit JsonText(std::string &out) : out_(out) {}

    JsonText &open(char bracket);
    JsonText &close(char bracket);
    JsonText &key(std::string_view name); ///< plain ASCII

    /// Any bytes: what is not UTF-8 becomes U+FFFD, control characters are escaped, so that the document is
    /// one line on any terminal.
    JsonText &text(std::string_view value);
    JsonText &boolean(bool value);
    JsonText &null();
    JsonText &decimal(double value, int digits); ///< null if it is not finite: JSON has no such number

    template <std::integral T> JsonText &number(T value)
    {
        char digits[24];
        return raw({digits, std::to_chars(digits, digits + sizeof digits, value).ptr});
    }

private:
    void begin_value();
    JsonText &raw(std::string_view value);

    std::string &out_;
    bool comma_ = false; ///< the next value needs a comma before it
};

} // namespace wm

#endif
