/**
 * @file
 * HTTP above the parser: gives requests ids and sends answers in the order of the requests. Owned by
 * Sessions; the app's thread.
 */
#ifndef WM_SESSION_HTTP_REQUESTS_H
#define WM_SESSION_HTTP_REQUESTS_H

#include "conn/reactor.h"
#include "core/id.h"
#include "core/log.h"
#include "core/slot_table.h"
#include "proto/http/event_stream.h"
#include "proto/http/forwarded.h"
#include "proto/http/known_head.h"
#include "proto/http/response_writer.h"
#include "proto/websocket/handshake.h"
#include "session/http/access_entry.h"
#include "session/http/held_answer.h"
#include "session/http/request_parts.h"
#include "session/http/request_values.h"
#include "session/http/session.h"

#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string_view>

namespace wm {

/// A request from its arrival until its answer is sent.
struct HttpRequest {
    static constexpr uint64_t kKept = 0; ///< value of slice_epoch: the slices are copies that the request owns
    static constexpr uint64_t kEnded = UINT64_MAX;

    http::Request slices;
    Connection &conn;            ///< outlives it: the session takes its requests along
    uint64_t id;                 ///< as the host has it
    uint64_t slice_epoch;        ///< the slices are valid while Reactor::slice_epoch is equal
    uint64_t trailer_epoch = 0;  ///< likewise of the trailers of a body in pieces; 0: as the other slices
    char *kept = nullptr;        ///< the copied bytes of wm_request_keep
    HeldAnswer *held = nullptr;  ///< of the answer, because earlier requests are unanswered or because it is streamed; and the host's user
    HttpRequest *next = nullptr; ///< of the same connection
    RequestValues *values = nullptr; ///< that the host has asked for
    uint32_t field_index = 0;        ///< of the header line that field_at() was asked for last
    uint32_t field_cursor = 0;       ///< where it begins
    size_t kept_size;                ///< bytes that count for kept, while that is set
    uint32_t answer_by = 0;          ///< deadline in ticks (request_timeout_ms); 0: none
    bool answered = false;           ///< all of the answer is given, or it has begun
    bool close_after = false;
    bool handshake = false;              ///< a websocket's: accept_handshake or reject_handshake answers it
    bool owns = false;                   ///< kept, held or values may be set, or it is logged
    uint32_t slot = 0;                   ///< of the table, as in id
    char accept[websocket::kAcceptSize]; ///< handshake: the answer's Sec-WebSocket-Accept

    HttpRequest(const http::Request &of, Connection &on, uint64_t epoch) : slices(of), conn(on), id(0), slice_epoch(epoch) {}
    /// All of the answer is given.
    bool finished() const { return answered && !(held && held->open); }

    HttpRequest(const HttpRequest &) = delete;
    HttpRequest &operator=(const HttpRequest &) = delete;
    ~HttpRequest()
    {
        if (owns) [[unlikely]]
            free_copies();
    }

    /// Of a form in pieces; nullptr: there are none, or a callback has them.
    RequestParts *parts() const { return held ? held->parts : nullptr; }
    /// Whether it is CONNECT, and an answer with that status 2xx: a tunnel would follow, no content and no Content-Length do
    /// (RFC 9110 §9.3.6).
    bool is_tunnel(int status) const { return slices.connect && status < 300; }
    /// Whether an answer with that status has its body (RFC 9110 §6.4.1).
    bool has_body(int status) const { return !slices.head && http::has_content(status) && !is_tunnel(status); }

    /// The header field at index. One walk over them all reads each once. False: index is past the last one.
    bool field_at(size_t index, std::string_view &name, std::string_view &value);

private:
    void free_copies();
};

static_assert(sizeof(HttpRequest) == 256, "SlotTable finds one by a shift");

/// An answer, of the host or in its place.
struct HttpAnswer {
    int status;
    std::string_view fields;
    std::string_view body;
    int32_t flags = 0;         ///< WM_SEND_...
    bool default_type = false; ///< as ResponseHead::default_type
    bool exempt = false;       ///< from limits
};

/// What a streamed answer begins with.
struct HttpBeginning {
    int status;
    std::string_view fields;
    int64_t length = -1; ///< of the body; < 0: not known
    bool events = false;
};

/// A file as an answer.
struct FileAnswer {
    int status;
    std::string_view fields;
    FileRange range;   ///< len: SIZE_MAX: to the end
    int32_t flags = 0; ///< WM_SEND_..., WM_FILE_...
};

struct Representation;

class HttpRequests {
public:
    HttpRequests(Reactor &reactor, uint32_t generation_base) : reactor_(reactor), table_(generation_base) {}

