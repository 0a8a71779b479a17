#include "session/http/requests.h"

#include "conn/reactor.h"
#include "core/error.h"
#include "net/transport.h"
#include "proto/http/fields.h"
#include "proto/http/response_writer.h"
#include "session/http/head_buffer.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace wm {

namespace {

/// Bytes of a copy: from the method to the last field, the body and the trailers.
size_t size_to_keep(const http::Request &slices)
{
    size_t head = static_cast<size_t>(slices.fields.data() + slices.fields.size() - slices.method.data());
    return head + slices.body.size() + slices.trailers_size + 1;
}

size_t values_size(const HttpRequest &request)
{
    return request.values ? request.values->bytes : 0;
}

} // namespace

void HttpRequest::free_copies()
{
    free(kept);
    HeldAnswer::destroy(held);
    delete values;
}

bool HttpRequest::field_at(size_t index, std::string_view &name, std::string_view &value)
{
    if (index < field_index)
        field_index = field_cursor = 0;
    for (size_t cursor = field_cursor; http::field_at(slices.fields, cursor, name, value); field_index++) {
        if (field_index == index)
            return true;
        field_cursor = static_cast<uint32_t>(cursor);
    }
    return false;
}

inline HttpRequest *HttpRequests::append(Connection &conn, const http::Request &slices)
{
    uint32_t slot = table_.acquire(slices, conn, reactor_.slice_epoch);
    if (slot == table_.kNone) {
        reactor_.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
        return nullptr;
    }
    HttpRequest *request = table_.at(slot);
    request->slot = slot;
    request->id = pack_id(IdKind::kRequest, reactor_.index(), slot, table_.generation_of(slot));
    HttpSession &session = http_session(conn);
    (session.last ? session.last->next : session.first) = request;
    session.last = request;
    session.count++;
    if (conn.has(kForwarded)) [[unlikely]]
        request->owns = true; // let_go() counts
    return request;
}

HttpRequest *HttpRequests::add(Connection &conn, const http::Request &slices)
{
    return append(conn, slices);
}

void HttpRequests::drop_all(Connection &conn)
{
    if (conn.has(kForwarded))
        reactor_.told_peers[conn.slot].counts = false; // a websocket goes on being its client's
    while (http_session(conn).first)
        pop(conn);
}

bool HttpRequests::deliver(Connection &conn, const http::Request &request)
{
    HttpRequest *added = append(conn, request);
    if (!added)
        return true;
    added->close_after = !request.keep_alive;
    if (!request.keep_alive)
        conn.set(kNoInput);                  // nothing that follows is a request (RFC 9112 §9.6)
    http_session(conn).continue_due = false; // the body arrived without it
    if (http_session(conn).access) [[unlikely]]
        note_arrival(*added);
    start_answer_time(conn, *added);
    if (!has_room(conn))
        conn.set(kInputBlocked);
    if (!hand_over(conn, *added, WM_KIND_HTTP)) [[unlikely]]
        return false;
    block_if_full(conn);
    return true;
}

bool HttpRequests::fits(size_t len) const
{
    return len <= reactor_.max_kept_total && held_ <= reactor_.max_kept_total - len;
}

int HttpRequests::no_room(size_t len) const
{
    return fail(WM_EFULL, "kept requests and stored answers take %zu bytes, and %zu more are over max_kept_total (%zu)", held_, len,
                reactor_.max_kept_total);
}

/// Whether a connection that holds kept requests or stored answers may have another request. At max_kept_total
/// those that hold nothing go on: their requests can be answered at once. So each one that waits has a request
/// whose answer resumes it.
bool HttpRequests::may_hold_more(const Connection &conn) const
{
    const HttpSession &session = http_session(conn);
    size_t logged = session.access ? session.access->logged : 0;
    if (session.kept + session.stored + logged == 0)
        return true;
    return held_ < reactor_.max_kept_total && session.kept <= static_cast<size_t>(conn.options().max_message) &&
           session.stored <= static_cast<size_t>(conn.options().max_send_buffer);
}

/// Pauses reading until unblock().
void HttpRequests::block(Connection &conn)
{
    if (conn.state != ConnState::kOpen)
        return;
    conn.set(kInputBlocked);
    reactor_.lifecycle.update_read(conn);
}

