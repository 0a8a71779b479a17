// TLS handshakes: connect, handshake (full, or with --resume from a session), one http request, whose answer the server ends with
// close_notify and FIN; -c connections at a time. A message is such a connection.

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "connection.h"
#include "http_answer.h"
#include "modes.h"
#include "poller.h"
#include "report.h"
#include "socket.h"
#include "span_meter.h"

namespace wm::load {
namespace {

constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

class HandshakesRun {
public:
    explicit HandshakesRun(const Options &options) : options_(options), slots_(options.connections) {}

    int run();

private:
    enum class State : uint8_t {
        kShaking, ///< the handshake is under way
        kAsking,  ///< the request was sent
        kClosing  ///< the answer has arrived; now the server ends the connection
    };
    struct Slot {
        Connection connection;
        State state = State::kShaking;
        bool writing = false; ///< the poller watches for writability
        uint64_t began_at = 0;
    };

    bool take_first_session();
    void phase(uint64_t cycles, double seconds);
    void begin(uint32_t index);
    void on_ready(uint32_t index);
    void shake(uint32_t index);
    void ask(uint32_t index);
    void take_answer(uint32_t index);
    void finish(uint32_t index);
    void fail(uint32_t index, Fault fault, const std::string &why);
    void drop(uint32_t index);