    HttpRequest *find(uint32_t slot, uint32_t generation) { return table_.find(slot, generation); }
    /// Whether its slices can be read.
    bool readable(const HttpRequest &request) const
    {
        return request.slice_epoch == HttpRequest::kKept || request.slice_epoch == reactor_.slice_epoch;
    }

    /// The same for its trailers.
    bool trailers_readable(const HttpRequest &request) const
    {
        return request.trailer_epoch == 0 ? readable(request) : request.trailer_epoch == reactor_.slice_epoch;
    }

    /// Appends a request to the connection's unanswered ones. Out of memory: nullptr, with the connection
    /// destroyed.
    HttpRequest *add(Connection &conn, const http::Request &slices);
    void drop_all(Connection &conn);
    /// Invalidates the slices of a request, if it is still there, that a callback has not kept.
    void end_slices(uint64_t id);
    static void end_slices(HttpRequest &request)
    {
        if (request.slice_epoch == HttpRequest::kKept)
            return;
        request.slice_epoch = HttpRequest::kEnded;
        if (request.values) [[unlikely]]
            drop_values(request);
    }
    /// The slices of a batch end: frees the values of its requests that are not kept, and the files of those that have ended.
    void end_batch()
    {
        while (unkept_values_)
            [[unlikely]] drop_values(unkept_values_->request);
        while (batch_parts_)
            [[unlikely]] batch_parts_ = std::move(batch_parts_->next);
    }

    /// Of a connection whose peer is a trusted proxy: reads whose request it is. False: it is refused, and not delivered.
    bool take_forwarded(Connection &conn, const http::Request &request);
    /// Delivers a request to the host. False: the host has made a websocket of the connection.
    bool deliver(Connection &conn, const http::Request &request);
    /// Delivers a request whose body follows in pieces.
    bool deliver_head(Connection &conn, const http::Request &request);
    /// Delivers a piece of its body, or discards it if the host has answered. Returns how many octets at its end the host does not take
    /// now: these are to be delivered again, as a piece.
    size_t deliver_piece(Connection &conn, const http::Request &piece, bool last);
    /// Codec::resumed.
    void resume_body(Connection &conn);
    /// Sends 100 Continue after all earlier answers (RFC 9110 §10.1.1).
    void send_continue(Connection &conn);
    /// Answers with an error after all earlier answers, and closes. head_only: the request is HEAD, so there
    /// is no body. seen: the part of the request that has come, for the access log; empty: what the tail holds.
    void refuse(Connection &conn, int status, const char *text, int32_t reason, bool head_only, std::string_view seen = {});

    /// Fails with the reason why an answer cannot begin.
    static int not_answerable(const HttpRequest &request);
    int respond(HttpRequest &request, const HttpAnswer &given);
    /// As wm_request_respond_fd; with WM_FILE_CONDITIONAL of a readable request.
    int respond_fd(HttpRequest &request, const FileAnswer &given);
    /// As wm_request_respond_file, of a readable request; `fields` and `flags` are the host's.
    int respond_file(HttpRequest &request, int directory, std::string_view path, std::string_view fields, int32_t flags);
    /// An answer of the host's was refused with that code and last_error(). If there is none when a callback has returned, that is logged.
    void note_refused(const HttpRequest &request, int code);
    /// Codec::answer.
    int respond_oldest(Connection &conn, std::string_view body, int32_t flags);
    int keep(HttpRequest &request);
    int set_user(HttpRequest &request, void *user, wm_destroy_fn destroy);

    // Streamed answers, in streams.cpp. Results as of the functions wm_request_respond_begin and so on.
    int begin(HttpRequest &request, const HttpBeginning &given);
    int write(HttpRequest &request, std::string_view data);
    int end(HttpRequest &request);
    int abort(HttpRequest &request);
    int inform(HttpRequest &request, int status, std::string_view fields);

