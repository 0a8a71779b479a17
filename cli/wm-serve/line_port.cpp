#include "wm-serve/line_port.h"

#include "shared/printable.h"
#include "wm-serve/answers.h"
#include "wm-serve/event_log.h"
#include "wm-serve/line_gate.h"
#include "wm-serve/push_call.h"

#include <memory>
#include <new>
#include <string>
#include <unordered_map>
#include <utility>

namespace wm::serve {

namespace {

constexpr size_t kMaxPending = 10000; // uids in lines of a connection that wait for their answers; from there on reading pauses

/// The answer to a line. Its text is made when the result is there, as it tells of each uid.
struct LineAnswer {
    PushResult result;
    std::string text;  ///< empty: `ok` or `fail` stands alone
    size_t weight = 1; ///< how many uids it tells of, at least 1
};

/// The lines of a connection that wait for their answers; shared by the connection and its pending results.
struct PendingLines {
    explicit PendingLines(wm_conn id) : conn(id) { count++; }
    ~PendingLines() { count--; }
    PendingLines(const PendingLines &) = delete;
    PendingLines &operator=(const PendingLines &) = delete;

    /// Counts a line that waits, or may.
    void add(size_t line_weight)
    {
        weight += line_weight;
        if (weight < kMaxPending || paused)
            return;
        paused = true;
        wm_conn_pause_recv(conn);
    }

    wm_conn conn;
    Answers<LineAnswer> answers;
    size_t weight = 0; ///< of the lines in `answers`
    bool paused = false;
    bool closing = false; ///< the library ends the connection behind the last answer

    inline static size_t count = 0; ///< without any, no connection needs to be asked for its own
};

using Shared = std::shared_ptr<PendingLines>;

/// A line in the hands of the server. A spare one is kept, because it has to exist before the push tells whether it is needed.
struct PendingLine final : PushCall {
    Shared pending;
    Answers<LineAnswer>::Ticket number = 0;

