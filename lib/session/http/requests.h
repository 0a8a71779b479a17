/**
 * @file
 * HTTP above the parser: requests as ids, answers in the order of the requests, and the websocket handshake. The app's thread.
 */
#ifndef WM_SESSION_HTTP_REQUESTS_H
#define WM_SESSION_HTTP_REQUESTS_H

#include "conn/connection.h"
#include "core/slot_table.h"
#include "proto/http/request_parser.h"
#include "proto/websocket/handshake.h"

#include <ctime>
#include <string_view>

namespace wm {

class App;

/// A connection's part: the parser, and its unanswered requests, oldest first.
struct HttpSession {
    static constexpr uint32_t kNone = UINT32_MAX;

    http::RequestParser parser;
    uint32_t first = kNone;
    uint32_t last = kNone;
    uint32_t count = 0;
    size_t stored = 0;         ///< bytes of answers that wait for those before them
    uint32_t current = kNone;  ///< of the message callback that is running
    bool continue_due = false; ///< 100 Continue waits for the answers before it
    bool more_behind = false;  ///< while a message callback is running: bytes follow its request
};

/// A request from its arrival until its answer is on its way.
struct HttpRequest {
    static constexpr uint64_t kKept = 0; ///< as slice_epoch: the slices are the request's own
    static constexpr uint64_t kEnded = UINT64_MAX;

    http::Request slices = {};
    uint64_t conn = 0;
    uint64_t slice_epoch = kEnded; ///< the slices are valid while the app's is the same
    char *kept = nullptr;          ///< the copied bytes of wm_request_keep
    char *answer = nullptr;        ///< given out of order: waits for those before it
    size_t answer_len = 0;
    uint32_t next = HttpSession::kNone;
    bool answered = false;
    bool close_after = false;
    bool handshake = false;
    char accept[websocket::kAcceptSize];

    ~HttpRequest();
};

class HttpRequests {
public:
    HttpRequests(App &app, uint32_t generation_base) : app_(app), table_(generation_base) {}

    HttpRequest *find(uint32_t slot, uint32_t generation) { return table_.find(slot, generation); }
    uint64_t id_of(uint32_t slot) const;
    /// Whether its slices can be read.
    bool readable(const HttpRequest &request) const;

    /// http: a request was parsed; it goes to the host.
    void arrived(Connection &conn, const http::Request &request);
    void expects_continue(Connection &conn);
    /// websocket: the handshake's request was parsed; the host is asked where it wants to be.
    void handshake(Connection &conn, const http::Request &request);

    /// Answers with an error and closes. http: behind the answers that are due before.
    /// An answer to HEAD has no body.
    void refuse(Connection &conn, int status, const char *text, int32_t reason, bool head_only);
    /// Whether the bytes of a request that was not parsed to its end begin one.
    static bool is_head(std::string_view seen);

    int respond(HttpRequest &request, int status, std::string_view fields, std::string_view body, int32_t flags);
    /// wm_conn_send on http.
    int respond_oldest(Connection &conn, std::string_view body, int32_t flags);
    int accept(HttpRequest &request, std::string_view fields);
    int reject(HttpRequest &request, int status, std::string_view body);
    int keep(HttpRequest &request);

    /// Reads on when what had stopped it is through: unanswered requests, or unread answers.
    void unblock(Connection &conn);

    void drop_all(Connection &conn);
    uint32_t highest_generation() const { return table_.highest_generation(); }

private:
    uint32_t add(Connection &conn, const http::Request &slices);
    int answer(Connection &conn, HttpRequest &request, int status, std::string_view fields, std::string_view body, bool default_type,
               int32_t flags, bool exempt);
    int store(Connection &conn, HttpRequest &request, std::string_view head, std::string_view body);
    void drain(Connection &conn);
    int write_stored(Connection &conn, const HttpRequest &request, bool leaves);
    bool leaves(const Connection &conn) const;
    void answered(Connection &conn, bool close_after, bool leaves);
    void pop(Connection &conn);
    void refuse_now(Connection &conn, int status, const char *text, int32_t reason, bool head_only);
    void end_slices(uint64_t id);
    std::string_view date();

    App &app_;
    SlotTable<HttpRequest, kOtherSlots> table_;
    time_t date_time_ = 0;
    char date_[29];
};

} // namespace wm

#endif
