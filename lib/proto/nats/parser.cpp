#include "proto/nats/parser.h"

#include "proto/ascii.h"
#include "proto/nats/limits.h"

#include <cstring>

namespace wm::nats {

namespace {

constexpr std::string_view kEnd = "\r\n";
constexpr size_t kMostDigits = 18; // of a number: more are none that a server says, and would not fit

struct Name {
    const char *text;
    Verb verb;
};

constexpr Name kNames[] = {{"INFO", Verb::kInfo}, {"MSG", Verb::kMsg}, {"PING", Verb::kPing},
                           {"PONG", Verb::kPong}, {"+OK", Verb::kOk},  {"-ERR", Verb::kErr}};

constexpr bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/// Takes the first field, and the blanks behind it.
std::string_view take_field(std::string_view &text)
{
    size_t end = 0;
    while (end < text.size() && !is_blank(text[end]))
        end++;
    std::string_view field = text.substr(0, end);
    while (end < text.size() && is_blank(text[end]))
        end++;
    text.remove_prefix(end);
    return field;
}

const Name *find_name(std::string_view field)
{
    for (const Name &name : kNames)
        if (ascii::equal_fold(field, name.text)) // they are case-insensitive
            return &name;
    return nullptr;
}

bool read_number(std::string_view field, uint64_t &out)
{
    if (field.empty() || field.size() > kMostDigits)
        return false;
    uint64_t number = 0;
    for (char c : field) {
        if (!ascii::is(c, ascii::kDigit))
            return false;
        number = number * 10 + static_cast<uint64_t>(c - '0');
    }
    out = number;
    return true;
}

std::string_view without_quotes(std::string_view text)
{
    if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'')
        return text.substr(1, text.size() - 2);
    return text;
}

size_t limit_of(const char *data, size_t len)
{
    return len >= 4 && ascii::equal_fold({data, 4}, "INFO") ? kMaxInfo : kMaxLine;
}

} // namespace

const char *Parser::describe(Error error)
{
    switch (error) {
    case Error::kNone:
        break;
    case Error::kVerb:
        return "what no NATS server says";
    case Error::kLongLine:
        return "a line that is too long";
    case Error::kLineEnd:
        return "a line that ends without a carriage return";
    case Error::kFields:
        return "a line whose fields are not those of its verb";
    case Error::kLongPayload:
        return "a message that is too large";
    case Error::kPayloadEnd:
        return "a message that is longer than announced";
    }
    return "nothing wrong";
}

Step Parser::fail(Error error)
{
    error_ = error;
    return {StepKind::kFail, 0, 0};
}

Step Parser::step(const char *data, size_t len, size_t max_payload, Message &out)
{
    if (head_ > 0)
        return payload(data, len, out);
    Step whole = line(data, len);
    if (whole.kind != StepKind::kMessage)
        return whole;
    if (!take_line({data, whole.size - kEnd.size()}, max_payload, out))
        return fail(error_);
    if (out.verb != Verb::kMsg)
        return whole;
    head_ = whole.size;
    return payload(data, len, out);
}

/// Where the line ends; kMessage: with its CR LF it has size bytes.
Step Parser::line(const char *data, size_t len)
{
    const void *found = len > searched_ ? memchr(data + searched_, '\n', len - searched_) : nullptr;
    size_t size = found ? static_cast<size_t>(static_cast<const char *>(found) - data) + 1 : len;
    if (size > limit_of(data, size))
        return fail(Error::kLongLine);
    searched_ = found ? 0 : len;
    if (!found)
        return {StepKind::kMore, len, 0};
    if (size < kEnd.size() || data[size - 2] != '\r')
        return fail(Error::kLineEnd);
    return {StepKind::kMessage, size, 0};
}

/// False with error_.
bool Parser::take_line(std::string_view text, size_t max_payload, Message &out)
{
    const Name *name = find_name(take_field(text));
    if (!name) {
        error_ = Error::kVerb;
        return false;
    }
    out = {name->verb, {}, 0, {}};
    if (name->verb == Verb::kMsg)
        return take_msg(text, max_payload, out);
    if (name->verb == Verb::kInfo)
        out.text = text;
    else if (name->verb == Verb::kErr)
        out.text = without_quotes(ascii::trim(text));
    else if (!text.empty())
        error_ = Error::kFields;
    return error_ == Error::kNone;
}

/// SUBJECT SID [REPLY-TO] SIZE
bool Parser::take_msg(std::string_view fields, size_t max_payload, Message &out)
{
    std::string_view subject = take_field(fields), sid = take_field(fields), last = take_field(fields);
    if (!fields.empty())
        last = take_field(fields);
    uint64_t size = 0;
    if (subject.empty() || !fields.empty() || !read_number(sid, sid_) || !read_number(last, size))
        error_ = Error::kFields;
    else if (size > max_payload)
        error_ = Error::kLongPayload;
    out.sid = sid_;
    payload_ = static_cast<size_t>(size);
    return error_ == Error::kNone;
}

Step Parser::payload(const char *data, size_t len, Message &out)
{
    size_t end = head_ + payload_, whole = end + kEnd.size();
    if (len < whole)
        return {StepKind::kMore, len, whole};
    if (std::string_view(data + end, kEnd.size()) != kEnd)
        return fail(Error::kPayloadEnd);
    out = {Verb::kMsg, {}, sid_, {data + head_, payload_}};
    head_ = 0;
    return {StepKind::kMessage, whole, 0};
}

} // namespace wm::nats
