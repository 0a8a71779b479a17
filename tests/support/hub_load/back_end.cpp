/**
 * @file
 * Back ends.
 */
#include "back_end.h"

#include "load.h"
#include "wire.h"

#include <algorithm>

namespace hub_load {

namespace {

constexpr int64_t kRetryMs = 20;    ///< after an attempt that failed
constexpr uint32_t kMaxOwed = 1000; ///< pushes that wait for a connection

BackEnd &back_end_of(void *user)
{
    return *static_cast<BackEnd *>(user);
}

} // namespace

BackEnd::BackEnd(Load &load, Kind kind, size_t machine)
    : load_(load), kind_(kind), client_(load.new_client(load.options().lines_at[machine % load.options().lines_at.size()]))
{
    wm_client_on_open(
        client_, [](wm_worker *, wm_conn conn, void *self) { back_end_of(self).opened(conn); }, this, nullptr);
    wm_client_on_message(
        client_,
        [](wm_worker *, wm_conn, const void *data, size_t len, int32_t, void *self) {
            back_end_of(self).message({static_cast<const char *>(data), len});
        },
        this, nullptr);
    wm_client_on_error(
        client_,
        [](wm_worker *, wm_conn, int32_t code, const void *text, size_t len, void *self) {
            back_end_of(self).nobody_listens_ = code == WM_ECONNREFUSED;
            back_end_of(self).error_.assign(static_cast<const char *>(text), len);
        },
        this, nullptr);
    wm_client_on_close(
        client_,
        [](wm_worker *, wm_conn, int32_t, int32_t, const void *text, size_t len, void *self) {
            back_end_of(self).closed({static_cast<const char *>(text), len});
        },
        this, nullptr);
    if (kind == Kind::kSteady)
        connect();
}

void BackEnd::connect()
{
    state_ = State::kConnecting;
    began_ms_ = load_.now();
    load_.must(wm_client_connect(client_), "wm_client_connect");
}

void BackEnd::begin()
{
    finished_ = false;
    owed_ = 1;
    connect();
}

void BackEnd::owe(uint32_t pushes)
{
    owed_ = std::min(owed_ + pushes, kMaxOwed);
    send_due();
}

void BackEnd::owe_broadcast()
{
    owed_broadcasts_ = 1;
    send_due();
}

void BackEnd::opened(wm_conn conn)
{
    if (kind_ == Kind::kBlunt) {
        ready();
        return;
    }
    state_ = State::kAsking;
    wm_conn_send(conn, kAskForEnd.data(), kAskForEnd.size(), WM_SEND_NOW);
}

void BackEnd::ready()
{
    state_ = State::kReady;
    while (!again_.empty()) {
        PushId id = again_.front();
        again_.pop_front();
        load_.judge().sent_again(id);
        send(id);
    }
    send_due();
    silent_ms_ = load_.now() - began_ms_;
}

bool BackEnd::has_room() const
{
    uint32_t window = load_.options().window;
    return kind_ == Kind::kSteady && window > 0 && load_.loading() && in_flight_.size() < window;
}

void BackEnd::send_due()
{
    if (state_ != State::kReady)
        return;
    for (; owed_broadcasts_ > 0; owed_broadcasts_--)
        push(kToAll);
    for (; owed_ > 0; owed_--)
        push(load_.any_uid());
    while (has_room())
        push(load_.any_uid());
}

void BackEnd::push(uint32_t uid)
{
    send(load_.judge().sent(uid));
}

void BackEnd::send(PushId id)
{
    std::string line = line_of(id, load_.judge().uid_of(id), load_.options().pad);
    in_flight_.push_back(id);
    wm_conn_send(wm_client_conn(client_), line.data(), line.size(), kind_ == Kind::kBlunt ? WM_SEND_NOW : 0);
}

void BackEnd::message(std::string_view line)
{
    if (state_ == State::kAsking) {
        if (line != "ok")
            load_.fail("the line port answers notify_end with '" + std::string(line.substr(0, 80)) + "'");
        ready();
    } else if (line == "end" && kind_ != Kind::kBlunt) {
        state_ = State::kEnded;
    } else {
        answer(line);
    }
}

void BackEnd::answer(std::string_view line)
{
    Answer parsed;
    if (in_flight_.empty() || state_ != State::kReady || !parse_answer(line, parsed)) {
        load_.fail("the line port says '" + std::string(line.substr(0, 80)) + "', which nothing has asked for");
        return;
    }
    PushId id = in_flight_.front();
    in_flight_.pop_front();
    load_.judge().answered(id, parsed);
    if (kind_ == Kind::kSteady) {
        send_due();
        return;
    }
    finished_ = true;
    wm_client_close(client_);
}

/// The connection has ended: what has no answer is sent again, or cut.
void BackEnd::drop_in_flight()
{
    Judge &judge = load_.judge_of_an_end();
    if (state_ == State::kEnded) {
        again_.insert(again_.end(), in_flight_.begin(), in_flight_.end());
    } else {
        bool crossed = kind_ == Kind::kBlunt && silent_ms_ >= load_.options().quiet_ms;
        for (PushId id : in_flight_)
            crossed ? judge.raced(id) : judge.cut(id);
        finished_ = finished_ || !in_flight_.empty();
    }
    in_flight_.clear();
}

void BackEnd::closed(std::string_view text)
{
    bool failed = state_ == State::kConnecting;
    if (failed)
        load_.judge_of_an_end().refused(nobody_listens_, "back end: " + (error_.empty() ? std::string(text) : error_));
    drop_in_flight();
    nobody_listens_ = false;
    error_.clear();
    if (kind_ != Kind::kSteady && finished_) {
        state_ = State::kIdle;
        return;
    }
    state_ = State::kConnecting;
    int64_t pause = failed ? kRetryMs : 0;
    began_ms_ = load_.now() + pause;
    wm_client_reconnect(client_, pause);
}

} // namespace hub_load