    // Server-sent events, in events.cpp.
    int begin_events(HttpRequest &request, std::string_view fields);
    int send_event(HttpRequest &request, const http::Event &event);
    int send_comment(HttpRequest &request, std::string_view text);
    /// Deadline in ticks for the next comment that keeps a stream of events alive; 0: none.
    static uint32_t event_deadline(const Connection &conn);
    /// Sends an empty comment.
    void keep_events_alive(Connection &conn);
    /// Whether part of an answer has left that has content, and more of it is to come. One that is held has not: its turn has not come, as
    /// after the last answer of a connection.
    static bool is_sending(const Connection &conn)
    {
        const HttpRequest *first = http_session(conn).first;
        const HeldAnswer *held = first ? first->held : nullptr;
        return held && held->open && held->size == 0 && held->coding != HeldAnswer::Coding::kNothing;
    }

    /// The decoded values of a request whose slices can be read: 0; WM_EPROTOCOL for a malformed one, WM_EMSGSIZE over a limit, WM_EFULL,
    /// WM_ENOMEM. They live as long as its slices.
    int values(HttpRequest &request, ValueKind kind, const ValueBlock *&out);
    int form(HttpRequest &request, FormFields &out);
    /// Deadline in ticks for the answer to the oldest unanswered request; 0: none.
    uint32_t answer_deadline(const Connection &conn);
    /// Answers with 503 after that deadline.
    void answer_late(Connection &conn);
    /// For Date fields; valid until the next call.
    std::string_view date()
    {
        if (time_t now = time(nullptr); now != date_time_)
            write_date(now);
        return {date_, sizeof date_};
    }

    // For the access log, in access.cpp.
    /// The peer of a connection that was accepted.
    static void note_peer(Connection &conn, const SocketAddress &peer);
    /// The head of a request has ended, its body has not.
    void note_head_end(Connection &conn);
    /// A connection with a log has a request.
    void note_arrival(HttpRequest &request);
    /// The answer to the request has left, or its head has, with so many bytes of its body; or it is held until its turn. Once the request
    /// leaves, what has left of it is a line.
    static void note_answer(const HttpRequest &request, int status, uint64_t bytes)
    {
        if (request.owns) [[unlikely]]
            answer_entry(request, status, bytes);
    }
    /// So many bytes more of its body have.
    static void note_body(const HttpRequest &request, uint64_t bytes);

    /// Resumes reading once the connection has room for another request and the send queue has drained.
    void unblock(Connection &conn);

    /// The place of the connection's last head. It is shared with other connections, and empty if one of them had it last;
    /// nullptr when out of memory.
    http::KnownHead *known_head(const Connection &conn);

