/**
 * @file
 * The websocket port of the push server: the first message of a page says its uid; pages receive only pushes. It may be the http port's,
 * which then hands on what asks for a websocket.
 */
#ifndef WM_SERVE_PAGE_PORT_H
#define WM_SERVE_PAGE_PORT_H

#include "wm-serve/due_queue.h"
#include "wm-serve/event_log.h"
#include "wm-serve/page_auth.h"
#include "wm-serve/page_ends.h"
#include "wm-serve/page_handshake.h"
#include "wm-serve/push_options.h"
#include "wm-serve/rate_limit.h"
#include "wm-serve/ticket_desk.h"
#include "wm/wm.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace wm::serve {

class PagePort {
public:
    /// Sets options, and callbacks on a websocket worker. The tickets are borrowed. On false, wm_last_error has the detail.
    bool setup(wm_worker *worker, wm_hub *hub, const PushOptions &options, TicketDesk *tickets);
    /// Answers a request of an http worker that asks for a websocket.
    void take_request(wm_conn conn, wm_request request);
    /// Takes a message of a page.
    void take_message(wm_conn conn, const void *data, size_t len, int32_t kind);
    /// Takes an error of a connection of its worker.
    void take_error(wm_conn conn, int32_t code, std::string_view why);
    /// Reads what says who pages are, in a process that is going to serve. Returns an error, or nothing.
    std::string load() { return auth_.load(); }
    /// Whether a page has a uid. Walks the pages: for the reason of a broadcast that nobody took.
    bool any_named() const;

private:
    bool setup_callbacks(wm_worker *worker);
    static void keep_ticket(wm_conn conn, wm_request request);
    void take(wm_conn conn);
    void redeem(wm_conn conn, std::string_view ticket);
    void admit(wm_conn conn, const PageIdentity &page);
    bool within_rate(wm_conn conn);
    bool answer_ping(wm_conn conn, std::string_view text);
    void close(wm_conn conn, int32_t code, std::string_view why) const;

    static int32_t handshake(wm_worker *worker, wm_conn conn, wm_request request, void *self);
    static void open(wm_worker *worker, wm_conn conn, void *self);
    static void message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *self);
    static void error(wm_worker *worker, wm_conn conn, int32_t code, const void *text, size_t len, void *self);

    wm_worker *worker_ = nullptr;
    wm_hub *hub_ = nullptr;
    const PushOptions *options_ = nullptr;
    PageHandshake handshake_;
    PageAuth auth_;
    TicketDesk *tickets_ = nullptr;
    std::string ping_, pong_; ///< --text-ping
    bool debug_ = false;
    RateLimit rate_;
    ThrottledWarning too_many_;
    ThrottledWarning long_head_;
    DueQueue unnamed_; ///< pages without a uid
    PageEnds ends_;    ///< of those that have a uid for a time
};

} // namespace wm::serve

#endif
