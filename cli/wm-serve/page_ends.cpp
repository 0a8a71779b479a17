#include "wm-serve/page_ends.h"

#include "wm/conn.h"
#include "wm/timer.h"

#include <algorithm>
#include <ctime>
#include <functional>
#include <new>

namespace wm::serve {

namespace {

/// The clock may be set meanwhile: it is looked at so often at least.
constexpr int64_t kLookMs = 10000;
/// Tokens that were made together end together: no turn of the loop closes more pages.
constexpr int kMaxEndsATurn = 1000;

int64_t now_ms()
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1000000;
}

} // namespace

void PageEnds::setup(wm_app *app, Ended ended, void *user)
{
    app_ = app;
    ended_ = ended;
    user_ = user;
}

bool PageEnds::add(wm_conn conn, int64_t end_s)
{
    if (ends_.size() >= full_)
        drop_closed();
    try {
        ends_.push_back({end_s, conn});
    } catch (const std::bad_alloc &) {
        return false;
    }
    std::push_heap(ends_.begin(), ends_.end(), std::greater<>());
    if (timer_ != 0 && ends_.front().conn != conn)
        return true;
    wm_timer_del(timer_);
    arm(ends_.front().end_s * 1000 - now_ms());
    return true;
}

void PageEnds::drop_closed()
{
    std::erase_if(ends_, [](const End &end) { return wm_conn_worker(end.conn) == nullptr; });
    std::make_heap(ends_.begin(), ends_.end(), std::greater<>());
    full_ = ends_.size() * 2 + kSlack;
}

void PageEnds::arm(int64_t delay_ms)
{
    timer_ = wm_timer_add(
        app_, std::clamp(delay_ms, int64_t{0}, kLookMs), 0, [](wm_timer, void *self) { static_cast<PageEnds *>(self)->look(); }, this,
        nullptr);
}

void PageEnds::look()
{
    int64_t now = now_ms();
    timer_ = 0;
    for (int ended = 0; !ends_.empty(); ended++) {
        End first = ends_.front();
        if (first.end_s * 1000 > now || ended == kMaxEndsATurn) {
            arm(first.end_s * 1000 - now);
            return;
        }
        std::pop_heap(ends_.begin(), ends_.end(), std::greater<>());
        ends_.pop_back();
        try {
            ended_(first.conn, user_);
        } catch (const std::bad_alloc &) { // without its words, and the others all the same
            wm_conn_destroy(first.conn);
        }
    }
}

} // namespace wm::serve
