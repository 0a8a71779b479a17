#include "wm-serve/line_port.h"

#include "wm-serve/answers.h"
#include "wm-serve/push_result.h"

#include <memory>

namespace wm::serve {

namespace {

constexpr size_t kMaxPending = 10000; // pending lines of a connection from which reading pauses

/// The pending lines of a connection; shared by the connection and its pending results.
struct PendingLines {
    explicit PendingLines(wm_conn id) : conn(id) { count++; }
    ~PendingLines() { count--; }
    PendingLines(const PendingLines &) = delete;
    PendingLines &operator=(const PendingLines &) = delete;

    wm_conn conn;
    Answers answers;
    bool paused = false;

    inline static size_t count = 0; ///< without any, no connection needs to be asked for its own
};

using Shared = std::shared_ptr<PendingLines>;

/// A pending result. A spare one is kept, because it has to exist before the push tells whether it is needed.
struct PendingLine {
    Shared pending;
    Answers::Ticket number = 0;
};

std::unique_ptr<PendingLine> spare;

void send_answer(wm_conn conn, bool ok)
{
    int result = ok ? wm_conn_send(conn, "ok", 2, 0) : wm_conn_send(conn, "fail", 4, 0);
    // A peer that reads no answers is not read from: its lines stay in the socket buffers.
    if (result == WM_BACKPRESSURE)
        wm_conn_pause_recv(conn);
    else if (result == WM_EFULL)
        wm_conn_close(conn, 0, nullptr, 0);
}

void drained(wm_worker *, wm_conn conn, void *)
{
    wm_conn_resume_recv(conn);
}

Shared *pending_of(wm_conn conn)
{
    return static_cast<Shared *>(wm_conn_user(conn));
}

void answer(wm_conn conn, bool ok)
{
    if (Shared *pending = PendingLines::count > 0 ? pending_of(conn) : nullptr)
        (*pending)->answers.add(ok, [conn](bool result) { send_answer(conn, result); });
    else
        send_answer(conn, ok);
}

void on_result(wm_hub *, int32_t, int64_t connections, void *user)
{
    std::unique_ptr<PendingLine> line(static_cast<PendingLine *>(user));
    PendingLines &pending = *line->pending;
    pending.answers.resolve(line->number, connections > 0, [&pending](bool ok) { send_answer(pending.conn, ok); });
    if (pending.answers.size() == 0)
        wm_conn_set_int(pending.conn, "half_open", 0);
    if (pending.paused && pending.answers.size() < kMaxPending / 2) {
        pending.paused = false;
        wm_conn_resume_recv(pending.conn);
    }
}

/// Reserves the place of a line whose result is pending; `line` belongs to that result.
void add_pending(wm_conn conn, PendingLine &line)
{
    Shared *pending = pending_of(conn);
    if (!pending) {
        pending = new Shared(std::make_shared<PendingLines>(conn));
        wm_conn_set_user(conn, pending, [](void *user) { delete static_cast<Shared *>(user); });
    }
    PendingLines &lines = **pending;
    if (lines.answers.size() == 0) // a peer that has half-closed still expects the answer
        wm_conn_set_int(conn, "half_open", 1);
    line.pending = *pending;
    line.number = lines.answers.reserve();
    if (lines.answers.size() >= kMaxPending && !lines.paused) {
        lines.paused = true;
        wm_conn_pause_recv(conn);
    }
}

void message(wm_worker *, wm_conn conn, const void *data, size_t len, int32_t, void *self)
{
    if (!spare)
        spare = std::make_unique<PendingLine>();
    PushResult result = static_cast<PushTarget *>(self)->push({static_cast<const char *>(data), len}, on_result, spare.get());
    if (result.kind == PushResult::Kind::kPending)
        add_pending(conn, *spare.release());
    else
        answer(conn, result.kind == PushResult::Kind::kOk);
}

void error(wm_worker *, wm_conn conn, int32_t code, const void *, size_t, void *)
{
    if (code == WM_EMSGSIZE) // the line is skipped, the connection stays open
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
