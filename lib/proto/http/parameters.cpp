#include "proto/http/parameters.h"

#include "proto/ascii.h"
#include "proto/http/scan.h"

#include <algorithm>

namespace wm::http {

namespace {

/// The end of the quoted string that begins there, behind its last quote; 0: it has none.
size_t quoted_end(std::string_view text)
{
    for (size_t at = 1; at < text.size(); at++) {
        if (text[at] == '"')
            return at + 1;
        if (text[at] == '\\')
            at++;
    }
    return 0;
}

/// Octets of a value without quotes: a token, and what clients put into boundaries without quoting it, as "----=_Part_1/2".
bool may_be_bare(char c)
{
    return ascii::is(c, ascii::kToken) || std::string_view("=/:?@").find(c) != std::string_view::npos;
}

} // namespace

bool Parameters::take_value(std::string_view &out)
{
    size_t size = 0;
    if (is_quoted(rest_)) {
        size = quoted_end(rest_);
        if (size == 0)
            return refuse("RFC 9110 §5.6.4: a quoted string must end with a quote");
    } else {
        while (size < rest_.size() && may_be_bare(rest_[size]))
            size++;
        if (size == 0)
            return refuse("RFC 9110 §5.6.6: a parameter must be name=value, the value a token or a quoted string");
    }
    out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
}

bool Parameters::next(Pair &out)
{
    for (;;) {
        rest_ = ascii::trim(rest_);
        if (rest_.empty() || wrong_)
            return false;
        if (rest_.front() != ';')
            return refuse("RFC 9110 §5.6.6: parameters must be separated by ';', and values with other octets than a token's be quoted");
        rest_ = ascii::trim(rest_.substr(1));
        if (rest_.empty() || rest_.front() == ';')
            continue;
        const char *end = rest_.data() + rest_.size();
        size_t size = static_cast<size_t>(skip_token(rest_.data(), end) - rest_.data());
        if (size == 0 || size == rest_.size() || rest_[size] != '=')
            return refuse("RFC 9110 §5.6.6: a parameter must be name=value, without white space around '='");
        out.name = rest_.substr(0, size);
        rest_.remove_prefix(size + 1);
        return take_value(out.value);
    }
}

char *decode_parameter(char *out, std::string_view raw)
{
    if (!is_quoted(raw))
        return std::copy(raw.begin(), raw.end(), out);
    for (size_t at = 1; at + 1 < raw.size(); at++)
        *out++ = raw[at] == '\\' ? raw[++at] : raw[at];
    return out;
}

} // namespace wm::http
