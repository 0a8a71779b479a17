#include "process/report/json_text.h"

#include "process/report/decimal.h"
#include "proto/utf8.h"

#include <cmath>

namespace wm {

namespace {

constexpr std::string_view kHex = "0123456789abcdef";

bool is_plain(char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/// RFC 8259 §7 asks for it below U+0020. DEL and the C1 controls are escaped with them: terminals execute
/// them.
bool is_control(char32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

void append_control(std::string &out, char32_t code)
{
    out += "\\u00";
    out += kHex[code >> 4];
    out += kHex[code & 15];
}

} // namespace

JsonText &JsonText::open(char bracket)
{
    begin_value();
    out_ += bracket;
    comma_ = false;
    return *this;
}

JsonText &JsonText::close(char bracket)
{
    out_ += bracket;
    comma_ = true;
    return *this;
}

JsonText &JsonText::key(std::string_view name)
{
    begin_value();
    out_.append(1, '"').append(name).append("\":");
    comma_ = false;
    return *this;
}

JsonText &JsonText::text(std::string_view value)
{
    begin_value();
    out_ += '"';
    for (size_t at = 0; at < value.size();) {
        size_t start = at;
        while (at < value.size() && is_plain(value[at]))
            at++;
        out_.append(value, start, at - start);
        if (at == value.size())
            break;
        char32_t code = 0;
        size_t len = code_point_at(value, at, code);
        if (code == '"' || code == '\\')
            out_.append(1, '\\').append(1, value[at]);
        else if (is_control(code))
            append_control(out_, code);
        else if (code == 0xfffd)
            out_ += "\xef\xbf\xbd";
        else
            out_.append(value, at, len);
        at += len;
    }
    out_ += '"';
    comma_ = true;
    return *this;
}

JsonText &JsonText::boolean(bool value)
{
    return raw(value ? "true" : "false");
}

JsonText &JsonText::null()
{
    return raw("null");
}

JsonText &JsonText::decimal(double value, int digits)
{
    return std::isfinite(value) ? raw(wm::decimal(value, digits)) : null();
}

void JsonText::begin_value()
{
    if (comma_)
        out_ += ',';
}

JsonText &JsonText::raw(std::string_view value)
{
    begin_value();
    out_ += value;
    comma_ = true;
    return *this;
}

} // namespace wm
