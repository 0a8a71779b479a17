#include "push_run.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "listeners.h"
#include "pace.h"
#include "pages.h"
#include "socket.h"
#include "span_meter.h"

namespace wm::load {

PushRun::PushRun(const Options &options) : options_(options), line_(options.size)
{
    if (!to_all() || options.bare_line)
        return;
    before_ = R"({"wm":{"cmd":"broadcast"},"data":)";
    after_ = "}";
}

int PushRun::run()
{
    size_t batch = options_.pipeline * (before_.size() + line_.size() + after_.size() + 1);
    if (line_.size() < PushLine::kMinSize || batch > options_.max_batch) {
        std::fprintf(stderr, "wm-load: %s needs -s of at least %zu and a batch, -p whole lines, of at most %zu bytes\n",
                     mode_name(options_.mode), PushLine::kMinSize, options_.max_batch);
        return 2;
    }
    batch_.resize(batch);
    if (!open_all())
        return 1;
    run_measured(options_, &report_, [this](uint64_t messages, double seconds) { phase(messages, seconds); });
    close_all();
    count_lost();
    print_report(options_, report_);
    return report_.tally.clean() ? 0 : 1;
}

bool PushRun::open_all()
{
    reserve_descriptors(size_t{options_.connections} + options_.inner_connections);
    pages_ = options_.events ? open_listeners(options_) : open_pages(options_);
    if (pages_.empty())
        return false;
    inners_.resize(options_.inner_connections);
    orders_.resize(pages_.size() * inners_.size());
    writing_.resize(pages_.size() + inners_.size());
    for (uint32_t i = 0; i < pages_.size(); i++)
        poller_.add(pages_[i].fd(), i);
    for (uint32_t i = 0; i < inners_.size(); i++) {
        Inner &inner = inners_[i];
        inner.connection = Connection(dial(options_.inner, i, options_.timeout_seconds));
        if (!inner.connection.is_open()) {
            std::fprintf(stderr, "wm-load: inner connection %u did not open: %s\n", i, std::strerror(errno));
            return false;
        }
        inner.start = static_cast<uint32_t>(pages_.size() * i / inners_.size());
        inner.next = inner.start;
        make_nonblocking(inner.connection.fd());
        poller_.add(inner.connection.fd(), static_cast<uint32_t>(pages_.size()) + i);
    }
    open_ = static_cast<uint32_t>(pages_.size() + inners_.size());
    return true;
}

void PushRun::phase(uint64_t lines, double seconds)
{
    bool counted = options_.messages > 0;
    if (options_.rate > 0)
        return paced_phase(counted ? lines : static_cast<uint64_t>(seconds * options_.rate));
    stopping_ = false;
    progress_at_ = now_ns();
    uint64_t deadline = counted ? UINT64_MAX : progress_at_ + static_cast<uint64_t>(seconds * 1e9);
    for (uint32_t i = 0; i < inners_.size(); i++) {
        uint64_t share = lines / inners_.size() + (i < lines % inners_.size() ? 1 : 0);
        inners_[i].quota = counted ? share : UINT64_MAX;
        if (!inners_[i].waiting && inners_[i].connection.is_open())
            start_batch(i);
    }
    while (waiting_ > 0 || arrived_ < pushes_) {
        for (const epoll_event &event : poller_.wait(100))
            on_ready(event.data.u32, event.events);
        uint64_t now = now_ns();
        stopping_ = now >= deadline;
        if (!is_patient(now))
            return;
    }
}

/// Polls without waiting: a sleep that ends late would send in bursts.
void PushRun::paced_phase(uint64_t lines)
{
    stopping_ = true;
    progress_at_ = now_ns();
    Pace pace(options_.rate, lines, progress_at_);
    uint64_t now = progress_at_;
    while ((!pace.is_over() || waiting_ > 0 || arrived_ < pushes_) && is_patient(now)) {
        while (pace.take(now)) {
            uint64_t number = pace.taken() - 1;
            auto index = static_cast<uint32_t>(number % inners_.size());
            if (inners_[index].connection.is_open())
                send(index, 1, pace.due(number));
        }
        for (const epoll_event &event : poller_.wait(0))
            on_ready(event.data.u32, event.events);
        now = now_ns();
    }
}

bool PushRun::is_patient(uint64_t now) const
{
    return now - progress_at_ <= uint64_t{options_.timeout_seconds} * 1'000'000'000U;
}

void PushRun::start_batch(uint32_t index)
{
    Inner &inner = inners_[index];
    uint64_t count = stopping_ ? 0 : std::min<uint64_t>(options_.pipeline, inner.quota);
    if (count == 0)
        return;
    inner.quota -= count;
    send(index, count, now_ns());
}

/// `now`: the time that latency counts from.
void PushRun::send(uint32_t index, uint64_t count, uint64_t now)
{
    Inner &inner = inners_[index];
    char *end = batch_.data();
    for (uint64_t i = 0; i < count; i++)
        end = write_line(end, inner, index, now);
    waiting_ += inner.waiting ? 0 : 1;
    inner.waiting = true;
    settle_write(static_cast<uint32_t>(pages_.size()) + index,
                 inner.connection.send({batch_.data(), static_cast<size_t>(end - batch_.data())}));
}

char *PushRun::write_line(char *out, Inner &inner, uint32_t index, uint64_t now)
{
    // No page has this uid: pages are numbered from 0.
    constexpr uint32_t kNobody = 199999;
    if (is_miss(inner.lines++)) {
        line_.write(out, kNobody, index, inner.lines);
        out += line_.size();
    } else {
        inner.stamps[inner.pushes % kStamps] = now;
        out = write_push(out, inner, index);
        inner.pushes++;
    }
    *out = '\n';
    return out + 1;
}

char *PushRun::write_push(char *out, Inner &inner, uint32_t index)
{
    if (to_all()) {
        out = std::copy(before_.begin(), before_.end(), out);
        line_.write(out, PushLine::kEveryone, index, inner.pushes);
        pushes_ += pages_.size();
        return std::copy(after_.begin(), after_.end(), out + line_.size());
    }
    line_.write(out, inner.next, index, inner.pushes);
    pushes_++;
    if (++inner.next == pages_.size())
        inner.next = 0;
    return out + line_.size();
}

Connection &PushRun::connection(uint32_t number)
{
    return number < pages_.size() ? pages_[number] : inners_[number - pages_.size()].connection;
}

void PushRun::settle_write(uint32_t number, bool sent)
{
    if (!sent)
        return fail(number, "writing failed");
    if (writing_[number] == connection(number).has_unsent())
        return;
    writing_[number] = !writing_[number];
    poller_.watch_writable(connection(number).fd(), number, writing_[number]);
}

void PushRun::on_ready(uint32_t number, uint32_t what)
{
    if ((what & EPOLLOUT) != 0)
        settle_write(number, connection(number).flush());
    if (!connection(number).is_open() || (what & ~uint32_t{EPOLLOUT}) == 0)
        return;
    if (number < pages_.size())
        take_pushes(number);
    else
        take_answers(number - static_cast<uint32_t>(pages_.size()));
}

void PushRun::take_answers(uint32_t index)
{
    Inner &inner = inners_[index];
    ReceiveBuffer::Received got = buffer_.receive(inner.connection);
    std::string_view rest(got.data, got.size);
    for (size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
        check_answer(inner, index, rest.substr(0, end));
        rest.remove_prefix(end + 1);
        progress_at_ = now_ns();
    }
    inner.connection.keep_tail(rest);
    if (got.ended)
        return fail(static_cast<uint32_t>(pages_.size()) + index, "the server closed an inner connection");
    if (inner.waiting && inner.answers >= inner.lines) {
        inner.waiting = false;
        waiting_--;
        start_batch(index);
    }
}

void PushRun::check_answer(Inner &inner, uint32_t index, std::string_view answer)
{
    auto where = [&] { return "inner connection " + std::to_string(index) + ", answer " + std::to_string(inner.answers); };
    if (inner.answers == inner.lines)
        return report_.tally.add(Fault::kDuplicate, where() + ": to no line");
    std::string_view right = is_miss(inner.answers++) ? "fail" : "ok";
    if (answer != right)
        report_.tally.add(Fault::kRefused, where() + ": " + std::string(answer.substr(0, 80)) + " for " + std::string(right));
}

void PushRun::take_pushes(uint32_t page)
{
    ReceiveBuffer::Received got = buffer_.receive(pages_[page]);
    uint64_t now = now_ns();
    size_t at = 0;
    const char *problem = nullptr;
    while (problem == nullptr) {
        WsFrame frame = options_.events ? event_parse(got.data + at, got.size - at) : ws_parse(got.data + at, got.size - at);
        if (frame.problem == nullptr && frame.consumed == 0)
            break;
        at += frame.consumed;
        problem = frame.problem != nullptr ? frame.problem : take_frame(page, frame, now);
    }
    if (!pages_[page].is_open())
        return;
    pages_[page].keep_tail({got.data + at, got.size - at});
    if (problem != nullptr || got.ended)
        fail(page, problem != nullptr ? problem : "the server closed");
}

const char *PushRun::take_frame(uint32_t page, const WsFrame &frame, uint64_t now)
{
    switch (frame.opcode) {
    case kWsText:
        check_push(page, frame.data, frame.size, now);
        return nullptr;
    case kWsPing:
        settle_write(page, pages_[page].send(ws_frame(kWsPong, {frame.data, frame.size}, masks_.next())));
        return nullptr;
    case kWsClose:
        return closing_ ? nullptr : "the server sent a close frame, or the end of the events";
    default:
        return "a frame that is no push";
    }
}

void PushRun::check_push(uint32_t page, const char *data, size_t size, uint64_t now)
{
    progress_at_ = now;
    auto where = [page] { return "page " + std::to_string(page) + ": "; };
    uint32_t owner = 0;
    uint32_t index = 0;
    uint64_t number = 0;
    if (!PushLine::identify(data, size, &owner, &index, &number) || index >= inners_.size() || number >= inners_[index].pushes)
        return report_.tally.add(Fault::kWrongBytes, where() + "not a line that was pushed");
    const Inner &inner = inners_[index];
    auto name = [&] { return where() + "push " + std::to_string(number) + " of inner connection " + std::to_string(index); };
    bool ours = to_all() ? owner == PushLine::kEveryone : owner == page && (inner.start + number) % pages_.size() == page;
    if (!ours)
        return report_.tally.add(Fault::kWrongPlace, name() + " is for page " + std::to_string(owner));
    if (!line_.matches(data, size, owner, index, number))
        report_.tally.add(Fault::kWrongBytes, name() + " has other bytes");
    OrderCheck::Arrival arrival = order(page, index).arrive(to_all() ? number : number / pages_.size());
    if (arrival == OrderCheck::Arrival::kAgain)
        return report_.tally.add(Fault::kDuplicate, name());
    if (arrival == OrderCheck::Arrival::kLate)
        report_.tally.add(Fault::kOutOfOrder, name());
    arrived_++;
    report_.messages++;
    report_.latency.record(now - inner.stamps[number % kStamps]);
}

void PushRun::fail(uint32_t number, const std::string &why)
{
    Connection &broken = connection(number);
    if (!broken.is_open())
        return;
    if (!closing_)
        report_.tally.add(Fault::kBroken, (number < pages_.size() ? "page " + std::to_string(number) + ": " : std::string()) + why);
    poller_.remove(broken.fd());
    broken.close();
    open_--;
    if (number < pages_.size() || !inners_[number - pages_.size()].waiting)
        return;
    inners_[number - pages_.size()].waiting = false;
    waiting_--;
}

void PushRun::close_all()
{
    closing_ = true;
    stopping_ = true;
    std::string close_bytes = ws_frame(kWsClose, {"\x03\xe8", 2}, masks_.next());
    for (uint32_t i = 0; i < pages_.size() + inners_.size(); i++) {
        if (!connection(i).is_open())
            continue;
        if (i < pages_.size() && !options_.events)
            connection(i).send(close_bytes);
        connection(i).end_sending();
    }
    // Checks late data as before: duplicate pushes, answers without a line.
    uint64_t deadline = now_ns() + uint64_t{options_.timeout_seconds} * 1'000'000'000U;
    while (open_ > 0 && now_ns() < deadline)
        for (const epoll_event &event : poller_.wait(100))
            on_ready(event.data.u32, event.events);
    if (open_ > 0)
        report_.tally.add(Fault::kUnclosed, "connections that the server did not close", open_);
}

void PushRun::count_lost()
{
    if (arrived_ < pushes_)
        report_.tally.add(Fault::kLost, "pushes that reached no page", pushes_ - arrived_);
    for (const Inner &inner : inners_)
        if (inner.answers < inner.lines)
            report_.tally.add(Fault::kLost, "answers to lines", inner.lines - inner.answers);
}

} // namespace wm::load
