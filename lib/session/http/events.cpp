// The part of HttpRequests that streams server-sent events (WHATWG HTML §9.2).
#include "session/http/requests.h"

#include "conn/reactor.h"
#include "core/error.h"
#include "proto/http/event_stream.h"
#include "proto/http/fields.h"
#include "session/http/head_buffer.h"

#include <algorithm>
#include <cstring>

namespace wm {

namespace {

constexpr std::string_view kType = "Content-Type: text/event-stream\r\n";
constexpr std::string_view kNoCache = "Cache-Control: no-cache\r\n";
constexpr std::string_view kUnbuffered = "X-Accel-Buffering: no\r\n"; // nginx hands on what has come

bool has_field(std::string_view fields, std::string_view name)
{
    std::string_view value;
    return http::find_field(fields, name, value);
}

} // namespace

int HttpRequests::begin_events(HttpRequest &request, std::string_view fields)
{
    bool wants_close = false;
    if (int wrong = check_beginning(request, 200, fields, wants_close))
        return wrong;
    if (has_field(fields, "Content-Type"))
        return fail(WM_EINVAL, "bad header lines: Content-Type is text/event-stream, which the library writes");
    HeadBuffer buffer(kType.size() + kNoCache.size() + kUnbuffered.size() + fields.size());
    if (!buffer.data())
        return fail(WM_ENOMEM, "out of memory for a response head");
    size_t size = 0;
    auto put = [&](std::string_view text) {
        memcpy(buffer.data() + size, text.empty() ? "" : text.data(), text.size());
        size += text.size();
    };
    put(kType);
    if (!has_field(fields, "Cache-Control"))
        put(kNoCache);
    if (!has_field(fields, "X-Accel-Buffering"))
        put(kUnbuffered);
    put(fields);
    return send_head(request, {.status = 200, .fields = {buffer.data(), size}, .events = true}, wants_close);
}

/// wrong: the error of the event; nullptr: none.
int HttpRequests::check_events(const HttpRequest &request, const char *wrong)
{
    if (int code = check_stream(request))
        return code;
    if (!request.held->events)
        return fail(WM_ESTATE, "the answer is no stream of events: wm_request_event_begin begins one");
    return wrong ? fail(WM_EINVAL, "not an event: %s", wrong) : 0;
}

int HttpRequests::send_event(HttpRequest &request, const http::Event &event)
{
    for (std::string_view text : {event.data, event.id, event.type})
        if (int wrong = reactor_.outbox.check_size(text.size()))
            return wrong;
    if (int wrong = check_events(request, http::check_event(event)))
        return wrong;
    HeadBuffer buffer(http::event_size(event));
    if (!buffer.data())
        return fail(WM_ENOMEM, "out of memory for an event");
    return write(request, {buffer.data(), http::write_event(buffer.data(), event)});
}

int HttpRequests::send_comment(HttpRequest &request, std::string_view text)
{
    if (int wrong = reactor_.outbox.check_size(text.size()))
        return wrong;
    if (int wrong = check_events(request, http::check_comment(text)))
        return wrong;
    HeadBuffer buffer(http::comment_size(text));
    if (!buffer.data())
        return fail(WM_ENOMEM, "out of memory for a comment");
    return write(request, {buffer.data(), http::write_comment(buffer.data(), text)});
}

uint32_t HttpRequests::event_deadline(const Connection &conn)
{
    if (!is_sending(conn))
        return 0;
    const HeldAnswer &held = *http_session(conn).first->held;
    int64_t silence = conn.owner->options.event_keepalive_ms;
    if (!held.events || silence == 0)
        return 0;
    int64_t ticks = std::min<int64_t>((silence + Deadlines::kTickMs - 1) / Deadlines::kTickMs, INT32_MAX);
    return held.written_tick + static_cast<uint32_t>(ticks) + 1;
}

void HttpRequests::keep_events_alive(Connection &conn)
{
    HttpRequest &request = *http_session(conn).first;
    request.held->written_tick = reactor_.tick();
    if (conn.sent_all()) // else there is something for the peer to read
        write(request, http::kEmptyComment);
}

} // namespace wm
