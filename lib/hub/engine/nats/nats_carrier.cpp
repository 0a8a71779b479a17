#include "hub/engine/nats/nats_carrier.h"

#include "core/error.h"
#include "core/random.h"
#include "hub/engine/nats/cause.h"
#include "hub/engine/nats/info_transport.h"
#include "hub/engine/nats/login.h"
#include "hub/engine/nats/subject.h"
#include "proto/nats/limits.h"
#include "proto/nats/writer.h"
#include "wm/version.h"

#include <algorithm>
#include <new>
#include <utility>

namespace wm::nats {

namespace {

enum Subscription : uint64_t { kInbox = 1, kAllNodes };

constexpr size_t kKeptInput = 256 * 1024; // bytes that are kept allocated for what is not whole

size_t any_number()
{
    size_t number;
    random_bytes(&number, sizeof number);
    return number;
}

} // namespace

NatsCarrier::NatsCarrier(App &app, EngineUrl url, EngineSettings settings, CarrierEvents &events)
    : url_(std::move(url)), settings_(std::move(settings)), events_(events), state_(events, url_.shown),
      servers_(url_.servers, any_number()), socket_(app, *this), tls_(url_.tls)
{}

// ---- what its owner asks for

void NatsCarrier::open()
{
    state_.retry_at(0);
}

void NatsCarrier::close()
{
    socket_.close();
    enter(Phase::kOff, Loop::kNever);
    state_.close();
}

bool NatsCarrier::send(uint64_t to, const char *bytes, size_t size)
{
    if (phase_ != Phase::kUp || size > max_bytes())
        return false;
    char head[kMaxPubHead];
    size_t len = write_pub(head, Subject(settings_, to).text(), size);
    return socket_.send({head, len}, {bytes, size}, kLineEnd);
}

/// Its events come from the loop: not from here.
void NatsCarrier::reset(const char *why)
{
    if (phase_ != Phase::kUp)
        return;
    keep_reason(reset_why_, why);
    socket_.drop();
    enter(Phase::kReset, 0);
}

size_t NatsCarrier::max_bytes() const
{
    return std::min(info_.max_payload, kMaxMessage);
}

int64_t NatsCarrier::due_ms() const
{
    return std::min(due_ms_, state_.retry_ms());
}

void NatsCarrier::run(int64_t now_ms)
{
    if (now_ms >= due_ms_ && phase_ == Phase::kReset)
        leave_server(reset_why_);
    else if (now_ms >= due_ms_ && phase_ == Phase::kUp)
        keep_alive(now_ms);
    else if (now_ms >= due_ms_)
        leave_server(phase_ == Phase::kGreeting ? "it has not said INFO in time: is it a NATS server?" : "it has not answered in time");
    if (now_ms >= state_.retry_ms())
        connect();
}

/// Anything that comes is a sign of life: PONG may be behind much else. A ping that the socket does not take would be, too: what waits
/// there has to be read first.
void NatsCarrier::keep_alive(int64_t now_ms)
{
    missed_ = heard_ ? 0 : missed_ + 1;
    heard_ = false;
    if (missed_ == kMissedPings) {
        leave_server("it has not answered two pings");
        return;
    }
    socket_.send(kPing);
    due_ms_ = now_ms + kPingMs;
}

// ---- phases

void NatsCarrier::enter(Phase phase, int64_t due_ms)
{
    phase_ = phase;
    due_ms_ = due_ms;
}

void NatsCarrier::connect()
{
    attempt_++;
    state_.begin();
    parser_.reset();
    held_.clear();
    info_ = {};
    need_ = 0;
    enter(Phase::kConnecting, Loop::kNever); // the socket has a limit of its own
    const Server &server = servers_.current();
    if (!socket_.connect(server.at, tls_, settings_, {server.tls_name, &kNatsInfoTransport, &info_}))
        leave(last_error(), true);
}

/// The next attempt goes to another server, if there is one.
void NatsCarrier::leave(std::string_view why, bool lasts)
{
    socket_.drop();
    enter(Phase::kOff, Loop::kNever);
    tls_ = url_.tls; // another may not have it
    try {
        servers_.next();
    } catch (const std::bad_alloc &) {
        // the same again
    }
    state_.down(why, lasts);
}

void NatsCarrier::leave_server(std::string_view why, bool lasts)
{
    std::string text;
    try {
        text = servers_.current().at.text() + ": ";
        text.append(why);
    } catch (const std::bad_alloc &) {
        text.clear();
    }
    leave(text.empty() ? why : text, lasts);
}

void NatsCarrier::socket_opened(EngineSocket &)
{
    enter(Phase::kGreeting, Loop::clock_ms() + kAnswerMs);
    if (tls_)
        greet(); // INFO has come before
}

void NatsCarrier::socket_ended(EngineSocket &, const char *why)
{
    if (phase_ == Phase::kConnecting)
        leave(why); // which names the server
    else
        leave_server(why);
}

// ---- what the server says

void NatsCarrier::socket_received(EngineSocket &, const char *bytes, size_t size)
{
    heard_ = true;
    uint64_t attempt = attempt_;
    while (size > 0 && !held_.empty()) {
        size_t part = need_ > held_.size() ? std::min(need_ - held_.size(), size) : size;
        held_.append(bytes, part);
        bytes += part;
        size -= part;
        size_t used = take_messages(held_.data(), held_.size());
        if (is_over(attempt))
            return;
        held_.erase(0, used);
    }
    if (size > 0) {
        size_t used = take_messages(bytes, size);
        if (is_over(attempt))
            return;
        held_.assign(bytes + used, size - used);
    }
    if (held_.empty() && held_.capacity() > kKeptInput)
        std::string().swap(held_);
    held_.reserve(need_);
}

/// Returns how many bytes they had; in need_ is what the next one has.
size_t NatsCarrier::take_messages(const char *bytes, size_t size)
{
    uint64_t attempt = attempt_;
    size_t used = 0;
    need_ = 0;
    while (used < size && !is_over(attempt)) {
        Message message;
        Step step = parser_.step(bytes + used, size - used, kMaxMessage, message);
        if (step.kind == StepKind::kMore) {
            need_ = step.need;
            break;
        }
        if (step.kind == StepKind::kFail) {
            leave_server("it has sent " + std::string(Parser::describe(parser_.error())));
            break;
        }
        used += step.size;
        take(message);
    }
    return used;
}

void NatsCarrier::take(const Message &message)
{
    switch (message.verb) {
    case Verb::kMsg:
        if (phase_ == Phase::kUp && !message.payload.empty()) // without a payload it is a test of permissions
            events_.carrier_received(message.payload.data(), message.payload.size());
        break;
    case Verb::kInfo:
        take_info(message.text);
        break;
    case Verb::kPing:
        socket_.send(kPong); // else it reads nothing
        break;
    case Verb::kPong:
        if (phase_ == Phase::kConfirming)
            confirmed();
        break;
    case Verb::kErr: {
        Cause cause = cause_of(message.text, Login(url_, settings_).is_set());
        leave_server(cause.text, cause.lasts);
        break;
    }
    case Verb::kOk:
        break;
    }
}

void NatsCarrier::take_info(std::string_view json)
{
    Info info;
    if (const char *why = read_info(json, info)) {
        leave_server("INFO: " + std::string(why));
    } else if (phase_ == Phase::kGreeting) {
        info_ = std::move(info);
        greet();
    } else {
        info_changed(info);
    }
}

/// The connection is not to be used as it was said to be.
void NatsCarrier::info_changed(Info &info)
{
    bool is_smaller = std::min(info.max_payload, kMaxMessage) < max_bytes();
    servers_.learn(info.servers);
    info_ = std::move(info);
    if (info_.lame_duck && servers_.has_other()) {
        socket_.close(); // what was sent still leaves
        leave_server("it shuts down (lame duck mode)");
    } else if (is_smaller) {
        leave_server("it has lowered max_payload");
    }
}

void NatsCarrier::greet()
{
    if (info_.tls_required && !tls_) {
        tls_ = true;
        connect();
        return;
    }
    servers_.learn(info_.servers);
    if (info_.max_payload < kLeastPayload)
        leave_server("its max_payload is " + std::to_string(info_.max_payload) + ", and has to be " + std::to_string(kLeastPayload) +
                         " at least",
                     true);
    else if (info_.lame_duck && servers_.has_other())
        leave_server("it shuts down (lame duck mode)");
    else
        subscribe();
}

/// What may not be subscribed or published is told before the PONG: so it is up only where it may do both.
void NatsCarrier::subscribe()
{
    Login login(url_, settings_);
    std::string text = connect_line({login.user, login.password, login.token, "libwm", WM_VERSION, tls_});
    uint64_t sid = kInbox;
    for (uint64_t node : {settings_.node, Carrier::kAll}) {
        Subject subject(settings_, node);
        char head[kMaxPubHead];
        text += sub_line(subject.text(), sid++);
        text.append(head, write_pub(head, subject.text(), 0)).append(kLineEnd);
    }
    text += kPing;
    if (socket_.send(text))
        enter(Phase::kConfirming, Loop::clock_ms() + kAnswerMs);
    else
        leave_server("it takes nothing of what is sent");
}

void NatsCarrier::confirmed()
{
    std::string engine = "nats " + info_.version, address = servers_.current().at.text();
    missed_ = 0;
    enter(Phase::kUp, Loop::clock_ms() + kPingMs);
    state_.up(engine, address);
}

} // namespace wm::nats
