#include "exchange.h"

#include <algorithm>
#include <cstdio>

#include "socket.h"
#include "span_meter.h"

namespace wm::load {

int Exchange::run()
{
    size_t batch = options_.pipeline * wire_->wire_size();
    if (batch > options_.max_batch) {
        std::fprintf(stderr, "wm-load: a batch of -p %u is %zu bytes, over --max-batch %zu\n", options_.pipeline, batch,
                     options_.max_batch);
        return 2;
    }
    batch_.resize(batch);
    if (!open_all())
        return 1;
    run_measured(options_, &report_, [this](uint64_t messages, double seconds) { phase(messages, seconds); });
    for (const Peer &peer : peers_)
        if (peer.issued > peer.order.arrived())
            report_.tally.add(Fault::kLost, "no answer to some messages of a connection", peer.issued - peer.order.arrived());
    close_all();
    print_report(options_, report_);
    return report_.tally.clean() ? 0 : 1;
}

bool Exchange::open_all()
{
    reserve_descriptors(options_.connections);
    peers_.resize(options_.connections);
    for (uint32_t i = 0; i < options_.connections; i++) {
        std::string problem;
        Connection connection = open_connection(options_, i, &problem);
        const char *refusal = connection.is_open() ? wire_->open(connection) : problem.c_str();
        if (refusal != nullptr) {
            std::fprintf(stderr, "wm-load: connection %u did not open: %s\n", i, refusal);
            return false;
        }
        if (connection.tls() != nullptr)
            report_.tls = connection.tls()->describe();
        make_nonblocking(connection.fd());
        poller_.add(connection.fd(), i);
        peers_[i].connection = std::move(connection);
        open_++;
    }
    return true;
}

void Exchange::phase(uint64_t messages, double seconds)
{
    bool counted = options_.messages > 0;
    if (options_.rate > 0)
        return paced_phase(counted ? messages : static_cast<uint64_t>(seconds * options_.rate));
    stopping_ = false;
    progress_at_ = now_ns();
    uint64_t deadline = counted ? UINT64_MAX : progress_at_ + static_cast<uint64_t>(seconds * 1e9);
    for (uint32_t i = 0; i < peers_.size(); i++) {
        uint64_t share = messages / peers_.size() + (i < messages % peers_.size() ? 1 : 0);
        peers_[i].quota = counted ? share : UINT64_MAX;
        // A connection that lost answers in the previous phase sends nothing more.
        if (!peers_[i].waiting && peers_[i].connection.is_open())
            start_batch(i);
    }
    while (waiting_ > 0) {
        for (const epoll_event &event : poller_.wait(100))
            on_ready(event.data.u32, event.events);
        uint64_t now = now_ns();
        stopping_ = now >= deadline;
        if (!is_patient(now))
            return;
    }
}

/// Polls without waiting: a sleep that ends late would send in bursts.
void Exchange::paced_phase(uint64_t messages)
{
    stopping_ = true;
    progress_at_ = now_ns();
    pace_ = Pace(options_.rate, messages, progress_at_);
    for (Peer &peer : peers_)
        peer.paced = peer.issued;
    uint64_t now = progress_at_;
    while ((!pace_.is_over() || waiting_ > 0) && is_patient(now)) {
        while (pace_.take(now)) {
            auto index = static_cast<uint32_t>((pace_.taken() - 1) % peers_.size());
            if (peers_[index].connection.is_open())
                send(index, 1);
        }
        for (const epoll_event &event : poller_.wait(0))
            on_ready(event.data.u32, event.events);
        now = now_ns();
    }
}

bool Exchange::is_patient(uint64_t now) const
{
    return now - progress_at_ <= uint64_t{options_.timeout_seconds} * 1'000'000'000U;
}

void Exchange::start_batch(uint32_t index)
{
    Peer &peer = peers_[index];
    uint64_t count = stopping_ ? 0 : std::min<uint64_t>(options_.pipeline, peer.quota);
    if (count == 0)
        return;
    peer.quota -= count;
    send(index, count);
}

void Exchange::send(uint32_t index, uint64_t count)
{
    Peer &peer = peers_[index];
    char *end = batch_.data();
    for (uint64_t i = 0; i < count; i++)
        end = wire_->encode(end, index, peer.issued + i);
    peer.issued += count;
    waiting_ += peer.waiting ? 0 : 1;
    peer.waiting = true;
    peer.sent_at = now_ns();
    settle_write(index, peer.connection.send({batch_.data(), static_cast<size_t>(end - batch_.data())}));
}

uint64_t Exchange::sent_at(uint32_t index) const
{
    const Peer &peer = peers_[index];
    return options_.rate > 0 ? pace_.due((peer.order.next() - peer.paced) * peers_.size() + index) : peer.sent_at;
}

void Exchange::settle_write(uint32_t index, bool sent)
{
    Peer &peer = peers_[index];
    if (!sent)
        return fail(index, "writing failed");
    if (peer.writing == peer.connection.has_unsent())
        return;
    peer.writing = !peer.writing;
    poller_.watch_writable(peer.connection.fd(), index, peer.writing);
}

void Exchange::on_ready(uint32_t index, uint32_t what)
{
    Peer &peer = peers_[index];
    if ((what & EPOLLOUT) != 0)
        settle_write(index, peer.connection.flush());
    if (peer.connection.is_open() && (what & ~uint32_t{EPOLLOUT}) != 0)
        take_answers(index);
}

void Exchange::take_answers(uint32_t index)
{
    Peer &peer = peers_[index];
    ReceiveBuffer::Received got = buffer_.receive(peer.connection);
    uint64_t now = now_ns();
    uint64_t before = report_.messages;
    size_t at = 0;
    const char *problem = nullptr;
    for (;;) {
        Reply reply = wire_->next(got.data + at, got.size - at, &control_);
        if (reply.kind == Reply::Kind::kMore)
            break;
        if (reply.kind == Reply::Kind::kBroken) {
            problem = reply.problem;
            break;
        }
        at += reply.consumed;
        if (reply.kind == Reply::Kind::kSkip)
            continue;
        report_.latency.record(now - sent_at(index));
        wire_->check(reply, index, peer.issued, &peer.order, &report_.tally);
        report_.messages++;
    }
    if (report_.messages > before)
        progress_at_ = now;
    peer.connection.keep_tail({got.data + at, got.size - at});
    if (!control_.empty()) {
        settle_write(index, peer.connection.send(control_));
        control_.clear();
    }
    if (problem != nullptr || got.ended)
        return fail(index, problem != nullptr ? problem : "the server closed");
    if (peer.waiting && peer.connection.is_open() && peer.order.arrived() >= peer.issued) {
        peer.waiting = false;
        waiting_--;
        start_batch(index);
    }
}

void Exchange::fail(uint32_t index, const std::string &why)
{
    Peer &peer = peers_[index];
    if (!peer.connection.is_open())
        return;
    if (!closing_)
        report_.tally.add(Fault::kBroken, "connection " + std::to_string(index) + ": " + why);
    else if (!peer.connection.tail().empty())
        report_.tally.add(Fault::kWrongBytes, "connection " + std::to_string(index) + ": bytes behind the last answer");
    poller_.remove(peer.connection.fd());
    peer.connection.close();
    open_--;
    if (peer.waiting)
        waiting_--;
    peer.waiting = false;
}

void Exchange::close_all()
{
    closing_ = true;
    stopping_ = true;
    if (!peers_.empty() && peers_[0].connection.datagram() > 0)
        return close_datagrams();
    std::string close_bytes = wire_->close_bytes();
    for (Peer &peer : peers_) {
        if (!peer.connection.is_open())
            continue;
        peer.connection.send(close_bytes);
        peer.connection.end_sending();
    }
    // Checks late data as before: duplicate, late or unexpected answers.
    uint64_t deadline = now_ns() + uint64_t{options_.timeout_seconds} * 1'000'000'000U;
    while (open_ > 0 && now_ns() < deadline)
        for (const epoll_event &event : poller_.wait(100))
            on_ready(event.data.u32, event.events);
    if (open_ > 0)
        report_.tally.add(Fault::kUnclosed, "connections that the server did not close", open_);
}

/// Nothing tells that a peer ends: what comes late is waited for.
void Exchange::close_datagrams()
{
    for (const epoll_event &event : poller_.wait(kLateMs))
        on_ready(event.data.u32, event.events);
    for (Peer &peer : peers_)
        peer.connection.close();
}

} // namespace wm::load
