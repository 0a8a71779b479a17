#include "hub/engine/redis/redis_link.h"

#include "core/error.h"
#include "hub/engine/redis/resp_command.h"

#include <charconv>
#include <new>
#include <utility>

namespace wm::redis {

namespace {

constexpr const char *kName = "wm-hub"; // in CLIENT LIST

/// The value of a line "name:value" of INFO.
std::string_view field(std::string_view info, std::string_view name)
{
    for (size_t at = 0; at < info.size();) {
        std::string_view line = info.substr(at, info.find_first_of("\r\n", at) - at);
        if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':')
            return line.substr(name.size() + 1);
        at += line.size() + 1;
    }
    return {};
}

} // namespace

// ---- the connection

bool RedisLink::connect(const EngineServer &server, const EngineUrl &url, const EngineSettings &settings, Greeting greeting, Cause &cause)
{
    drop();
    server_ = server;
    over_tls_ = url.tls;
    was_opened_ = was_answered_ = false;
    version_.clear();
    mode_.clear();
    answer_ = {};
    cause = {};
    if (!reader_.open()) {
        cause.text = "out of memory for a connection to the server";
        return false;
    }
    if (!socket_.connect(server, url.tls, settings)) {
        cause = {last_error(), url.tls, false}; // of TLS: a file
        return false;
    }
    if (greet(url, settings, greeting))
        return true;
    drop();
    cause.text = "out of memory for what is said to the server";
    return false;
}

bool RedisLink::greet(const EngineUrl &url, const EngineSettings &settings, Greeting greeting)
{
    const std::string &user = settings.user.empty() ? url.user : settings.user;
    const std::string &password = settings.password.empty() ? url.password : settings.password;
    bool sent = true;
    if (greeting != Greeting::kNone && !password.empty())
        sent = user.empty() ? command({"AUTH", password}, Asked::kLogin) : command({"AUTH", user, password}, Asked::kLogin);
    if (greeting != Greeting::kNone)
        sent = sent && command({"CLIENT", "SETNAME", kName}, Asked::kName);
    if (greeting == Greeting::kVersion || greeting == Greeting::kMaster)
        sent = sent && command({"INFO", "server"}, Asked::kVersion);
    if (greeting == Greeting::kMaster)
        sent = sent && command({"ROLE"}, Asked::kRole);
    return sent;
}

void RedisLink::drop()
{
    socket_.drop();
    if (!reading_)
        reader_.close();
    asked_.clear();
    published_ = 0;
    ready_ = false;
    reply_by_ms_ = Loop::kNever;
}

void RedisLink::close()
{
    socket_.close();
    drop();
}

void RedisLink::end(const Cause &why)
{
    drop();
    events_.link_ended(*this, why);
}

/// Without memory for the cause it ends without one.
template <class Tell> void RedisLink::end_as(Tell tell)
{
    Cause why;
    try {
        why = tell();
    } catch (const std::bad_alloc &) {
        why = {};
    }
    end(why);
}

void RedisLink::socket_opened(EngineSocket &)
{
    was_opened_ = true;
    expect_reply();
    if (asked_.empty())
        make_ready();
}

void RedisLink::socket_ended(EngineSocket &, const char *why)
{
    bool wants_tls = was_opened_ && !was_answered_ && !over_tls_;
    end_as([&] { return Cause{std::string(why) + (wants_tls ? " before its first reply; one that wants TLS is rediss://" : "")}; });
}

void RedisLink::socket_received(EngineSocket &, const char *bytes, size_t size)
{
    struct Reading {
        explicit Reading(bool &on) : flag(on) { flag = true; }
        ~Reading() { flag = false; }
        bool &flag;
    };
    bool goes_on;
    {
        Reading reading(reading_);
        goes_on = reader_.feed(bytes, size, *this);
    }
    if (!socket_.in_use())
        return reader_.close(); // an event has dropped it
    if (goes_on)
        return expect_reply();
    if (cause_.text.empty())
        cause_ = {"this is not what a Redis server says: " + std::string(reader_.error()), false, false};
    end(std::exchange(cause_, {}));
}

/// Something is unanswered, or not any more, or a reply has come.
void RedisLink::expect_reply()
{
    bool waits = !asked_.empty() || published_ > 0;
    reply_by_ms_ = waits && socket_.is_open() ? Loop::clock_ms() + kReplyMs : Loop::kNever;
}

void RedisLink::run(int64_t now_ms)
{
    if (now_ms >= reply_by_ms_)
        end_as([&] { return Cause{"no reply within " + std::to_string(kReplyMs) + " ms of " + server_.text(), false, true}; });
}

// ---- out

bool RedisLink::command(std::initializer_list<std::string_view> words, Asked asked)
{
    std::string bytes;
    append_command(bytes, words);
    asked_.reserve(asked_.size() + 1);
    if (!socket_.send(bytes))
        return false;
    asked_.push_back(asked);
    if (reply_by_ms_ == Loop::kNever)
        expect_reply();
    return true;
}

bool RedisLink::ask(std::initializer_list<std::string_view> words)
{
    return command(words, Asked::kQuestion);
}

bool RedisLink::subscribe(std::string_view command_name, std::string_view channel)
{
    return command({command_name, channel}, Asked::kSubscribe);
}