void HttpRequests::unblock(Connection &conn)
{
    if (!conn.has(kInputBlocked) || !has_room(conn) || conn.has(kAboveHighWater) || conn.sends_file() || conn.state != ConnState::kOpen)
        return;
    conn.unset(kInputBlocked);
    reactor_.inbox.resume_parsing(conn);
    reactor_.lifecycle.update_read(conn);
}

void HttpRequests::end_slices(uint64_t id)
{
    Id parts = unpack_id(id);
    if (HttpRequest *request = table_.find(parts.slot, parts.generation))
        end_slices(*request);
}

void HttpRequests::send_continue(Connection &conn)
{
    HttpSession &session = http_session(conn);
    session.continue_due = session.owed() > 0;
    if (session.continue_due)
        return; // until then an answer may begin early, which looks at the parser
    session.parser.continued();
    reactor_.outbox.write(conn, {}, kContinue, 0, true);
    watch_arrival(conn, true);
}

void HttpRequests::write_date(time_t now)
{
    http::format_date(now, date_);
    date_time_ = now;
    start_status_ = 0;
}

http::KnownHead *HttpRequests::known_head(const Connection &conn)
{
    // calloc's pages are mapped on first touch.
    if (!known_heads_)
        known_heads_.reset(static_cast<http::KnownHead *>(calloc(kKnownHeads, sizeof(http::KnownHead))));
    if (!known_heads_)
        return nullptr;
    http::KnownHead &known = known_heads_[conn.slot % kKnownHeads];
    if (uint64_t id = Dispatch::id_of(conn); known.owner != id) {
        known.owner = id;
        known.size = known.lines = 0;
        known.misses = known.pause = 0;
    }
    return &known;
}

// ---- answers

int HttpRequests::answer(HttpRequest &request, const HttpAnswer &given, bool wants_close)
{
    Connection &conn = request.conn;
    bool close_after = wants_close || closes_behind(request);
    http::ResponseHead head;
    head.status = given.status;
    head.fields = given.fields;
    head.content_length = given.body.size();
    bool tunnel = request.is_tunnel(given.status);
    head.with_length = !tunnel;
    head.minor = request.slices.minor;
    head.says_keep_alive = request.slices.says_keep_alive;
    head.default_type = given.default_type;
    bool front = &request == http_session(conn).first;
    bool last = front && is_last(conn);
    head.keep_alive = !close_after && !last;
    size_t bound = http::head_bound(given.fields.size());
    char *place = front ? reactor_.outbox.place_behind(conn, bound + given.body.size()) : nullptr;
    HeadBuffer buffer(place ? 0 : bound);
    char *out = place ? place : buffer.data();
    if (!out)
        return fail(WM_ENOMEM, "out of memory for a response head");
    std::string_view text(out, static_cast<size_t>(http::write_rest(write_start(out, given.status), head) - out));
    bool has_body = !request.slices.head && http::has_content(given.status) && !tunnel; // RFC 9110 §6.4.1
    std::string_view body = has_body ? given.body : std::string_view();
    if (request.owns) [[unlikely]] // before the write, across which nothing has to be kept for it
        note_given(request, given);
    int result = front ? reactor_.outbox.write(conn, text, body, given.flags, given.exempt) : store(request, text, body, given.exempt);
    if (result < 0) {
        if (request.owns)
            forget_answer(request);
        return result; // not taken: the request waits for another answer
    }
    if (front)
        complete(conn, close_after, last);
    else
        request.close_after = close_after;
    return result;
}

/// Whether no other request of the connection is pending behind its only one.
bool HttpRequests::nothing_follows(const Connection &conn) const
{
    const HttpSession &session = http_session(conn);
    if (session.count != 1)
        return false;
    if (conn.has(kNoInput) || reactor_.ending.late())
        return true;
    // During the message callback only the parser knows: the tail is updated afterwards.
    bool more = session.current ? session.more_behind : holds_part_of_request(conn);
    return !more && !io::has_input(conn.io, conn.fd());
}

int HttpRequests::not_answerable(const HttpRequest &request)
{
    if (request.handshake)
        return fail(WM_ECLOSED, "a handshake is answered by wm_handshake_accept or _reject");
    if (request.conn.state == ConnState::kOpen && request.held && request.held->open)
        return fail(WM_ESTATE, "the answer has begun: wm_request_respond_write and _end go on with it");
    return fail(WM_ECLOSED, "the request is answered or gone");
}

