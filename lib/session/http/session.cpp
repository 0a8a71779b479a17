#include "session/http/session.h"

#include "conn/reactor.h"
#include "proto/text/foreign_line.h"
#include "session/http/access_entry.h"
#include "session/sessions.h"

#include <new>

namespace wm {

bool holds_part_of_request(const Connection &conn)
{
    // Empty lines before a request are no part of it (RFC 9112 §2.2).
    return conn.tail && std::string_view(conn.tail->data(), conn.tail->size()).find_first_not_of("\r\n") != std::string_view::npos;
}

bool begins_with_head(std::string_view seen)
{
    size_t start = seen.find_first_not_of("\r\n");
    return start != std::string_view::npos && seen.substr(start).starts_with("HEAD ");
}

bool begin_http_session(Connection &conn)
{
    HttpSession *session = new (std::nothrow) HttpSession;
    conn.codec_state.make<HttpSession *>() = session;
    if (!session || !conn.owner->access_log)
        return session;
    session->access = new (std::nothrow) AccessSession(*conn.owner->access_log);
    if (session->access)
        return true;
    delete session; // no end follows
    return false;
}

void end_http_session(Connection &conn)
{
    conn.owner->reactor.sessions->requests.drop_all(conn);
    delete http_session(conn).access;
    delete &http_session(conn);
}

void turn_away_request(Connection &conn, const char *text)
{
    conn.owner->reactor.sessions->requests.refuse(conn, 503, text, WM_REASON_LIMIT, http_session(conn).head_method);
}

void note_tls_hello(const Connection &conn, std::string_view seen)
{
    if (!conn.io && text::begins_tls(seen))
        conn.owner->reactor.lifecycle.log_misdirected(conn, "TLS on a port without it: tls_cert and https:// or wss:// give it that");
}

} // namespace wm
