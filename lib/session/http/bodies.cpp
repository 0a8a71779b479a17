// The part of HttpRequests that hands bodies on in pieces (stream_body), and discards what the host has answered too early to need.
#include "session/http/requests.h"

#include "conn/reactor.h"

#include <algorithm>
#include <cerrno>

namespace wm {

bool HttpRequests::deliver_head(Connection &conn, const http::Request &request)
{
    HttpRequest *added = add(conn, request);
    if (!added)
        return true;
    added->close_after = !request.keep_alive;
    added->slices.in_pieces = true;
    HttpSession &session = http_session(conn);
    if (session.access) [[unlikely]]
        note_arrival(*added);
    session.receiving = added;
    session.discard_left = static_cast<uint32_t>(conn.owner->options.max_discard);
    conn.set(kBodyInPieces);
    if (session.more_behind)
        session.parser.continued(); // the client has not waited (RFC 9110 §10.1.1)
    else if (session.parser.expects_continue())
        reactor_.todos.add(conn, kTodoBody);
    bool parts = conn.callback(&ConnCallbacks::part) || conn.owner->options.stream_parts != 0;
    if (parts && !begin_parts(conn, *added))
        return true;
    if (!hand_over(conn, *added, WM_KIND_HTTP_HEAD))
        return false;
    block_if_full(conn);
    return true;
}

/// Whether 100 Continue is of use to the request whose body is next: not behind the begin of its answer, which closes the connection then.
bool HttpRequests::awaits_body(const Connection &conn)
{
    const HttpRequest *request = http_session(conn).receiving;
    return request ? !request->answered : !conn.has(kBodyInPieces);
}

/// Sends 100 Continue, unless the host has begun an answer while it had the head.
void HttpRequests::resume_body(Connection &conn)
{
    HttpSession &session = http_session(conn);
    if (conn.state == ConnState::kOpen && session.parser.expects_continue() && awaits_body(conn))
        send_continue(conn);
}

size_t HttpRequests::deliver_piece(Connection &conn, const http::Request &piece, bool last)
{
    HttpSession &session = http_session(conn);
    session.continue_due = false; // the body arrives without it
    session.parser.continued();
    std::string_view data = piece.body;
    bool parts = session.receiving && session.receiving->parts();
    if (parts && !session.receiving->finished()) {
        deliver_parts(conn, data);
        if (conn.state != ConnState::kOpen || conn.has(kNoInput) || !has_http_session(conn))
            return 0; // nothing of it is wanted any more
        if (!data.empty() && session.receiving && !session.receiving->finished()) {
            block_if_full(conn);
            return data.size();
        }
        if (last && session.receiving && !session.receiving->finished() && !end_parts(conn, *session.receiving))
            return 0;
    }
    HttpRequest *request = session.receiving;
    if (last)
        conn.unset(kBodyInPieces);
    if (last && request)
        end_body(conn, *request, piece);
    if (!request || request->finished()) {
        discard(conn, data.size());
    } else if (last || !data.empty()) {
        uint64_t id = request->id;
        reactor_.dispatch.body(conn, parts ? std::string_view("") : data, last, id);
        tell_refused();
        if (last && conn.callback(&ConnCallbacks::body).fn)
            end_trailers(id);
    }
    block_if_full(conn);
    return 0;
}

/// The request is complete.
void HttpRequests::end_body(Connection &conn, HttpRequest &request, const http::Request &piece)
{
    http_session(conn).receiving = nullptr;
    if (request.close_after || (request.held && request.held->last))
        conn.set(kNoInput); // nothing that follows is a request (RFC 9112 §9.6)
    if (!has_room(conn))
        conn.set(kInputBlocked);
    start_answer_time(conn, request);
    if (std::string_view trailers = piece.trailers(); !trailers.empty()) {
        request.slices.body = {trailers.data(), 0};
        request.slices.trailers_size = piece.trailers_size;
        request.trailer_epoch = reactor_.slice_epoch;
    }
}

/// The callback that had the trailers has returned.
void HttpRequests::end_trailers(uint64_t id)
{
    Id parts = unpack_id(id);
    HttpRequest *request = table_.find(parts.slot, parts.generation);
    if (request && request->trailer_epoch != 0)
        request->trailer_epoch = HttpRequest::kEnded;
}

/// Whether the connection closes behind an answer that is given before the body is complete. Its rest is discarded, as far as that is
/// bounded, but not where the client has not been told to send it: whether it will is not known (RFC 9110 §10.1.1).
bool HttpRequests::closes_early(const HttpSession &session)
{
    return session.parser.expects_continue() || session.parser.left() > session.discard_left;
}

/// Drops a part of a body that is answered. Over max_discard the connection ends behind that answer.
void HttpRequests::discard(Connection &conn, size_t size)
{
    HttpSession &session = http_session(conn);
    if (size <= session.discard_left) {
        session.discard_left -= static_cast<uint32_t>(size);
        return;
    }
    if (session.count == 0) {
        reactor_.lifecycle.close(conn, WM_REASON_LIMIT, 0, "the body of an answered request is longer than max_discard");
        return;
    }
    session.last->close_after = true;
    conn.set(kNoInput);
}

/// A body that the host is being given is malformed, too long or late: that is the answer, unless the host has given one.
void HttpRequests::refuse_body(Connection &conn, int status, const char *text, int32_t reason)
{
    HttpSession &session = http_session(conn);
    const HttpRequest *request = session.receiving;
    conn.unset(kBodyInPieces);
    conn.phase_deadline = 0;
    if (!request) {
        reactor_.lifecycle.close(conn, reason, 0, text);
    } else if (request->answered && !request->finished()) {
        reactor_.lifecycle.reset(conn, reason); // a stream that looks whole would be worse
    } else if (request == session.first) {
        bool head_only = request->slices.head;
        AccessEntry::Owned entry = session.access ? take_entry(*request) : nullptr;
        pop(conn);
        refuse_now(conn, status, text, reason, head_only, std::move(entry));
    } else {
        session.last->close_after = true;
        refuse_behind(conn, status, text, reason);
    }
}

} // namespace wm