/// Whether an answer of the host's can begin: 0 or an error.
[[gnu::always_inline]] inline int HttpRequests::check_answer(const HttpRequest &request, int status, std::string_view fields,
                                                             bool &wants_close)
{
    if (request.answered || request.handshake || request.conn.state != ConnState::kOpen)
        return not_answerable(request);
    if (status < 200 || status > 599)
        return fail(WM_EINVAL, "status %d is not from 200 to 599", status);
    if (fields.empty())
        return 0;
    if (int wrong = request.conn.owner->reactor.outbox.check_size(fields.size()))
        return wrong;
    if (const char *wrong = http::check_fields(fields, wants_close))
        return fail(WM_EINVAL, "bad header lines: %s", wrong);
    return 0;
}

int HttpRequests::respond(HttpRequest &request, const HttpAnswer &given)
{
    bool wants_close = false;
    if (int wrong = check_answer(request, given.status, given.fields, wants_close))
        return wrong;
    return answer(request, given, wants_close);
}

int HttpRequests::check_beginning(const HttpRequest &request, int status, std::string_view fields, bool &wants_close)
{
    return check_answer(request, status, fields, wants_close);
}

HttpRequest *HttpRequests::oldest_unanswered(const Connection &conn)
{
    HttpRequest *request = http_session(conn).first;
    while (request && request->answered)
        request = request->next;
    return request;
}

uint32_t HttpRequests::answer_deadline(const Connection &conn)
{
    const HttpRequest *request = oldest_unanswered(conn);
    return request ? request->answer_by : 0;
}

int HttpRequests::respond_oldest(Connection &conn, std::string_view body, int32_t flags)
{
    HttpRequest *request = oldest_unanswered(conn);
    if (request != http_session(conn).first && streams_before(conn, request)) [[unlikely]]
        return fail(WM_ESTATE, "an answer of this connection is being streamed: wm_request_respond_write goes on with it");
    if (!request)
        return fail(WM_ESTATE, "no request of this connection waits for an answer");
    return answer(*request, {.status = 200, .fields = {}, .body = body, .flags = flags, .default_type = true});
}

int HttpRequests::keep(HttpRequest &request)
{
    if (request.slice_epoch == HttpRequest::kKept)
        return 0;
    if (!readable(request))
        return fail(WM_ESTATE, "the request's slices have ended: keep it in the callback, or before the next poll");
    const http::Request &old = request.slices;
    const char *begin = old.method.data();
    const char *end = old.fields.data() + old.fields.size();
    size_t head_len = static_cast<size_t>(end - begin);
    size_t own = size_to_keep(old);
    size_t len = own + values_size(request);
    if (!fits(len))
        return no_room(len);
    char *copy = static_cast<char *>(malloc(own));
    if (!copy)
        return fail(WM_ENOMEM, "out of memory to keep a request");
    memcpy(copy, begin, head_len);
    if (size_t size = old.body.size() + old.trailers_size; size > 0)
        memcpy(copy + head_len, old.body.data(), size);
    http::Request kept = old;
    for (std::string_view *slice : {&kept.method, &kept.target, &kept.path, &kept.query, &kept.fields, &kept.authority})
        if (slice->data() >= begin && slice->data() <= end) // the "/" of an absolute form without a path is a literal
            *slice = {copy + (slice->data() - begin), slice->size()};
    kept.body = {copy + head_len, old.body.size()};
    request.kept = copy;
    request.owns = true;
    request.kept_size = own;
    request.slices = kept;
    request.slice_epoch = HttpRequest::kKept;
    request.trailer_epoch = 0;
    if (request.values)
        request.values->leave_list();
    http_session(request.conn).kept += len;
    held_ += len;
    if (!has_room(request.conn))
        block(request.conn);
    return 0;
}

int HttpRequests::set_user(HttpRequest &request, void *user, wm_destroy_fn destroy)
{
    if (request.answered && !(request.held && request.held->open))
        return not_answerable(request);
    if (!make_room(request, 0) || !reactor_.reserve_retire(destroy))
        return fail(WM_ENOMEM, "out of memory for the user of a request");
    reactor_.retire(request.held->user, request.held->destroy_user);
    request.held->user = user;
    request.held->destroy_user = destroy;
    return 0;
}

void HttpRequests::free_kept(Connection &conn, HttpRequest &request)
{
    size_t len = request.kept_size + values_size(request);
    http_session(conn).kept -= len;
    held_ -= len;
    free(request.kept);
    request.kept = nullptr;
    drop_values(request);
    request.slice_epoch = HttpRequest::kEnded;
}

} // namespace wm
