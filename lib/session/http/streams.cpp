// The part of HttpRequests that streams answers, and sends interim responses.
#include "session/http/requests.h"

#include "conn/reactor.h"
#include "core/error.h"
#include "proto/http/response_writer.h"
#include "session/http/head_buffer.h"

namespace wm {

using Coding = HeldAnswer::Coding;

/// Whether a stream goes on: 0 or an error.
int HttpRequests::check_stream(const HttpRequest &request)
{
    bool open = request.conn.state == ConnState::kOpen;
    if (open && request.held && request.held->open)
        return 0;
    if (open && !request.answered && !request.handshake)
        return fail(WM_ESTATE, "the answer has not begun: wm_request_respond_begin comes first");
    return fail(WM_ECLOSED, "the answer has ended, or its connection is gone");
}

/// Whether an answer that is streamed is before the request, or anywhere if it is nullptr.
bool HttpRequests::streams_before(const Connection &conn, const HttpRequest *request)
{
    for (const HttpRequest *at = http_session(conn).first; at != request; at = at->next)
        if (at->held && at->held->open)
            return true;
    return false;
}

/// The connection is to close behind the answer that has begun: nothing that follows is a request (RFC 9112 §9.6).
void HttpRequests::take_no_more(Connection &conn)
{
    if (http_session(conn).receiving)
        return; // end_body does it
    conn.set(kNoInput);
    http_session(conn).continue_due = false;
    if (!conn.has(kPeerEnded))
        conn.phase_deadline = 0; // no further head is read
    reactor_.lifecycle.update_read(conn);
}

int HttpRequests::begin(HttpRequest &request, const HttpBeginning &given)
{
    bool wants_close = false;
    if (int wrong = check_beginning(request, given.status, given.fields, wants_close))
        return wrong;
    return send_head(request, given, wants_close);
}

/// Sends or holds the head of a stream, which is open from here on.
int HttpRequests::send_head(HttpRequest &request, const HttpBeginning &given, bool close_after)
{
    Connection &conn = request.conn;
    bool front = in_turn(request);
    bool content = http::has_content(given.status) && !request.is_tunnel(given.status); // but for HEAD
    http::ResponseHead head;
    head.status = given.status;
    head.fields = given.fields;
    head.minor = request.slices.minor;
    head.says_keep_alive = request.slices.says_keep_alive;
    head.with_length = !request.is_tunnel(given.status) && (given.length >= 0 || !content);
    head.content_length = given.length >= 0 ? static_cast<uint64_t>(given.length) : 0;
    head.chunked = given.length < 0 && content && head.minor > 0;
    bool until_close = given.length < 0 && content && head.minor == 0 && !request.slices.head;
    bool untold = http_session(conn).receiving == &request && http_session(conn).parser.expects_continue(); // as in closes_early()
    close_after = close_after || request.close_after || until_close || untold;
    bool last = front && is_last(conn);
    head.keep_alive = !close_after && !last;
    HeadBuffer buffer(http::head_bound(given.fields.size()));
    if (!buffer.data() || !make_room(request, 0))
        return fail(WM_ENOMEM, "out of memory for a response head");
    std::string_view text(buffer.data(),
                          static_cast<size_t>(http::write_rest(write_start(buffer.data(), given.status), head) - buffer.data()));
    size_t before = request.held->size;
    int result = front ? reactor_.outbox.write(conn, text, {}, 0, false) : hold(request, {text, {}, {}});
    if (result < 0)
        return result;
    note_answer(request, given.status, 0);
    HeldAnswer &held = *request.held;
    held.head = before;
    held.open = true;
    held.last = last;
    held.left = given.length;
    held.events = given.events;
    held.written_tick = reactor_.tick();
    held.coding = !content || request.slices.head ? Coding::kNothing : head.chunked ? Coding::kChunked : Coding::kPlain;
    request.answered = true;
    request.close_after = close_after;
    if (front && !head.keep_alive)
        take_no_more(conn);
    reactor_.expiry.update(conn); // request_timeout_ms has ended for it, event_keepalive_ms has begun
    return result;
}

/// The turn of a stream has come that has held what was written.
void HttpRequests::continue_held(HttpRequest &request, bool last)
{
    Connection &conn = request.conn;
    HeldAnswer &held = *request.held;
    held.last = last;
    held.written_tick = reactor_.tick();
    if (held.refused)
        reactor_.outbox.press(conn); // buffer_drain follows, as it does for WM_EFULL in turn
    held.refused = false;
    if (last || request.close_after)
        take_no_more(conn);
    reactor_.expiry.update(conn);
}

/// Holds parts of an answer until its turn.
int HttpRequests::hold(HttpRequest &request, const Outbox::Parts &parts)
{
    Connection &conn = request.conn;
    size_t len = parts[0].size() + parts[1].size() + parts[2].size();
    size_t held = request.held ? request.held->size : 0;
    size_t limit = static_cast<size_t>(conn.options().send_high_water);
    int wrong =
        len > limit || held > limit - len
            ? fail(WM_EFULL, "the answer waits for those before it, and with %zu bytes more it would hold %zu, over send_high_water (%zu)",
                   len, held + len, limit)
            : check_hold(conn, len);
    if (wrong != 0) {
        if (request.held)
            request.held->refused = request.held->open;
        return wrong;
    }
    if (!make_room(request, len))
        return fail(WM_ENOMEM, "out of memory to hold %zu bytes of an answer", len);
    for (std::string_view part : parts)
        request.held->append(part);
    held_more(conn);
    return 0;
}

int HttpRequests::write(HttpRequest &request, std::string_view data)
{
    if (int wrong = check_stream(request))
        return wrong;
    const HeldAnswer &held = *request.held; // at another place once more is held
    bool announced = held.left >= 0;
    if (announced && data.size() > static_cast<size_t>(held.left))
        return fail(WM_EMSGSIZE, "%zu bytes are over the announced length, of which %lld are left", data.size(),
                    static_cast<long long>(held.left));
    int result = 0;
    if (!data.empty() && held.coding != Coding::kNothing) {
        char size[http::kMaxChunkSize];
        bool chunked = held.coding == Coding::kChunked;
        std::string_view head(size, chunked ? http::write_chunk_size(size, data.size()) : 0);
        result = send_parts(request, {head, data, chunked ? http::kChunkEnd : std::string_view()});
        if (result >= 0)
            note_body(request, data.size());
    }
    if (result >= 0 && announced)
        request.held->left -= static_cast<int64_t>(data.size());
    return result;
}

/// Sends a part of a stream in its turn, else holds it.
int HttpRequests::send_parts(HttpRequest &request, const Outbox::Parts &parts)
{
    Connection &conn = request.conn;
    if (!in_turn(request))
        return hold(request, parts);
    int result = reactor_.outbox.write_parts(conn, parts);
    if (result >= 0)
        request.held->written_tick = reactor_.tick();
    if (conn.has(kPeerEnded) && result == 0)
        reactor_.lifecycle.write_progressed(conn); // what waits for the kernel moves the deadline as it leaves
    return result;
}

int HttpRequests::end(HttpRequest &request)
{
    if (int wrong = check_stream(request))
        return wrong;
    Connection &conn = request.conn;
    HeldAnswer &held = *request.held;
    if (held.left > 0 && held.coding != Coding::kNothing) {
        long long left = held.left;
        reactor_.lifecycle.reset(conn, WM_REASON_LOCAL);
        return fail(WM_EMSGSIZE, "the answer ends %lld bytes before the announced length, so its connection is reset", left);
    }
    std::string_view last_chunk = held.coding == Coding::kChunked ? http::kLastChunk : std::string_view();
    if (!in_turn(request))
        return end_held(request, last_chunk);
    if (!last_chunk.empty())
        if (int wrong = reactor_.outbox.write(conn, {}, last_chunk, 0, true); wrong < 0)
            return wrong;
    bool close_after = request.close_after;
    held.open = false;
    complete(conn, close_after, held.last || (!close_after && is_last(conn)));
    return 0;
}

int HttpRequests::end_held(HttpRequest &request, std::string_view last_chunk)
{
    if (!make_room(request, last_chunk.size()))
        return fail(WM_ENOMEM, "out of memory for the end of an answer");
    request.held->append(last_chunk);
    request.held->open = false;
    if (request.kept)
        free_kept(request.conn, request);
    held_more(request.conn);
    return 0;
}

int HttpRequests::abort(HttpRequest &request)
{
    if (int wrong = check_stream(request))
        return wrong;
    reactor_.lifecycle.reset(request.conn, WM_REASON_LOCAL);
    return 0;
}

int HttpRequests::inform(HttpRequest &request, int status, std::string_view fields)
{
    if (request.answered || request.handshake || request.conn.state != ConnState::kOpen)
        return not_answerable(request);
    if (status < 102 || status > 199)
        return fail(WM_EINVAL, "status %d is not from 102 to 199: the library sends 100 itself, and 101 belongs to an upgrade", status);
    if (int wrong = reactor_.outbox.check_size(fields.size()))
        return wrong;
    if (const char *wrong = http::check_interim_fields(fields))
        return fail(WM_EINVAL, "bad header lines: %s", wrong);
    if (request.slices.minor == 0)
        return 0; // RFC 9110 §15.2: an HTTP/1.0 client does not know them
    HeadBuffer buffer(http::interim_bound(fields.size()));
    if (!buffer.data())
        return fail(WM_ENOMEM, "out of memory for an interim response");
    std::string_view text(buffer.data(), http::write_interim(buffer.data(), status, fields));
    return in_turn(request) ? reactor_.outbox.write(request.conn, text, {}, 0, false) : hold(request, {text, {}, {}});
}

} // namespace wm
