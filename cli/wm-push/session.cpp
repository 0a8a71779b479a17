#include "wm-push/session.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>

namespace wm {

namespace {

// Enough to keep a server busy over a slow link; a lost connection loses at most these.
constexpr size_t kMaxInFlight = 1024;
constexpr size_t kMaxPendingBytes = size_t{1} << 20;
// An answer is "ok" or "fail". A longer one does not come from a push server.
constexpr size_t kMaxAnswerBytes = 256;

bool begins_with_word(std::string_view text, std::string_view word)
{
    return text.starts_with(word) && (text.size() == word.size() || text[word.size()] == ' ');
}

} // namespace

void Session::push(std::string_view line)
{
    if (in_flight_ == 0)
        last_progress_ = Clock::now();
    in_flight_++;
    entries_.emplace_back();
    out_ += line;
    out_ += '\n';
}

void Session::run(LineFeed *feed)
{
    Failure failure;
    while (step(feed, failure)) {
    }
    int unread = feed != nullptr ? feed->reader().error() : 0;
    if (failure.code != kExitOk) {
        failure.text += describe_counts();
        report_lost(failure.text);
    } else if (unread != 0) {
        failure = {kExitBadBody, std::string("cannot read standard input: ") + std::strerror(unread)};
    }
    print(feed);
    progress_.hide();
    if (failure.code != kExitOk)
        report_.fail(failure);
}

/// One turn of the loop. False when everything is done or on failure.
bool Session::step(LineFeed *feed, Failure &failure)
{
    bool all_taken = feed == nullptr || take_lines(*feed);
    send_pending();
    report_bad();
    print(feed);
    if (!all_taken && has_room())
        return true; // bad lines filled the queue, and are reported now
    if (entries_.empty() && (feed == nullptr || feed->reader().at_end()))
        return false;
    return wait(feed, failure);
}

bool Session::has_room() const
{
    return entries_.size() < kMaxInFlight && out_.size() - sent_ < kMaxPendingBytes;
}

/// Takes buffered lines while there is room. Returns whether none are left.
bool Session::take_lines(LineFeed &feed)
{
    std::string line;
    std::string error;
    while (has_room()) {
        switch (feed.next(line, error)) {
        case LineFeed::Result::kPush:
            push(line);
            break;
        case LineFeed::Result::kBad:
            progress_.hide();
            report_.print_error(error);
            entries_.push_back({error});
            break;
        case LineFeed::Result::kNone:
            return true;
        }
    }
    return false;
}

void Session::send_pending()
{
    while (sent_ < out_.size() && !send_closed_) {
        size_t count = 0;
        Connection::Result result = connection_.send(out_.data() + sent_, out_.size() - sent_, count);
        if (result == Connection::Result::kWouldBlock)
            break;
        // The server may still have sent answers: go on until receiving ends, too.
        send_closed_ = result == Connection::Result::kClosed;
        sent_ += count;
        last_progress_ = Clock::now();
    }
    if (sent_ == out_.size()) {
        out_.clear();
        sent_ = 0;
    }
}

/// Waits for the server and for input, and reads what is available.
bool Session::wait(LineFeed *feed, Failure &failure)
{
    bool reads_input = feed != nullptr && !feed->reader().at_end() && has_room();
    std::array<pollfd, 2> sockets{};
    sockets[0] = {connection_.fd(), static_cast<short>(sent_ < out_.size() && !send_closed_ ? POLLIN | POLLOUT : POLLIN), 0};
    sockets[1] = {reads_input ? feed->reader().fd() : -1, POLLIN, 0}; // poll ignores a negative descriptor
    auto left = std::chrono::ceil<std::chrono::milliseconds>(last_progress_ + timeout_ - Clock::now()).count();
    int count = ::poll(sockets.data(), sockets.size(), in_flight_ == 0 ? -1 : static_cast<int>(std::max<decltype(left)>(left, 0)));
    if (count < 0 && errno != EINTR) {
        failure = {kExitUnreachable, std::string("cannot wait for ") + server_ + ": " + std::strerror(errno)};
        return false;
    }
    if (count < 0)
        return true;
    if (sockets[0].revents != 0 && !receive(failure))
        return false;
    if (sockets[1].revents != 0)
        feed->reader().read_some();
    // Checked last: if this process was delayed, answers may have arrived in time.
    if (sockets[0].revents == 0 && in_flight_ > 0 && Clock::now() >= last_progress_ + timeout_) {
        failure = {kExitTimeout, "no answer from " + server_ + " within " + std::to_string(timeout_.count()) + " ms"};
        return false;
    }
    return true;
}

bool Session::receive(Failure &failure)
{
    std::array<char, 1 << 14> chunk;
    size_t count = 0;
    switch (connection_.receive(chunk.data(), chunk.size(), count)) {
    case Connection::Result::kWouldBlock:
        return true;
    case Connection::Result::kDone:
        return take_answers({chunk.data(), count}, failure);
    case Connection::Result::kClosed:
        break;
    }
    failure = {kExitUnreachable, server_ + " closed the connection"};
    if (connection_.error() != 0)
        failure.text += std::string(" (") + std::strerror(connection_.error()) + ")";
    return false;
}

bool Session::take_answers(std::string_view text, Failure &failure)
{
    for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
        partial_answer_ += text.substr(0, end);
        text.remove_prefix(end + 1);
        if (!take_answer(partial_answer_, failure))
            return false;
        partial_answer_.clear();
    }
    partial_answer_ += text;
    return partial_answer_.size() <= kMaxAnswerBytes || take_answer(partial_answer_, failure);
}

bool Session::take_answer(std::string_view answer, Failure &failure)
{
    if (answer.ends_with('\r'))
        answer.remove_suffix(1);
    bool ok = begins_with_word(answer, "ok");
    if (in_flight_ == 0 || answer.size() > kMaxAnswerBytes || (!ok && !begins_with_word(answer, "fail"))) {
        std::string shown(answer.substr(0, 40));
        for (char &c : shown)
            c = c >= ' ' && c <= '~' ? c : '?';
        failure = {kExitUnreachable, server_ + " is not the inner port of a push server: it answered \"" + shown +
                                         "\"; give the address of wm-serve's --inner port"};
        return false;
    }
    report_bad();
    report_.add(ok ? PushResult::kOk : PushResult::kFail);
    entries_.pop_front();
    in_flight_--;
    last_progress_ = Clock::now();
    return true;
}

/// Reports the bad pushes at the head of the queue.
void Session::report_bad()
{
    while (!entries_.empty() && !entries_.front().error.empty()) {
        report_.add(PushResult::kBad, entries_.front().error);
        entries_.pop_front();
    }
}

std::string Session::describe_counts() const
{
    return " (" + std::to_string(report_.ok()) + " ok, " + std::to_string(report_.fails()) + " fail, " + std::to_string(in_flight_) +
           " not answered)";
}

void Session::report_lost(const std::string &why)
{
    for (report_bad(); !entries_.empty(); report_bad()) {
        report_.add(PushResult::kLost, why);
        entries_.pop_front();
    }
}

void Session::print(const LineFeed *feed)
{
    if (report_.has_output()) {
        progress_.hide();
        report_.flush();
    }
    if (feed != nullptr)
        progress_.update(feed->reader().bytes_read(), report_.pushed(), report_.failed());
}

} // namespace wm
