#include "wm-serve/line_port.h"

#include "wm-serve/answers.h"
#include "wm-serve/push_result.h"

#include <memory>

namespace wm::serve {

namespace {

constexpr size_t kMaxWaiting = 10000; // lines of one connection whose results are awaited; at more, reading pauses

/// Of a connection on which a result is awaited; shared with the results that are on their way.
struct Waiting {
    wm_conn conn;
    Answers answers;
    bool paused = false;
};

using Shared = std::shared_ptr<Waiting>;

/// A result that is on its way. One is in reserve, because it has to be there before it is known whether it is needed.
struct Ticket {
    Shared waiting;
    Answers::Ticket number = 0;
};

std::unique_ptr<Ticket> reserve;

void send_answer(wm_conn conn, bool ok)
{
    int result = ok ? wm_conn_send(conn, "ok", 2, 0) : wm_conn_send(conn, "fail", 4, 0);
    // Who writes lines and reads no answers waits: what it sends stays in its own socket.
    if (result == WM_BACKPRESSURE)
        wm_conn_pause_recv(conn);
    else if (result == WM_EFULL)
        wm_conn_close(conn, 0, nullptr, 0);
}

void drained(wm_worker *, wm_conn conn, void *)
{
    wm_conn_resume_recv(conn);
}

Shared *waiting_of(wm_conn conn)
{
    return static_cast<Shared *>(wm_conn_user(conn));
}

void answer(wm_conn conn, bool ok)
{
    if (Shared *waiting = waiting_of(conn))
        (*waiting)->answers.answer(ok, [conn](bool result) { send_answer(conn, result); });
    else
        send_answer(conn, ok);
}

void settled(wm_hub *, int64_t connections, void *user)
{
    std::unique_ptr<Ticket> ticket(static_cast<Ticket *>(user));
    Waiting &waiting = *ticket->waiting;
    waiting.answers.settle(ticket->number, connections > 0, [&waiting](bool ok) { send_answer(waiting.conn, ok); });
    if (waiting.answers.size() == 0)
        wm_conn_set_int(waiting.conn, "half_open", 0);
    if (waiting.paused && waiting.answers.size() < kMaxWaiting / 2) {
        waiting.paused = false;
        wm_conn_resume_recv(waiting.conn);
    }
}

/// The line's result comes later: the ticket that was given away gets its place in the order.
void wait(wm_conn conn, Ticket &ticket)
{
    Shared *waiting = waiting_of(conn);
    if (!waiting) {
        waiting = new Shared(std::make_shared<Waiting>());
        (*waiting)->conn = conn;
        wm_conn_set_user(conn, waiting, [](void *user) { delete static_cast<Shared *>(user); });
    }
    Waiting &line = **waiting;
    if (line.answers.size() == 0) // who has ended its side still waits for the answer
        wm_conn_set_int(conn, "half_open", 1);
    ticket.waiting = *waiting;
    ticket.number = line.answers.wait();
    if (line.answers.size() >= kMaxWaiting && !line.paused) {
        line.paused = true;
        wm_conn_pause_recv(conn);
    }
}

void message(wm_worker *, wm_conn conn, const void *data, size_t len, int32_t, void *self)
{
    if (!reserve)
        reserve = std::make_unique<Ticket>();
    PushResult result = static_cast<PushTarget *>(self)->push({static_cast<const char *>(data), len}, settled, reserve.get());
    if (result.kind == PushResult::Kind::kPending)
        wait(conn, *reserve.release());
    else
        answer(conn, result.kind == PushResult::Kind::kOk);
}

void error(wm_worker *, wm_conn conn, int32_t code, const void *, size_t, void *)
{
    if (code == WM_EMSGSIZE) // the line is skipped, the connection lives on
        answer(conn, false);
}

} // namespace

bool setup_line_port(wm_worker *worker, PushTarget &target, int64_t max_line)
{
    return wm_worker_set_int(worker, "max_message", max_line) == 0 && wm_worker_set_int(worker, "skip_oversize", 1) == 0 &&
           wm_worker_set_int(worker, "unix_mode", 0600) == 0 && wm_worker_on_message(worker, message, &target, nullptr) == 0 &&
           wm_worker_on_error(worker, error, nullptr, nullptr) == 0 && wm_worker_on_buffer_drain(worker, drained, nullptr, nullptr) == 0;
}

} // namespace wm::serve