    const Options &options_;
    std::vector<Slot> slots_;
    Poller poller_;
    ReceiveBuffer buffer_;
    HttpAnswerReader reader_;
    TlsSession session_; ///< the newest that the server gave; nullptr: full handshakes
    Report report_;
    uint64_t quota_ = 0;
    uint64_t next_ = 0; ///< connections begun; chooses the source address, so that ports last
    uint32_t open_ = 0;
    uint64_t progress_at_ = 0;
    bool stopping_ = false;
};

int HandshakesRun::run()
{
    reserve_descriptors(options_.connections);
    if (options_.resume && !take_first_session())
        return 1;
    run_measured(options_, &report_, [this](uint64_t messages, double seconds) { phase(messages, seconds); });
    for (const Slot &slot : slots_)
        if (slot.connection.is_open())
            report_.tally.add(slot.state == State::kClosing ? Fault::kUnclosed : Fault::kLost, "a connection that did not end");
    print_report(options_, report_);
    return report_.tally.clean() ? 0 : 1;
}

/// A server may send its tickets with its first answer only (RFC 8446 §4.6.1).
bool HandshakesRun::take_first_session()
{
    char answer[4096];
    std::string problem;
    Connection connection = open_connection(options_, 0, &problem);
    if (connection.is_open() && connection.send_all(kRequest) && connection.receive_some(answer, sizeof answer) > 0)
        session_ = connection.tls()->session();
    // OpenSSL takes a session from which no close_notify was sent for one that must not be resumed.
    if (session_ != nullptr)
        connection.end_sending();
    if (session_ == nullptr)
        std::fprintf(stderr, "wm-load: the server gave no session to resume%s%s\n", problem.empty() ? "" : ": ", problem.c_str());
    return session_ != nullptr;
}

void HandshakesRun::phase(uint64_t cycles, double seconds)
{
    bool counted = options_.messages > 0;
    stopping_ = false;
    quota_ = counted ? cycles : UINT64_MAX;
    progress_at_ = now_ns();
    uint64_t deadline = counted ? UINT64_MAX : progress_at_ + static_cast<uint64_t>(seconds * 1e9);
    for (uint32_t i = 0; i < slots_.size(); i++)
        if (!slots_[i].connection.is_open())
            begin(i);
    uint64_t patience = uint64_t{options_.timeout_seconds} * 1'000'000'000U;
    while (open_ > 0) {
        for (const epoll_event &event : poller_.wait(100))
            on_ready(event.data.u32);
        uint64_t now = now_ns();
        stopping_ = now >= deadline;
        if (now - progress_at_ > patience)
            return;
    }
}

void HandshakesRun::begin(uint32_t index)
{
    if (stopping_ || quota_ == 0)
        return;
    quota_--;
    Slot &slot = slots_[index];
    slot.began_at = now_ns();
    slot.state = State::kShaking;
    slot.writing = false;
    slot.connection = Connection(dial(options_.target, static_cast<uint32_t>(next_++ % 1'000'000), options_.timeout_seconds));
    if (!slot.connection.is_open())
        return report_.tally.add(Fault::kBroken, std::string("a connection did not open: ") + std::strerror(errno));
    make_nonblocking(slot.connection.fd());
    slot.connection.begin_tls(*options_.tls, session_.get());
    poller_.add(slot.connection.fd(), index);
    open_++;
    shake(index);
}

void HandshakesRun::on_ready(uint32_t index)
{
    Slot &slot = slots_[index];
    if (!slot.connection.is_open())
        return;
    if (slot.state == State::kShaking)
        shake(index);
    else
        take_answer(index);
    if (!slot.connection.is_open())
        begin(index);
}

void HandshakesRun::shake(uint32_t index)
{
    Slot &slot = slots_[index];
    TlsResult result = slot.connection.tls()->connect();
    if (result == TlsResult::kDone)
        ask(index);
    else if (result != TlsResult::kBlocked)
        return fail(index, Fault::kBroken, "TLS: " + tls_reason());
    bool writing = result == TlsResult::kBlocked && slot.connection.tls()->wants_write();
    if (slot.connection.is_open() && slot.writing != writing)
        poller_.watch_writable(slot.connection.fd(), index, writing);
    slot.writing = writing;
}

void HandshakesRun::ask(uint32_t index)
{
    Slot &slot = slots_[index];
    if (slot.connection.tls()->is_resumed() != options_.resume)
        return fail(index, Fault::kRefused, options_.resume ? "the session was not resumed" : "a session was resumed");
    report_.tls = slot.connection.tls()->describe();
    slot.state = State::kAsking;
    if (!slot.connection.send(kRequest))
        fail(index, Fault::kBroken, "writing failed");
}

void HandshakesRun::take_answer(uint32_t index)
{
    Slot &slot = slots_[index];
    ReceiveBuffer::Received got = buffer_.receive(slot.connection);
    std::string_view rest(got.data, got.size);
    if (slot.state == State::kAsking && !rest.empty()) {
        HttpAnswer answer = reader_.read(rest);
        if (answer.problem != nullptr)
            return fail(index, Fault::kBroken, answer.problem);
        if (answer.consumed > 0) {
            if (answer.status != 200)
                return fail(index, Fault::kRefused, "status " + std::to_string(answer.status));
            if (answer.body != options_.body)
                return fail(index, Fault::kWrongBytes, "another body of " + std::to_string(answer.body.size()) + " bytes");
            rest.remove_prefix(answer.consumed);
            slot.state = State::kClosing;
        }
    }
    if (slot.state == State::kClosing && !rest.empty())
        return fail(index, Fault::kWrongBytes, "bytes behind the answer");
    slot.connection.keep_tail(rest);
    if (got.cut)
        fail(index, Fault::kBroken, "TLS ended without close_notify");
    else if (got.ended)
        finish(index);
}

void HandshakesRun::finish(uint32_t index)
{
    Slot &slot = slots_[index];
    if (slot.state != State::kClosing)
        return fail(index, Fault::kBroken, "the server closed before its answer");
    if (options_.resume)
        session_ = slot.connection.tls()->session();
    slot.connection.end_sending();
    drop(index);
    progress_at_ = now_ns();
    report_.latency.record(progress_at_ - slot.began_at);
    report_.messages++;
}

void HandshakesRun::fail(uint32_t index, Fault fault, const std::string &why)
{
    report_.tally.add(fault, "connection at place " + std::to_string(index) + ": " + why);
    drop(index);
}

void HandshakesRun::drop(uint32_t index)
{
    poller_.remove(slots_[index].connection.fd());
    slots_[index].connection.close();
    slots_[index].connection.keep_tail({});
    open_--;
}

} // namespace

int run_handshakes(const Options &options)
{
    return HandshakesRun(options).run();
}

} // namespace wm::load