    uint32_t highest_generation() const { return table_.highest_generation(); }

private:
    void write_date(time_t now);
    char *write_start(char *out, int status);
    HttpRequest *append(Connection &conn, const http::Request &slices);
    void pop(Connection &conn);
    bool fits(size_t len) const;
    int no_room(size_t len) const;
    bool has_room(const Connection &conn) const
    {
        const HttpSession &session = http_session(conn);
        bool room = session.count < static_cast<uint32_t>(conn.owner->options.max_pipelined);
        bool holds_nothing = session.kept + session.stored == 0 && !session.access;
        return (room && (holds_nothing || may_hold_more(conn))) || session.receiving; // whose answer may need the body
    }
    bool may_hold_more(const Connection &conn) const;
    void block(Connection &conn);
    void free_kept(Connection &conn, HttpRequest &request);
    static void drop_values(HttpRequest &request);
    void count_values(HttpRequest &request, size_t bytes);
    int make_block(HttpRequest &request, const ValueBlock &head, size_t more, ValueBlock *&out);
    template <class Pairs> int read_pairs(HttpRequest &request, Pairs pairs, ValueBlock *&out);
    int read_media(HttpRequest &request, ValueBlock *&out);
    static int check_whole(const HttpRequest &request);
    int read_parts(HttpRequest &request, ValueBlock *&out);
    int read_values(HttpRequest &request, ValueKind kind, ValueBlock *&out);
    /// Behind a callback of the connection.
    void tell_refused()
    {
        if (refused_.id) [[unlikely]]
            log_refused();
    }
    void log_refused();
    static HttpRequest *oldest_unanswered(const Connection &conn);
    int answer(HttpRequest &request, const HttpAnswer &given, bool wants_close = false);
    // In files.cpp.
    int answer_with_file(HttpRequest &request, const FileAnswer &given, bool wants_close);
    int give_file(HttpRequest &request, const FileAnswer &given, bool wants_close);
    int give_representation(HttpRequest &request, const Representation &file, const FileAnswer &given, bool wants_close);
    int send_file(Connection &conn, const FileRange &file);
    void complete(Connection &conn, bool close_after, bool last);
    void write_answered(Connection &conn);
    static int check_answer(const HttpRequest &request, int status, std::string_view fields, bool &wants_close);
    static int check_beginning(const HttpRequest &request, int status, std::string_view fields, bool &wants_close);
    bool in_turn(const HttpRequest &request) const { return &request == http_session(request.conn).first; }
    // In streams.cpp.
    static int check_stream(const HttpRequest &request);
    static int check_events(const HttpRequest &request, const char *wrong);
    int send_head(HttpRequest &request, const HttpBeginning &given, bool close_after);
    void continue_held(HttpRequest &request, bool last);
    int hold(HttpRequest &request, const Outbox::Parts &parts);
    int send_parts(HttpRequest &request, const Outbox::Parts &parts);
    int end_held(HttpRequest &request, std::string_view last_chunk);
    static bool streams_before(const Connection &conn, const HttpRequest *request);
    void take_no_more(Connection &conn);
    // In held_answers.cpp.
    int check_hold(const Connection &conn, size_t len);
    bool make_room(HttpRequest &request, size_t len);
    [[gnu::noinline]] void let_go(Connection &conn, HttpRequest &request);
    void free_held_bytes(Connection &conn, HttpRequest &request);
    void held_more(Connection &conn);
    int store(HttpRequest &request, std::string_view head, std::string_view body, bool exempt, const FileRange *file = nullptr);
    void write_waiting(Connection &conn);
    bool write_held(Connection &conn, HttpRequest &request, bool last);
    /// Whether this is the connection's last answer: the app shuts down, and no other request is pending.
    bool is_last(const Connection &conn) const { return reactor_.shutting_down && nothing_follows(conn); }
    bool nothing_follows(const Connection &conn) const;
    void start_answer_time(Connection &conn, HttpRequest &request)
    {
        if (conn.owner->options.request_timeout_ms > 0) {
            request.answer_by = reactor_.expiry.tick_after(conn.owner->options.request_timeout_ms);
            reactor_.expiry.update(conn);
        }
    }
    /// False: the host has made a websocket of the connection, which has no request any more.
    bool hand_over(Connection &conn, HttpRequest &added, int32_t kind);
    void block_if_full(Connection &conn);
    // In bodies.cpp.
    static bool awaits_body(const Connection &conn);
    static bool closes_early(const HttpSession &session);
    /// Whether the connection closes behind the answer to this request.
    static bool closes_behind(const HttpRequest &request)
    {
        const HttpSession &session = http_session(request.conn);
        return request.close_after || (session.receiving == &request && closes_early(session));
    }
    void end_trailers(uint64_t id);
    void end_body(Connection &conn, HttpRequest &request, const http::Request &piece);
    void discard(Connection &conn, size_t size);
    void refuse_body(Connection &conn, int status, const char *text, int32_t reason);
    void refuse_behind(Connection &conn, int status, const char *text, int32_t reason);
    void refuse_now(Connection &conn, int status, const char *text, int32_t reason, bool head_only, AccessEntry::Owned entry);
    // In parts.cpp.
    bool begin_parts(Connection &conn, HttpRequest &request);
    bool end_parts(Connection &conn, HttpRequest &request);
    void deliver_parts(Connection &conn, std::string_view &data);
    bool take_part_piece(Connection &conn, HttpRequest &request);
    void call_part(Connection &conn, HttpRequest &request);
    void begin_upload(Connection &conn, RequestParts &parts);
    void end_files(const Connection &conn, HttpRequest &request);
    void fail_upload(const Connection &conn, RequestParts &parts, int code, const char *text);
    // In access.cpp.
    static AccessEntry::Owned make_entry(Connection &conn, AccessRequest request);
    AccessEntry::Owned make_refused_entry(Connection &conn, std::string_view seen);
    AccessEntry::Owned take_entry(const HttpRequest &request);
    void keep_entry(HttpRequest &request, AccessEntry::Owned entry);
    static void note_given(const HttpRequest &request, const HttpAnswer &given);
    static void forget_answer(const HttpRequest &request);
    static void answer_entry(const HttpRequest &request, int status, uint64_t bytes);
    static void begin_entry(const HttpRequest &request);
    void release_entry(const HttpRequest &request);
    void write_entry(const Connection &conn, const AccessEntry &entry, int status, uint64_t bytes);

