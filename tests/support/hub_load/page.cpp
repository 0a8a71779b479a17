/**
 * @file
 * Pages.
 */
#include "page.h"

#include "load.h"
#include "wire.h"

namespace hub_load {

namespace {

constexpr int64_t kRetryMs = 20;      ///< after an attempt that failed, so that a server that is away is not stormed
constexpr int64_t kAwayRetryMs = 200; ///< the same, where a machine may be away

Page &page_of(void *user)
{
    return *static_cast<Page *>(user);
}

} // namespace

Page::Page(Load &load, uint32_t number, uint32_t uid)
    : load_(load), number_(number), uid_(uid), client_(load.new_client(load.options().pages_at[number % load.options().pages_at.size()]))
{
    wm_client_on_open(
        client_, [](wm_worker *, wm_conn conn, void *self) { page_of(self).opened(conn); }, this, nullptr);
    wm_client_on_message(
        client_,
        [](wm_worker *, wm_conn, const void *data, size_t len, int32_t, void *self) {
            page_of(self).message({static_cast<const char *>(data), len});
        },
        this, nullptr);
    wm_client_on_error(
        client_,
        [](wm_worker *, wm_conn, int32_t code, const void *text, size_t len, void *self) {
            page_of(self).nobody_listens_ = code == WM_ECONNREFUSED;
            page_of(self).error_.assign(static_cast<const char *>(text), len);
        },
        this, nullptr);
    wm_client_on_close(
        client_,
        [](wm_worker *, wm_conn, int32_t, int32_t code, const void *text, size_t len, void *self) {
            page_of(self).closed(code, {static_cast<const char *>(text), len});
        },
        this, nullptr);
}

void Page::connect()
{
    load_.must(wm_client_connect(client_), "wm_client_connect");
}

void Page::ping()
{
    wm_conn_send(wm_client_conn(client_), kPing.data(), kPing.size(), 0);
}

void Page::opened(wm_conn conn)
{
    Judge &judge = load_.judge();
    open_ = true;
    std::string uid = uid_text(uid_);
    judge.named(number_, wm_conn_local_port(conn));
    wm_conn_send(conn, uid.data(), uid.size(), 0);
    ping();
}

void Page::message(std::string_view text)
{
    Judge &judge = load_.judge();
    PushId id;
    if (text == kPong)
        judge.pong(number_);
    else if (!find_id(text, id))
        judge.stray(number_, "no push: " + std::string(text.substr(0, 80)));
    else if (judge.knows(id) && text != payload_of(id, judge.uid_of(id), load_.options().pad))
        judge.stray(number_, "other bytes than those of push " + std::to_string(id) + ": " + std::string(text.substr(0, 80)));
    else
        judge.received(number_, id);
}

void Page::closed(int32_t code, std::string_view text)
{
    Judge &judge = load_.judge_of_an_end();
    std::string why = error_.empty() ? std::string(text) : error_;
    if (open_)
        judge.ended(number_, code, why);
    else
        judge.refused(nobody_listens_, "page " + std::to_string(number_) + ": " + why);
    wm_client_reconnect(client_, open_ ? 0 : load_.options().faults ? kAwayRetryMs : kRetryMs);
    open_ = nobody_listens_ = false;
    error_.clear();
}

} // namespace hub_load
