#include "http_answer.h"

#include <strings.h>

#include <charconv>

namespace wm::load {
namespace {

template <class Number> bool parse_number(std::string_view text, Number *out)
{
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
    return error == std::errc() && end == text.data() + text.size();
}

std::string_view trim(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

bool is_name(std::string_view name, std::string_view wanted)
{
    return name.size() == wanted.size() && strncasecmp(name.data(), wanted.data(), name.size()) == 0;
}

} // namespace

HttpAnswer HttpAnswerReader::read(std::string_view data)
{
    HttpAnswer answer;
    if (head_.empty() || !data.starts_with(head_)) {
        size_t end = data.find("\r\n\r\n");
        if (end == std::string_view::npos)
            return answer;
        answer.problem = parse_head(data.substr(0, end + 2));
        if (answer.problem != nullptr)
            return answer;
        head_.assign(data.substr(0, end + 4));
    }
    if (data.size() - head_.size() < length_)
        return answer;
    answer.consumed = head_.size() + length_;
    answer.status = status_;
    answer.body = data.substr(head_.size(), length_);
    return answer;
}

const char *HttpAnswerReader::parse_head(std::string_view head)
{
    if (!head.starts_with("HTTP/1.1 ") || head.size() < 13 || !parse_number(head.substr(9, 3), &status_))
        return "no HTTP/1.1 status line";
    bool has_length = false;
    for (size_t at = head.find("\r\n") + 2; at < head.size();) {
        size_t end = head.find("\r\n", at);
        std::string_view line = head.substr(at, end - at);
        at = end + 2;
        size_t colon = line.find(':');
        if (colon == std::string_view::npos)
            return "a header line without a colon";
        std::string_view name = line.substr(0, colon);
        if (is_name(name, "Transfer-Encoding"))
            return "Transfer-Encoding: only answers with a length are read here";
        if (!is_name(name, "Content-Length"))
            continue;
        if (has_length || !parse_number(trim(line.substr(colon + 1)), &length_))
            return "a bad or a second Content-Length";
        has_length = true;
    }
    return has_length ? nullptr : "no Content-Length";
}

} // namespace wm::load
