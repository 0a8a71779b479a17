#include "wm-push/session.h"

#include "shared/inner_proof.h"
#include "wm-push/answer.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <poll.h>
#include <utility>

namespace wm {

namespace {

// An answer is ok or fail, and a reason. A longer one does not come from a push server.
constexpr size_t kMaxAnswerBytes = 1024;
// Has the server say "end" before it closes the connection, behind the last answer. Older servers answer fail.
constexpr std::string_view kAskForEnd = R"({"wm":{"cmd":"notify_end"}})";
// Has it say why a push fails, so that unknown is told from offline. Others answer fail.
constexpr std::string_view kAskWhy = R"({"wm":{"cmd":"explain"}})";

} // namespace

void Session::push(std::string_view line, std::string uid)
{
    if (queue_.in_flight() == 0)
        last_progress_ = Clock::now();
    queue_.add(line, std::move(uid));
}

bool Session::run(LineFeed *feed)
{
    if (!asked_)
        make_requests(feed != nullptr);
    Failure failure;
    do {
        while (step(feed, failure)) {
        }
    } while (end_ != End::kNone && feed != nullptr && reconnect(feed, failure));
    int unread = feed != nullptr ? feed->reader().error() : 0;
    if (failure.code != kExitOk) {
        failure.text += describe_counts();
        queue_.report_lost(failure.text);
    } else if (unread != 0) {
        failure = {kExitBadBody, std::string("cannot read standard input: ") + std::strerror(unread)};
    }
    print(feed);
    progress_.hide();
    if (failure.code != kExitOk)
        report_.fail(failure);
    return failure.code == kExitOk;
}

/// One turn of the loop. False when everything is done or on failure.
bool Session::step(LineFeed *feed, Failure &failure)
{
    bool all_taken = feed == nullptr || take_lines(*feed);
    send_pending();
    queue_.report_bad();
    print(feed);
    if (!all_taken && queue_.has_room())
        return true; // bad lines filled the queue, and are reported now
    if (queue_.empty() && (feed == nullptr || feed->reader().at_end()))
        return false;
    return wait(feed, failure);
}

/// Takes buffered lines while there is room. Returns whether none are left.
bool Session::take_lines(LineFeed &feed)
{
    std::string line;
    std::string error;
    while (queue_.has_room()) {
        switch (feed.next(line, error)) {
        case LineFeed::Result::kPush:
            push(line);
            break;
        case LineFeed::Result::kBad:
            progress_.hide();
            report_.print_error(error);
            queue_.add_bad(error);
            break;
        case LineFeed::Result::kNone:
            return true;
        }
    }
    return false;
}

void Session::send_pending()
{
    while (!queue_.unsent().empty() && !send_closed_) {
        size_t count = 0;
        Connection::Result result = connection_.send(queue_.unsent().data(), queue_.unsent().size(), count);
        if (result == Connection::Result::kWouldBlock)
            break;
        // The server may still have sent answers: go on until receiving ends, too.
        send_closed_ = result == Connection::Result::kClosed;
        queue_.sent(count);
        last_progress_ = Clock::now();
    }
}

/// Waits for the server and for input, and reads what is available.
bool Session::wait(LineFeed *feed, Failure &failure)
{
    bool reads_input = feed != nullptr && !feed->reader().at_end() && queue_.has_room();
    std::array<pollfd, 2> sockets{};
    sockets[0] = {connection_.fd(), static_cast<short>(!queue_.unsent().empty() && !send_closed_ ? POLLIN | POLLOUT : POLLIN), 0};
    sockets[1] = {reads_input ? feed->reader().fd() : -1, POLLIN, 0}; // poll ignores a negative descriptor
    auto left = std::chrono::ceil<std::chrono::milliseconds>(last_progress_ + timeout_ - Clock::now()).count();
    int count = ::poll(sockets.data(), sockets.size(), queue_.in_flight() == 0 ? -1 : static_cast<int>(std::max<decltype(left)>(left, 0)));
    if (count < 0 && errno != EINTR) {
        failure = {kExitUnreachable, std::string("cannot wait for ") + server_.address.text + ": " + std::strerror(errno)};
        return false;
    }
    if (count < 0)
        return true;
    if (sockets[0].revents != 0 && !receive(failure))
        return false;
    if (sockets[1].revents != 0)
        feed->reader().read_some();
    // Checked last: if this process was delayed, answers may have arrived in time.
    if (sockets[0].revents == 0 && queue_.in_flight() > 0 && Clock::now() >= last_progress_ + timeout_) {
        failure = {kExitTimeout, "no answer from " + server_.address.text + " within " + std::to_string(timeout_.count()) + " ms"};
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
    end_ = End::kLost;
    failure = {kExitUnreachable, server_.address.text + " closed the connection"};
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
    if (says_end_ && answer == "end") {
        end_ = End::kTold;
        failure = {kExitUnreachable, server_.address.text + " ended the connection"};
        return false;
    }
    if (server_.secret.empty() && answer.starts_with(kAuthFailure)) {
        failure = secret_missing(server_);
        return false;
    }
    bool asked = end_asked_ || why_asked_ || queue_.in_flight() > 0;
    std::optional<Outcome> outcome = read_answer(answer);
    if (!asked || answer.size() > kMaxAnswerBytes || !outcome)
        return refuse_answer(answer, failure);
    last_progress_ = Clock::now();
    if (std::exchange(end_asked_, false)) {
        says_end_ = outcome->result == PushResult::kOk;
    } else if (!std::exchange(why_asked_, false)) {
        queue_.answered(std::move(*outcome));
        outage_.over();
    }
    return true;
}

bool Session::refuse_answer(std::string_view answer, Failure &failure) const
{
    std::string shown(answer.substr(0, 40));
    for (char &c : shown)
        c = c >= ' ' && c <= '~' ? c : '?';
    failure = {kExitUnreachable, server_.address.text + " is not the inner port of a push server: it answered \"" + shown +
                                     "\"; give the address of wm-serve's --inner port"};
    return false;
}

/// Asks for what is only for this connection, before all pushes.
void Session::make_requests(bool for_lines)
{
    queue_.add_request(kAskWhy);
    if (for_lines)
        queue_.add_request(kAskForEnd);
    asked_ = why_asked_ = true;
    end_asked_ = for_lines;
    says_end_ = false;
}

/// Goes on over another connection, if there is something to go on with. False: the run ends, with `failure` if there is one.
bool Session::reconnect(LineFeed *feed, Failure &failure)
{
    connection_.close();
    // A server that only takes its time and answers nothing does not work: the same lines would go to it without end.
    if (queue_.in_flight() == 0 && Clock::now() - connected_ >= timeout_)
        outage_.over();
    outage_.begin();
    size_t unknown = queue_.disconnected(end_ == End::kTold, failure.text);
    if (take_input(*feed) || input_ends(*feed, std::chrono::milliseconds(0))) {
        if (unknown == 0)
            failure = {};
        return false;
    }
    progress_.hide();
    if (unknown > 0)
        report_.warn_lost(failure.text + ": " + std::to_string(unknown) + (unknown == 1 ? " line was" : " lines were") +
                          " sent and not answered, and may have been delivered or not; they are not repeated");
    print(feed);
    if (!connect_again(*feed, failure))
        return false;
    connected_ = last_progress_ = Clock::now();
    end_ = End::kNone;
    send_closed_ = false;
    partial_answer_.clear();
    make_requests(true);
    failure = {};
    return true;
}

bool Session::connect_again(LineFeed &feed, Failure &failure)
{
    Failure last;
    for (;;) {
        auto pause = outage_.next_pause();
        if (input_ends(feed, pause.value_or(std::chrono::milliseconds(0)))) {
            failure = {};
            return false;
        }
        if (!pause)
            break;
        if (dial(connection_, server_, outage_.left(), last)) {
            outage_.connected();
            return true;
        }
        if (last.code == kExitNotPermitted) {
            failure = last;
            return false;
        }
    }
    failure.text += ", and there is none again within " + std::to_string(timeout_.count()) + " ms";
    if (last.code != kExitOk)
        failure.text += ": " + last.text;
    return false;
}

/// Takes lines without a connection. True if the input has ended and nothing is left to be sent.
bool Session::take_input(LineFeed &feed)
{
    bool all_taken = false;
    do {
        all_taken = take_lines(feed);
        queue_.report_bad();
        print(&feed);
    } while (!all_taken && queue_.has_room()); // bad lines filled the queue
    return all_taken && queue_.empty() && feed.reader().at_end();
}

/// Lets the time pass without a connection. While nothing is to be sent, the input is read: true as soon as it ends.
bool Session::input_ends(LineFeed &feed, std::chrono::milliseconds limit)
{
    Clock::time_point deadline = Clock::now() + limit;
    do {
        auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        pollfd input{queue_.empty() && !feed.reader().at_end() ? feed.reader().fd() : -1, POLLIN, 0}; // poll ignores a negative descriptor
        if (::poll(&input, 1, static_cast<int>(std::max<decltype(left)>(left, 0))) > 0)
            feed.reader().read_some();
        if (take_input(feed))
            return true;
    } while (Clock::now() < deadline);
    return false;
}

std::string Session::describe_counts() const
{
    return " (" + std::to_string(report_.ok()) + " ok, " + std::to_string(report_.fails()) + " fail, " +
           std::to_string(report_.lost() + queue_.in_flight()) + " not answered)";
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
