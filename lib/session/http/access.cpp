// The part of HttpRequests that feeds the access log.
#include "session/http/requests.h"

#include "conn/reactor.h"
#include "proto/http/fields.h"
#include "session/http/access_log.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <sys/socket.h>
#include <utility>

namespace wm {

namespace {

AccessRequest access_request(const http::Request &slices)
{
    AccessRequest out;
    out.method = slices.method;
    out.target = slices.target;
    out.version = slices.minor == 0 ? "HTTP/1.0" : "HTTP/1.1";
    out.host = slices.authority;
    http::find_field(slices.fields, "Referer", out.referer);
    http::find_field(slices.fields, "User-Agent", out.user_agent);
    return out;
}

/// When the head ended that began_ms, of the session, is about; 0: now.
int64_t began_us(uint32_t began_ms)
{
    int64_t now = AccessEntry::now_us();
    return began_ms == 0 ? now : now - int64_t{static_cast<uint32_t>(now / 1000) - began_ms} * 1000;
}

} // namespace

void HttpRequests::note_peer(Connection &conn, const SocketAddress &peer)
{
    if (!has_http_session(conn) || !http_session(conn).access)
        return;
    AccessSession &session = *http_session(conn).access;
    int size = peer.storage.ss_family == AF_UNIX ? snprintf(session.ip, sizeof session.ip, "unix:") : format_ip(peer.storage, session.ip);
    session.ip_size = static_cast<uint8_t>(size);
}

void HttpRequests::note_head_end(Connection &conn)
{
    AccessSession &session = *http_session(conn).access;
    if (session.head_ended_ms == 0)
        session.head_ended_ms = std::max(static_cast<uint32_t>(AccessEntry::now_us() / 1000), 1u);
}

void HttpRequests::note_arrival(HttpRequest &request)
{
    keep_entry(request, make_entry(request.conn, access_request(request.slices)));
}

AccessEntry::Owned HttpRequests::make_entry(Connection &conn, AccessRequest request)
{
    AccessSession &session = *http_session(conn).access;
    request.ip = session.peer();
    AccessEntry::Owned entry = AccessEntry::make(request, began_us(std::exchange(session.head_ended_ms, 0)));
    if (!entry)
        session.log.lose();
    return entry;
}

/// Keeps it until the request leaves, and counts it among what the connection holds.
void HttpRequests::keep_entry(HttpRequest &request, AccessEntry::Owned entry)
{
    if (!entry)
        return;
    request.owns = true;
    AccessSession &session = *http_session(request.conn).access;
    entry->of = request.id;
    session.logged += static_cast<uint32_t>(entry->size());
    held_ += entry->size();
    session.append(entry.release());
}

/// Of a request that is refused, or of the handshake that waits: `seen` is the part of it that has come; empty: what the connection holds.
AccessEntry::Owned HttpRequests::make_refused_entry(Connection &conn, std::string_view seen)
{
    if (!http_session(conn).access)
        return nullptr;
    if (HttpRequest *first = http_session(conn).first; first && first->handshake)
        return take_entry(*first);
    if (seen.empty() && conn.tail)
        seen = {conn.tail->data(), conn.tail->size()};
    return make_entry(conn, read_invalid_head(seen));
}

void HttpRequests::answer_entry(const HttpRequest &request, int status, uint64_t bytes)
{
    const HttpSession &session = http_session(request.conn);
    if (AccessEntry *entry = session.access ? session.access->find(request.id) : nullptr) {
        entry->status = status;
        entry->bytes = bytes;
        entry->begun = &request == session.first;
    }
}

/// As note_answer() of an answer that is about to be written or stored. forget_answer() where it is not taken.
void HttpRequests::note_given(const HttpRequest &request, const HttpAnswer &given)
{
    answer_entry(request, given.status, request.has_body(given.status) ? given.body.size() : 0);
}

void HttpRequests::forget_answer(const HttpRequest &request)
{
    const AccessSession *session = http_session(request.conn).access;
    if (AccessEntry *entry = session ? session->find(request.id) : nullptr)
        entry->begun = false;
}

void HttpRequests::note_body(const HttpRequest &request, uint64_t bytes)
{
    const AccessSession *session = http_session(request.conn).access;
    if (AccessEntry *entry = session ? session->find(request.id) : nullptr)
        entry->bytes += bytes;
}

/// The answer that was held has left.
void HttpRequests::begin_entry(const HttpRequest &request)
{
    const AccessSession *session = http_session(request.conn).access;
    if (AccessEntry *entry = session && request.answered ? session->find(request.id) : nullptr)
        entry->begun = true;
}

AccessEntry::Owned HttpRequests::take_entry(const HttpRequest &request)
{
    AccessSession &session = *http_session(request.conn).access;
    AccessEntry::Owned entry = session.take(request.id);
    size_t size = entry ? entry->size() : 0;
    session.logged -= static_cast<uint32_t>(size);
    held_ -= size;
    return entry;
}

/// The request leaves: writes its line, if its answer has left.
void HttpRequests::release_entry(const HttpRequest &request)
{
    AccessEntry::Owned entry = take_entry(request);
    if (entry && entry->begun)
        write_entry(request.conn, *entry, entry->status, entry->bytes);
}

void HttpRequests::write_entry(const Connection &conn, const AccessEntry &entry, int status, uint64_t bytes)
{
    const Endpoint &owner = *conn.owner;
    AccessAnswer answer = {
        status, bytes, std::max<int64_t>(AccessEntry::now_us() - entry.began_us, 0), {}, owner.options.name, Dispatch::id_of(conn)};
    clock_gettime(CLOCK_REALTIME, &answer.when);
    char line[kMaxAccessLine];
    auto write = owner.options.access_log_format == "json" ? write_json_line : write_combined_line;
    AccessLog &log = http_session(conn).access->log;
    size_t size = write(line, entry.request(), answer, log.time());
    int64_t due = log.due_ms();
    log.add({line, size}, reactor_.loop.now_ms());
    if (log.due_ms() != due)
        reactor_.deadline_moved();
}

} // namespace wm
