// The part of HttpRequests that holds answers until their turn.
#include "session/http/requests.h"

#include "conn/reactor.h"
#include "core/error.h"
#include "session/http/head_buffer.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace wm {

/// Whether a connection may hold so many bytes more: 0 or an error.
int HttpRequests::check_hold(const Connection &conn, size_t len)
{
    const HttpSession &session = http_session(conn);
    size_t limit = static_cast<size_t>(conn.options().max_send_buffer);
    if (session.stored > limit)
        return fail(WM_EFULL, "%zu bytes of answers wait for those before them, over max_send_buffer (%zu)", session.stored, limit);
    if (int wrong = reactor_.outbox.check_size(len))
        return wrong;
    return fits(len) ? 0 : no_room(len);
}

/// Room for so many bytes behind those that are held; false when out of memory.
bool HttpRequests::make_room(HttpRequest &request, size_t len)
{
    size_t had = request.held ? request.held->capacity : 0;
    size_t need = len + (request.held ? request.held->size : 0);
    if (request.held && need <= had)
        return true;
    size_t capacity = fits(had) ? std::max(need, 2 * had) : need;
    HeldAnswer *held = HeldAnswer::resize(request.held, capacity);
    if (!held)
        return false;
    request.held = held;
    request.owns = true;
    http_session(request.conn).stored += capacity - had;
    held_ += capacity - had;
    return true;
}

/// The request leaves: what it holds counts no more.
void HttpRequests::let_go(Connection &conn, HttpRequest &request)
{
    HttpSession &session = http_session(conn);
    if (conn.has(kForwarded) && session.count == 0 && std::exchange(reactor_.told_peers[conn.slot].counts, false))
        conn.owner->count_as(conn, nullptr); // a connection that waits is the proxy's
    if (session.access)
        release_entry(request);
    if (request.kept)
        free_kept(conn, request);
    if (!request.held)
        return;
    end_files(conn, request);
    const HeldAnswer &held = *request.held;
    session.stored -= held.capacity;
    held_ -= held.capacity;
    reactor_.file_total -= held.file.fd >= 0;
    reactor_.retire(held.user, held.destroy_user);
}

/// The bytes have left.
void HttpRequests::free_held_bytes(Connection &conn, HttpRequest &request)
{
    size_t had = request.held->capacity;
    request.held->size = request.held->head = 0;
    if (HeldAnswer *smaller = had > 0 ? HeldAnswer::resize(request.held, 0) : nullptr) {
        request.held = smaller;
        http_session(conn).stored -= had;
        held_ -= had;
    }
}

/// Pauses reading at a limit of what is held, and else resumes it: the answer may have let a kept request go.
void HttpRequests::held_more(Connection &conn)
{
    if (has_room(conn))
        unblock(conn);
    else
        block(conn);
}

/// Holds a whole answer. Takes the descriptor of a file that follows the body, if it returns 0.
int HttpRequests::store(HttpRequest &request, std::string_view head, std::string_view body, bool exempt, const FileRange *file)
{
    Connection &conn = request.conn;
    size_t len = head.size() + body.size();
    if (int wrong = exempt ? 0 : check_hold(conn, len))
        return wrong;
    if (!make_room(request, len))
        return fail(WM_ENOMEM, "out of memory for a response of %zu bytes", body.size());
    request.held->head = request.held->size;
    request.held->append(head);
    request.held->append(body);
    if (file) {
        request.held->take_file(*file);
        reactor_.file_total++;
    }
    request.answered = true;
    if (request.kept)
        free_kept(conn, request); // last: the answer may have been made of its slices
    held_more(conn);
    return 0;
}

/// Writes the held answers that are next in line.
void HttpRequests::write_waiting(Connection &conn)
{
    HttpSession &session = http_session(conn);
    while (conn.state == ConnState::kOpen && session.first && session.first->held) {
        HttpRequest &request = *session.first;
        bool close_after = request.close_after;
        bool last = request.answered && !close_after && is_last(conn);
        if (!write_held(conn, request, last)) {
            reactor_.lifecycle.destroy(conn, WM_REASON_ERROR,
                                       ENOMEM); // a missing answer would pair all later answers with the wrong requests
            return;
        }
        begin_entry(request);
        if (!request.answered || request.held->open)
            break;
        pop(conn);
        if (close_after || last)
            reactor_.lifecycle.close(conn, close_after ? WM_REASON_LOCAL : WM_REASON_STOP, 0, {});
    }
    if (conn.state != ConnState::kOpen)
        return;
    session.continue_due = session.continue_due && awaits_body(conn);
    if (session.owed() == 0 && session.continue_due)
        send_continue(conn);
    if (session.owed() == 0 && conn.has(kPeerEnded))
        reactor_.lifecycle.close(conn, WM_REASON_PEER, 0, {});
    else
        unblock(conn);
}

/// Writes what the oldest request holds. last: its head says that the connection closes. False when out of memory.
bool HttpRequests::write_held(Connection &conn, HttpRequest &request, bool last)
{
    HeldAnswer &held = *request.held;
    std::string_view rest = held.bytes();
    if (last) {
        std::string_view interim = rest.substr(0, held.head);
        std::string_view head = rest.substr(held.head, rest.find("\r\n\r\n", held.head) + 4 - held.head);
        HeadBuffer buffer(http::closing_bound(head.size()));
        if (!buffer.data() || reactor_.outbox.write(conn, {}, interim, 0, true) < 0)
            return false;
        std::string_view closing(buffer.data(), http::write_closing(buffer.data(), head));
        if (reactor_.outbox.write(conn, {}, closing, 0, true) < 0)
            return false;
        rest.remove_prefix(held.head + head.size());
    }
    if (!rest.empty() && reactor_.outbox.write(conn, {}, rest, 0, true) < 0)
        return false;
    if (held.file.fd >= 0) {
        if (send_file(conn, held.file) < 0)
            return false;
        held.file.fd = -1;
        reactor_.file_total--; // the queue counts it
    }
    free_held_bytes(conn, request);
    if (request.held->open)
        continue_held(request, last);
    return true;
}

} // namespace wm
