#include "wm-serve/line_port.h"

#include "shared/printable.h"
#include "wm-serve/answers.h"
#include "wm-serve/event_log.h"
#include "wm-serve/push_result.h"

#include <memory>
#include <string>
#include <unordered_set>

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
    Answers<PushResult> answers;
    bool paused = false;
    bool closing = false; ///< the library ends the connection behind the last answer

    inline static size_t count = 0; ///< without any, no connection needs to be asked for its own
};

using Shared = std::shared_ptr<PendingLines>;

/// A pending result. A spare one is kept, because it has to exist before the push tells whether it is needed.
struct PendingLine {
    Shared pending;
    Answers<PushResult>::Ticket number = 0;
    bool json = false;
};

std::unique_ptr<PendingLine> spare;

ThrottledWarning refused; ///< lines that are no push

std::unordered_set<wm_conn> notified; ///< connections that have asked for `end`

/// A peer that reads no answers is not read from: its lines stay in the socket buffers.
void check_sent(wm_conn conn, int result)
{
    if (result == WM_BACKPRESSURE)
        wm_conn_pause_recv(conn);
    else if (result == WM_EFULL)
        wm_conn_close(conn, 0, nullptr, 0);
}

void send_plain(wm_conn conn, bool ok)
{
    check_sent(conn, ok ? wm_conn_send(conn, "ok", 2, 0) : wm_conn_send(conn, "fail", 4, 0));
}

void send_answer(wm_conn conn, PushResult push)
{
    bool ok = push.kind == PushResult::Kind::kOk;
    if (!push.json) {
        send_plain(conn, ok);
        return;
    }
    std::string line = (ok ? "ok " : "fail ") + push_json(push);
    check_sent(conn, wm_conn_send(conn, line.data(), line.size(), 0));
}

Shared *pending_of(wm_conn conn)
{
    return static_cast<Shared *>(wm_conn_user(conn));
}

void drained(wm_worker *, wm_conn conn, void *)
{
    Shared *pending = pending_of(conn);
    if (!pending || !(*pending)->closing)
        wm_conn_resume_recv(conn);
}

/// Tells a peer that asked for it that nothing behind the last answer was taken.
void say_end(wm_conn conn)
{
    if (notified.erase(conn) > 0)
        wm_conn_send(conn, "end", 3, 0);
}

/// The library ends the connection: at once, or when the pending answers have been sent.
void closing(wm_worker *, wm_conn conn, void *)
{
    Shared *pending = pending_of(conn);
    if (!pending || (*pending)->answers.size() == 0) {
        say_end(conn);
        return;
    }
    (*pending)->closing = true;
    wm_conn_pause_recv(conn);
}

void closed(wm_worker *, wm_conn conn, int32_t, int32_t, const void *, size_t, void *)
{
    notified.erase(conn);
}

void answer(wm_conn conn, PushResult result)
{
    if (Shared *pending = PendingLines::count > 0 ? pending_of(conn) : nullptr)
        (*pending)->answers.add(result, [conn](PushResult known) { send_answer(conn, known); });
    else
        send_answer(conn, result);
}

void on_result(wm_hub *, int32_t status, int64_t connections, void *user)
{
    std::unique_ptr<PendingLine> line(static_cast<PendingLine *>(user));
    PendingLines &pending = *line->pending;
    pending.answers.resolve(line->number, late_result(status, connections, line->json),
                            [&pending](PushResult known) { send_answer(pending.conn, known); });
    if (pending.answers.size() == 0 && pending.closing) {
        say_end(pending.conn);
        wm_conn_close(pending.conn, 0, nullptr, 0);
    } else if (pending.answers.size() == 0) {
        wm_conn_set_int(pending.conn, "half_open", 0);
    }
    if (!pending.closing && pending.paused && pending.answers.size() < kMaxPending / 2) {
        pending.paused = false;
        wm_conn_resume_recv(pending.conn);
    }
}

/// Reserves the place of a line whose result is pending; `line` belongs to that result.
void add_pending(wm_conn conn, PendingLine &line, bool json)
{
    line.json = json;
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

/// Its `fail` does not say why, unless it was asked to. A line of the log is due.
void log_refused(wm_worker *worker, wm_conn conn, const std::string &why)
{
    refused.log(std::string(wm_worker_address(worker)) + ": refused a line of " + peer_name(conn) + ": " + why);
}

/// Any result but those that message() answers itself.
[[gnu::noinline]] void take_result(wm_worker *worker, wm_conn conn, std::string_view line, PushResult result)
{
    if (result.kind == PushResult::Kind::kPending) {
        add_pending(conn, *spare.release(), result.json);
        return;
    }
    if (result.kind == PushResult::Kind::kNotifyEnd) {
        notified.insert(conn);
        result = {PushResult::Kind::kOk};
    }
    if (result.kind == PushResult::Kind::kBad && refused.due())
        log_refused(worker, conn, push_detail(result) + ": " + printable(line));
    answer(conn, result);
}

void message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t, void *self)
{
    if (!spare)
        spare = std::make_unique<PendingLine>();
    std::string_view line(static_cast<const char *>(data), len);
    PushResult result = static_cast<PushTarget *>(self)->push(line, on_result, spare.get());
    if (result.kind < PushResult::Kind::kBad && !result.json && PendingLines::count == 0) [[likely]]
        send_plain(conn, result.kind == PushResult::Kind::kOk);
    else
        take_result(worker, conn, line, result);
}

void error(wm_worker *worker, wm_conn conn, int32_t code, const void *, size_t, void *)
{
    if (code != WM_EMSGSIZE)
        return;
    int64_t most = 0;
    wm_worker_get_int(worker, "max_message", &most);
    if (refused.due())
        log_refused(worker, conn, "it is longer than " + std::to_string(most) + " bytes");
    answer(conn, {PushResult::Kind::kBad}); // the line is skipped, the connection stays open
}

} // namespace

bool setup_line_port(wm_worker *worker, PushTarget &target, int64_t max_line)
{
    return wm_worker_set_int(worker, "max_message", max_line) == 0 && wm_worker_set_int(worker, "skip_oversize", 1) == 0 &&
           wm_worker_set_int(worker, "unix_mode", 0600) == 0 && wm_worker_on_message(worker, message, &target, nullptr) == 0 &&
           wm_worker_on_error(worker, error, nullptr, nullptr) == 0 && wm_worker_on_buffer_drain(worker, drained, nullptr, nullptr) == 0 &&
           wm_worker_on_closing(worker, closing, nullptr, nullptr) == 0 && wm_worker_on_close(worker, closed, nullptr, nullptr) == 0;
}

} // namespace wm::serve