    Reactor &reactor_;
    struct Free {
        void operator()(http::KnownHead *heads) const { free(heads); }
    };
    static constexpr uint32_t kKnownHeads = 256;
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

    size_t uploads_ = 0;                        ///< files that requests hold; before the table, whose requests count them
    std::unique_ptr<RequestParts> batch_parts_; ///< of requests that have ended, with files that records of the last poll refer to
    RequestValues *unkept_values_ = nullptr;    ///< of requests that are not kept; before the table, whose end takes them off
    SlotTable<HttpRequest, kRequestSlots> table_;
    std::unique_ptr<http::KnownHead[], Free> known_heads_; ///< kKnownHeads, by the connection's slot
    size_t held_ = 0; ///< bytes of the kept requests, stored answers and entries of access logs of all connections
    struct Refused {
        uint64_t id = 0; ///< of the request; 0: none
        int code = 0;
        char text[200]; ///< what was wrong
    };

    Refused refused_; ///< the last answer that was not taken, until the next callback has returned
    LogThrottle refused_throttle_;
    LogThrottle late_throttle_;
    LogThrottle upload_throttle_;
    time_t date_time_ = 0;
    char date_[http::kDateSize];  ///< Date field for date_time_
    char start_[http::kMaxStart]; ///< of a head: for start_status_ and date_
    int start_status_ = 0;        ///< 0: none
    size_t start_size_ = 0;
};

inline void HttpRequests::pop(Connection &conn)
{
    HttpSession &session = http_session(conn);
    HttpRequest &request = *session.first;
    session.first = request.next;
    if (!session.first)
        session.last = nullptr;
    session.count--;
    if (session.current == &request)
        session.current = nullptr;
    else if (conn.owner->options.keepalive_timeout_ms > 0)
        conn.last_active = reactor_.tick(); // an answer that comes later: keepalive_timeout_ms begins
    if (session.receiving == &request)
        session.receiving = nullptr;
    if (request.owns) [[unlikely]]
        let_go(conn, request);
    table_.release(request.slot);
}

/// As http::write_start(); the last one is kept, because most answers of a second begin alike.
inline char *HttpRequests::write_start(char *out, int status)
{
    std::string_view now = date();
    if (status != start_status_) {
        start_size_ = static_cast<size_t>(http::write_start(start_, status, now) - start_);
        start_status_ = status;
    }
    memcpy(out, start_, sizeof start_);
    return out + start_size_;
}

/// The answer to the oldest request has left.
inline void HttpRequests::complete(Connection &conn, bool close_after, bool last)
{
    pop(conn);
    if (close_after || last)
        reactor_.lifecycle.close(conn, close_after ? WM_REASON_LOCAL : WM_REASON_STOP, 0, {});
    else
        write_answered(conn);
}

/// Does what has waited for the answer that was written last.
inline void HttpRequests::write_answered(Connection &conn)
{
    if (http_session(conn).count != 0 || http_session(conn).continue_due || conn.flags & (kPeerEnded | kInputBlocked))
        write_waiting(conn);
}

/// Calls the host, or writes the record.
inline bool HttpRequests::hand_over(Connection &conn, HttpRequest &added, int32_t kind)
{
    HttpSession &session = http_session(conn);
    session.current = &added;
    bool called = conn.callback(&ConnCallbacks::message).fn;
    const http::Request &request = added.slices;
    reactor_.dispatch.message(conn, request.body.data(), request.body.size(), kind, added.id, request.raw_head().size());
    tell_refused();
    if (!has_http_session(conn)) [[unlikely]]
        return false;
    bool there = session.current; // pop() forgets it
    session.current = nullptr;
    if (called) {
        if (there)
            end_slices(added);
    } else if (!reactor_.dispatch.polling()) {
        respond_oldest(conn, {}, 0); // no callback and no poll: send an empty answer rather than none
    }
    return true;
}

/// Stops reading from a peer that does not read its answers, until its queue has drained.
inline void HttpRequests::block_if_full(Connection &conn)
{
    if (conn.has(kAboveHighWater))
        conn.set(kInputBlocked);
    if (conn.has(kInputBlocked))
        reactor_.lifecycle.update_read(conn);
}

} // namespace wm

#endif