bool RedisLink::publish(std::string_view command_name, std::string_view channel, const char *bytes, size_t size)
{
    char head[256];
    size_t len = publish_head(head, sizeof head, command_name, channel, size);
    if (len == 0 || !socket_.send({head, len}, {bytes, size}, "\r\n"))
        return false;
    published_++;
    if (reply_by_ms_ == Loop::kNever)
        expect_reply();
    return true;
}

// ---- in

/// For take() and complete(): nothing more is read, and the link ends for that.
bool RedisLink::refuse(Cause why)
{
    cause_ = std::move(why);
    return false;
}

void RedisLink::begin_reply(const RespValue &value)
{
    is_push_ = value.type == RespType::kArray && (asked_.empty() ? published_ == 0 : asked_.front() == Asked::kSubscribe);
    pushed_ = Pushed::kNothing;
    answer_.items.clear();
    answer_.texts.clear();
}

bool RedisLink::take(const RespValue &value)
{
    if (value.depth == 0)
        begin_reply(value);
    bool goes_on = is_push_ ? take_pushed(value) : keep(value);
    return goes_on && socket_.in_use();
}

bool RedisLink::keep(const RespValue &value)
{
    if (answer_.texts.size() + value.text.size() > Answer::kMaxBytes)
        return refuse({"the server's answer has more than 1 MiB", false, false});
    answer_.items.push_back({value.type, value.depth, value.number, answer_.texts.size(), value.text.size()});
    answer_.texts += value.text;
    return true;
}

/// A message is delivered from where it stands.
bool RedisLink::take_pushed(const RespValue &value)
{
    if (value.depth != 1 || value.index > 2)
        return true;
    if (value.index == 0) {
        bool message = value.text == "message" || value.text == "smessage";
        bool subscribed = value.text == "subscribe" || value.text == "ssubscribe";
        pushed_ = message ? Pushed::kMessage : subscribed ? Pushed::kSubscribed : Pushed::kOther;
        if (value.text == "unsubscribe" || value.text == "sunsubscribe")
            return refuse({"the server has ended the subscription: the channel is at another one", false, true});
    } else if (value.index == 2 && pushed_ == Pushed::kMessage && value.type == RespType::kString) {
        events_.link_received(*this, value.text);
    }
    return true;
}

bool RedisLink::complete_pushed()
{
    if (pushed_ != Pushed::kSubscribed || asked_.empty())
        return true;
    asked_.erase(asked_.begin());
    events_.link_subscribed(*this);
    return socket_.in_use();
}

bool RedisLink::complete()
{
    was_answered_ = true;
    if (std::exchange(is_push_, false))
        return complete_pushed();
    if (asked_.empty()) {
        if (published_ == 0)
            return refuse({"the server answers what it was not asked", false, false});
        published_--;
        return answer_.items.front().type != RespType::kError || refused_publish();
    }
    Asked what = asked_.front();
    asked_.erase(asked_.begin());
    if (!(answer_.items.front().type == RespType::kError ? refused(what) : answered(what)) || !socket_.in_use())
        return false;
    return !asked_.empty() || ready_ || make_ready();
}

bool RedisLink::refused_publish()
{
    Cause why = explain(answer_.text(answer_.items.front()));
    return events_.link_refused(*this, why) ? socket_.in_use() : refuse(std::move(why));
}

/// Some of the greeting does without an answer.
bool RedisLink::refused(Asked what)
{
    std::string_view error = answer_.text(answer_.items.front());
    if (what == Asked::kQuestion)
        events_.link_answered(*this, answer_);
    else if (what != Asked::kName && (what != Asked::kVersion || !error.starts_with("NOPERM")))
        return refuse(explain(error));
    return true;
}

bool RedisLink::answered(Asked what)
{
    switch (what) {
    case Asked::kQuestion:
        events_.link_answered(*this, answer_);
        return true;
    case Asked::kSubscribe:
        return refuse({"the server answers SUBSCRIBE with what is no subscription", false, false});
    case Asked::kVersion:
        return take_version();
    case Asked::kRole:
        return take_role();
    default:
        return true;
    }
}

bool RedisLink::make_ready()
{
    ready_ = true;
    events_.link_ready(*this);
    return socket_.in_use();
}

bool RedisLink::take_version()
{
    std::string_view info = answer_.text(answer_.items.front());
    version_ = field(info, "redis_version").substr(0, 32);
    mode_ = field(info, "redis_mode").substr(0, 32);
    if (mode_ == "sentinel")
        return refuse({"the server is a sentinel: use redis+sentinel://" + server_.text() + "/MASTER", true, false});
    return true;
}

/// ["master", ...] or ["slave", host, port, ...].
bool RedisLink::take_role()
{
    auto text = [this](size_t i) { return i < answer_.items.size() ? answer_.text(answer_.items[i]) : std::string_view(); };
    if (text(1) == "master")
        return true;
    if (text(1) != "slave")
        return refuse({"the server does not say that it is a master", false, true});
    std::string port = answer_.items.size() > 3 ? std::to_string(answer_.items[3].number) : "";
    return refuse(
        {"the server is a replica of " + std::string(text(2)) + ":" + port + ": name that one, or use redis+sentinel://", false, true});
}

int RedisLink::major() const
{
    int number = 0;
    std::from_chars(version_.data(), version_.data() + version_.size(), number);
    return number;
}

} // namespace wm::redis
