/**
 * @file
 * The websocket port of the push server: the first message of a page is its uid; pages receive only pushes.
 */
#ifndef WM_SERVE_PAGE_PORT_H
#define WM_SERVE_PAGE_PORT_H

#include "wm-serve/event_log.h"
#include "wm-serve/page_handshake.h"
#include "wm-serve/push_options.h"
#include "wm/wm.h"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace wm::serve {

class PagePort {
public:
    /// Sets options and callbacks. On false, wm_last_error has the detail.
    bool setup(wm_worker *worker, wm_hub *hub, const PushOptions &options);
    /// Whether a page has a uid. Walks the pages: for the reason of a broadcast that nobody took.
    bool any_named() const;

private:
    struct Unnamed {
        wm_conn conn;
        int64_t due_ms;
    };

    void drop_named();
    void close_unnamed();
    bool bind(wm_conn conn, std::string_view first);
    bool answer_ping(wm_conn conn, std::string_view text);
    void close(wm_conn conn, int32_t code, const std::string &why) const;

    static int32_t handshake(wm_worker *worker, wm_conn conn, wm_request request, void *self);
    static void open(wm_worker *worker, wm_conn conn, void *self);
    static void message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *self);
    static void error(wm_worker *worker, wm_conn conn, int32_t code, const void *text, size_t len, void *self);

    wm_app *app_ = nullptr;
    wm_worker *worker_ = nullptr;
    wm_hub *hub_ = nullptr;
    const PushOptions *options_ = nullptr;
    PageHandshake handshake_;
    std::string ping_, pong_; ///< --text-ping
    bool debug_ = false;
    ThrottledWarning json_uid_;
    ThrottledWarning long_head_;
    std::deque<Unnamed> unnamed_; ///< pages without a uid, sorted by deadline: the timeout is the same for all
    wm_timer timer_ = 0;          ///< expires with the first of them
};

} // namespace wm::serve

#endif