    void done(PushResult result) override;
};

std::unique_ptr<PendingLine> spare;

ThrottledWarning refused; ///< lines that are no push

LineGate gate; ///< of a port with a secret

/// What a connection has asked for.
struct Wishes {
    bool end = false;     ///< `end` behind the last answer
    bool explain = false; ///< why lines fail
};
std::unordered_map<wm_conn, Wishes> wishes;

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

void send_answer(wm_conn conn, const LineAnswer &answer)
{
    if (answer.text.empty())
        send_plain(conn, answer.result.kind == PushResult::Kind::kOk);
    else
        check_sent(conn, wm_conn_send(conn, answer.text.data(), answer.text.size(), 0));
}

LineAnswer answer_of(PushResult result, const PushCall &call)
{
    if (result.kind == PushResult::Kind::kTicket)
        return {result, "ok " + (result.json ? call.json(result) : call.ticket), 1};
    if (!result.json)
        return {result, {}, call.weight()};
    return {result, (result.kind == PushResult::Kind::kOk ? "ok " : "fail ") + call.json(result), call.weight()};
}

Shared *pending_of(wm_conn conn)
{
    return static_cast<Shared *>(wm_conn_user(conn));
}

void drained(wm_worker *, wm_conn conn, void *)
{
    Shared *pending = pending_of(conn);
    if (!pending || (!(*pending)->closing && !(*pending)->paused))
        wm_conn_resume_recv(conn);
}

/// Tells a peer that asked for it that nothing behind the last answer was taken.
void say_end(wm_conn conn)
{
    auto found = wishes.find(conn);
    if (found != wishes.end() && std::exchange(found->second.end, false))
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
    wishes.erase(conn);
    gate.closed(conn);
}

/// Sends an answer whose turn it is.
auto sender(PendingLines &lines)
{
    return [&lines](const LineAnswer &answer) {
        lines.weight -= answer.weight;
        send_answer(lines.conn, answer);
    };
}

void answer(wm_conn conn, LineAnswer known)
{
    Shared *pending = PendingLines::count > 0 ? pending_of(conn) : nullptr;
    if (!pending) {
        send_answer(conn, known);
        return;
    }
    (*pending)->add(known.weight);
    (*pending)->answers.add(std::move(known), sender(**pending));
}

void resolve(PendingLines &lines, Answers<LineAnswer>::Ticket number, LineAnswer answer)
{
    lines.answers.resolve(number, std::move(answer), sender(lines));
    if (lines.answers.size() == 0 && lines.closing) {
        say_end(lines.conn);
        wm_conn_close(lines.conn, 0, nullptr, 0);
    } else if (lines.answers.size() == 0) {
        wm_conn_set_int(lines.conn, "half_open", 0);
    }
    if (!lines.closing && lines.paused && lines.weight < kMaxPending / 2) {
        lines.paused = false;
        wm_conn_resume_recv(lines.conn);
    }
}

void PendingLine::done(PushResult result)
{
    std::unique_ptr<PendingLine> self(this);
    if (!pending)
        return; // there was no memory for its place, and the connection has ended
    LineAnswer answer = {result, {}, weight()};
    try {
        answer = answer_of(result, *this);
    } catch (const std::bad_alloc &) { // the place is filled all the same: the lines behind it have answers
    }
    resolve(*pending, number, std::move(answer));
}

/// Reserves the place of a line whose result is pending. It belongs to that result, also when this throws.
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
    line.number = lines.answers.reserve();
    line.pending = *pending;
    lines.add(line.weight());
}

/// Its `fail` does not say why, unless it was asked to. A line of the log is due.
void log_refused(wm_worker *worker, wm_conn conn, const std::string &why)
{
    refused.log(std::string(wm_worker_address(worker)) + ": refused a line of " + peer_name(conn) + ": " + why);
}

/// What the connection asks for itself.
void take_wish(wm_conn conn, PushResult::Kind wish)
{
    Wishes &asked = wishes[conn];
    (wish == PushResult::Kind::kExplain ? asked.explain : asked.end) = true;
}

/// Any result but those that message() answers itself.
[[gnu::noinline]] void take_result(wm_worker *worker, wm_conn conn, std::string_view line, PushResult result)
{
    if (result.kind == PushResult::Kind::kPending) {
        add_pending(conn, *spare.release());
        return;
    }
    if (result.kind == PushResult::Kind::kExplain || result.kind == PushResult::Kind::kNotifyEnd) {
        take_wish(conn, result.kind);
        result = {PushResult::Kind::kOk};
    }
    if (result.kind == PushResult::Kind::kBad && refused.due())
        log_refused(worker, conn, push_detail(result) + ": " + printable(line));
    answer(conn, answer_of(result, *spare));
    if (result.json)
        spare.reset(); // it has results of uids
}

bool explains(wm_conn conn)
{
    auto found = wishes.find(conn);
    return found != wishes.end() && found->second.explain;
}

void message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t, void *self)
{
    if (!spare)
        spare = std::make_unique<PendingLine>();
    std::string_view line(static_cast<const char *>(data), len);
    if (gate.waits() && !gate.passes(conn, line)) [[unlikely]]
        return;
    spare->explain = !wishes.empty() && explains(conn);
    PushResult result = static_cast<PushTarget *>(self)->push(line, *spare);
    if (result.kind < PushResult::Kind::kBad && !result.json && PendingLines::count == 0) [[likely]]
        send_plain(conn, result.kind == PushResult::Kind::kOk);
    else
        take_result(worker, conn, line, result);
}

void error(wm_worker *worker, wm_conn conn, int32_t code, const void *, size_t, void *)
{
    if (code != WM_EMSGSIZE || !gate.passes_long(conn))
        return;
    int64_t most = 0;
    wm_worker_get_int(worker, "max_message", &most);
    if (refused.due())
        log_refused(worker, conn, "it is longer than " + std::to_string(most) + " bytes");
    PushResult bad = {PushResult::Kind::kBad, explains(conn), false, static_cast<uint32_t>(most),
                      "the line is longer than the server takes"};
    answer(conn, answer_of(bad, PendingLine())); // the line is skipped, the connection stays open
}

} // namespace

bool setup_line_port(wm_worker *worker, PushTarget &target, int64_t max_line, const InnerSecret *secret)
{
    if (secret) {
        gate.setup(worker, *secret, max_line);
        wm_worker_on_open(
            worker, [](wm_worker *, wm_conn conn, void *) { gate.opened(conn); }, nullptr, nullptr);
    }
    return wm_worker_set_int(worker, "max_message", max_line) == 0 && wm_worker_set_int(worker, "skip_oversize", 1) == 0 &&
           wm_worker_set_int(worker, "unix_mode", 0600) == 0 && wm_worker_on_message(worker, message, &target, nullptr) == 0 &&
           wm_worker_on_error(worker, error, nullptr, nullptr) == 0 && wm_worker_on_buffer_drain(worker, drained, nullptr, nullptr) == 0 &&
           wm_worker_on_closing(worker, closing, nullptr, nullptr) == 0 && wm_worker_on_close(worker, closed, nullptr, nullptr) == 0;
}

} // namespace wm::serve
