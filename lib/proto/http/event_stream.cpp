#include "proto/http/event_stream.h"

#include "proto/http/text_sink.h"
#include "proto/utf8.h"

namespace wm::http {

namespace {

using namespace std::string_view_literals;

/// Puts each line of a text behind a prefix. CR, LF and CRLF end a line, as they do for the client.
template <class Sink> void put_lines(Sink &out, std::string_view prefix, std::string_view text)
{
    size_t lf = text.find('\n'); // the next one, found once: with CRs looked for up to it only, the searches are linear
    for (size_t at = 0;;) {
        std::string_view line = text.substr(at, lf == text.npos ? lf : lf - at);
        line = line.substr(0, line.find('\r'));
        out.put(prefix).put(line).put("\n");
        size_t end = at + line.size();
        if (end == text.size())
            return;
        at = end + (text.substr(end, 2) == "\r\n" ? 2 : 1);
        if (lf < at)
            lf = text.find('\n', at);
    }
}

template <class Sink> size_t put_event(Sink out, const Event &event)
{
    if (event.id.data())
        out.put("id: ").put(event.id).put("\n");
    if (!event.type.empty())
        out.put("event: ").put(event.type).put("\n");
    if (event.retry_ms >= 0)
        put_number(out.put("retry: "), event.retry_ms).put("\n");
    if (event.data.data())
        put_lines(out, "data: ", event.data);
    return out.put("\n").size();
}

template <class Sink> size_t put_comment(Sink out, std::string_view text)
{
    put_lines(out, ": ", text);
    return out.put("\n").size();
}

bool has_any(std::string_view text, std::string_view octets)
{
    return text.find_first_of(octets) != text.npos;
}

} // namespace

const char *check_event(const Event &event)
{
    if (has_any(event.id, "\0\r\n"sv))
        return "an id has no NUL, CR or LF";
    if (has_any(event.type, "\r\n"))
        return "an event type has no CR or LF";
    if (!event.type.empty() && !event.data.data())
        return "a client ignores an event type without data";
    if (!event.id.data() && event.retry_ms < 0 && !event.data.data())
        return "it has neither data nor an id nor a retry time";
    for (std::string_view text : {event.id, event.type, event.data})
        if (!is_utf8(text.data(), text.size()))
            return "id, event type and data are UTF-8";
    return nullptr;
}

size_t event_size(const Event &event)
{
    return put_event(SizeSink(), event);
}

size_t write_event(char *out, const Event &event)
{
    return put_event(TextSink(out), event);
}

const char *check_comment(std::string_view text)
{
    return is_utf8(text.data(), text.size()) ? nullptr : "a comment is UTF-8";
}

size_t comment_size(std::string_view text)
{
    return put_comment(SizeSink(), text);
}

size_t write_comment(char *out, std::string_view text)
{
    return put_comment(TextSink(out), text);
}

} // namespace wm::http
