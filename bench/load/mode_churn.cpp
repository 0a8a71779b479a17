// Churn: connect, handshake, uid, close handshake, and the server's end of the connection; -c cycles at a time. A message is a cycle.

#include <cstdio>

#include "connection.h"
#include "modes.h"
#include "poller.h"
#include "report.h"
#include "socket.h"
#include "span_meter.h"
#include "ws_frame.h"

namespace wm::load {
namespace {

constexpr std::string_view kCode{"\x03\xe8", 2};

class ChurnRun {
public:
    explicit ChurnRun(const Options &options) : options_(options), slots_(options.connections) {}

    int run();

private:
    enum class State : uint8_t {
        kShaking, ///< the handshake's request was sent
        kClosing, ///< the uid and a close frame were sent
        kClosed   ///< the server's close frame has arrived; now it ends the connection
    };
    struct Slot {
        Connection connection;
        State state = State::kShaking;
        uint64_t began_at = 0;
    };

    void phase(uint64_t cycles, double seconds);
    void begin(uint32_t index);
    void on_ready(uint32_t index);
    /// Consumes what it takes. nullptr or an error text.
    const char *advance(uint32_t index, std::string_view *rest);
    const char *take_handshake(uint32_t index, std::string_view *rest);
    void take_frame(uint32_t index, const WsFrame &frame);
    void finish(uint32_t index);
    void fail(uint32_t index, Fault fault, const char *why);
    void count_unfinished();

    const Options &options_;
    std::vector<Slot> slots_;
    Poller poller_;
    ReceiveBuffer buffer_;
    WsMasks masks_;
    Report report_;
    uint64_t quota_ = 0;
    uint64_t next_ = 0; ///< cycles begun; chooses the source address, so that ports last
    uint32_t open_ = 0;
    uint64_t progress_at_ = 0;
    bool stopping_ = false;
};

int ChurnRun::run()
{
    reserve_descriptors(options_.connections);
    run_measured(options_, &report_, [this](uint64_t messages, double seconds) { phase(messages, seconds); });
    count_unfinished();
    print_report(options_, report_);
    return report_.tally.clean() ? 0 : 1;
}

void ChurnRun::phase(uint64_t cycles, double seconds)
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

void ChurnRun::begin(uint32_t index)
{
    if (stopping_ || quota_ == 0)
        return;
    quota_--;
    Slot &slot = slots_[index];
    slot.began_at = now_ns();
    slot.state = State::kShaking;
    std::string problem = "writing failed";
    slot.connection = open_connection(options_, static_cast<uint32_t>(next_++ % 1'000'000), &problem);
    if (!slot.connection.is_open() || !slot.connection.send(ws_request())) {
        report_.tally.add(Fault::kBroken, "a connection did not open: " + problem);
        slot.connection.close();
        return;
    }
    make_nonblocking(slot.connection.fd());
    poller_.add(slot.connection.fd(), index);
    open_++;
}

void ChurnRun::on_ready(uint32_t index)
{
    Slot &slot = slots_[index];
    if (!slot.connection.is_open())
        return;
    ReceiveBuffer::Received got = buffer_.receive(slot.connection);
    std::string_view rest(got.data, got.size);
    if (const char *problem = advance(index, &rest))
        fail(index, Fault::kBroken, problem);
    slot.connection.keep_tail(rest);
    if (slot.connection.is_open() && got.ended)
        finish(index);
    if (!slot.connection.is_open())
        begin(index);
}

const char *ChurnRun::advance(uint32_t index, std::string_view *rest)
{
    if (slots_[index].state == State::kShaking)
        return take_handshake(index, rest);
    while (slots_[index].connection.is_open()) {
        WsFrame frame = ws_parse(rest->data(), rest->size());
        if (frame.problem != nullptr)
            return frame.problem;
        if (frame.consumed == 0)
            return nullptr;
        rest->remove_prefix(frame.consumed);
        take_frame(index, frame);
    }
    return nullptr;
}

const char *ChurnRun::take_handshake(uint32_t index, std::string_view *rest)
{
    WsFrame answer = ws_judge_answer(*rest);
    if (answer.problem != nullptr || answer.consumed == 0)
        return answer.problem;
    rest->remove_prefix(answer.consumed);
    if (!rest->empty())
        return "bytes behind the handshake's answer";
    std::string frames = ws_frame(kWsText, "uid" + std::to_string(index), masks_.next()) + ws_frame(kWsClose, kCode, masks_.next());
    if (!slots_[index].connection.send(frames))
        return "writing failed";
    slots_[index].state = State::kClosing;
    return nullptr;
}

void ChurnRun::take_frame(uint32_t index, const WsFrame &frame)
{
    if (slots_[index].state == State::kClosed)
        return fail(index, frame.opcode == kWsClose ? Fault::kDuplicate : Fault::kWrongBytes, "a frame behind the close frame");
    if (frame.opcode != kWsClose)
        return fail(index, Fault::kWrongBytes, "a frame, though nothing was pushed");
    if (std::string_view(frame.data, frame.size) != kCode)
        return fail(index, Fault::kRefused, "the close frame has another code than was sent");
    slots_[index].state = State::kClosed;
}

void ChurnRun::finish(uint32_t index)
{
    Slot &slot = slots_[index];
    if (slot.state != State::kClosed)
        return fail(index, Fault::kBroken, "the server ended a connection before the close handshake");
    if (!slot.connection.tail().empty())
        return fail(index, Fault::kWrongBytes, "bytes behind the close frame");
    poller_.remove(slot.connection.fd());
    slot.connection.close();
    open_--;
    progress_at_ = now_ns();
    report_.latency.record(progress_at_ - slot.began_at);
    report_.messages++;
}

void ChurnRun::fail(uint32_t index, Fault fault, const char *why)
{
    Slot &slot = slots_[index];
    report_.tally.add(fault, "cycle at place " + std::to_string(index) + ": " + why);
    poller_.remove(slot.connection.fd());
    slot.connection.close();
    open_--;
}

void ChurnRun::count_unfinished()
{
    for (const Slot &slot : slots_)
        if (slot.connection.is_open())
            report_.tally.add(slot.state == State::kClosed ? Fault::kUnclosed : Fault::kLost, "a cycle that did not end");
}

} // namespace

int run_churn(const Options &options)
{
    return ChurnRun(options).run();
}

} // namespace wm::load
