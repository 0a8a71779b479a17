#include "wm-serve/due_queue.h"

#include "wm/timer.h"

#include <ctime>
#include <new>

namespace wm::serve {

namespace {

int64_t now_ms()
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1000000;
}

} // namespace

void DueQueue::setup(wm_app *app, int64_t time_ms, Waits waits, Expired expired, void *user)
{
    app_ = app;
    time_ms_ = time_ms;
    waits_ = waits;
    expired_ = expired;
    user_ = user;
}

void DueQueue::arm(int64_t delay_ms)
{
    timer_ = wm_timer_add(
        app_, delay_ms, 0, [](wm_timer, void *self) { static_cast<DueQueue *>(self)->expire(); }, this, nullptr);
}

bool DueQueue::add(wm_conn conn)
{
    if (entries_.size() >= full_) {
        std::erase_if(entries_, [this](const Entry &entry) { return !still_waits(entry); });
        full_ = entries_.size() * 2 + kSlack;
    }
    try {
        entries_.push_back({conn, now_ms() + time_ms_});
    } catch (const std::bad_alloc &) {
        return false;
    }
    if (timer_ == 0)
        arm(time_ms_);
    return true;
}

void DueQueue::drop()
{
    while (!entries_.empty() && !still_waits(entries_.front()))
        entries_.pop_front();
}

void DueQueue::expire()
{
    int64_t now = now_ms();
    timer_ = 0;
    for (drop(); !entries_.empty(); drop()) {
        Entry first = entries_.front();
        if (first.due_ms > now) {
            arm(first.due_ms - now);
            return;
        }
        entries_.pop_front();
        try {
            expired_(first.conn, user_);
        } catch (const std::bad_alloc &) { // without its words, and the others all the same
            wm_conn_destroy(first.conn);
        }
    }
}

} // namespace wm::serve
