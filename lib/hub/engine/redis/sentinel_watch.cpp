#include "hub/engine/redis/sentinel_watch.h"

#include <algorithm>
#include <charconv>
#include <new>

namespace wm::redis {

namespace {

/// [host, port], both as texts.
bool read_address(const Answer &answer, EngineServer &out)
{
    if (answer.items.size() != 3)
        return false;
    std::string_view host = answer.text(answer.items[1]), port = answer.text(answer.items[2]);
    auto end = std::from_chars(port.data(), port.data() + port.size(), out.port);
    out.host = host;
    return !host.empty() && out.port != 0 && end.ec == std::errc() && end.ptr == port.data() + port.size();
}

} // namespace

void SentinelWatch::ask_now()
{
    failed_ = 0;
    if (!asked_)
        ask_ms_ = 0;
}

void SentinelWatch::close()
{
    link_.drop();
    asked_ = false;
    ask_ms_ = Loop::kNever;
}

int64_t SentinelWatch::due_ms() const
{
    return std::min(ask_ms_, link_.due_ms());
}

void SentinelWatch::run(int64_t now_ms)
{
    link_.run(now_ms);
    if (now_ms >= ask_ms_)
        ask();
}

void SentinelWatch::ask()
{
    ask_ms_ = Loop::kNever;
    asked_ = true;
    Cause cause;
    bool sent = false;
    try {
        sent = link_.in_use() || link_.connect(url_.servers[index_], url_, settings_, logs_in_ ? Greeting::kLogin : Greeting::kNone, cause);
        sent = sent && link_.ask({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", url_.master});
    } catch (const std::bad_alloc &) {
        sent = false;
    }
    if (!sent) {
        link_.drop();
        failed(cause.text, cause.lasts);
    }
}

void SentinelWatch::link_ready(RedisLink &) {}

void SentinelWatch::link_answered(RedisLink &link, const Answer &answer)
{
    try {
        take(link, answer);
    } catch (const std::bad_alloc &) {
        link.drop();
        failed({}, false);
    }
}

void SentinelWatch::take(RedisLink &link, const Answer &answer)
{
    const Answer::Item &first = answer.items.front();
    std::string_view error = first.type == RespType::kError ? answer.text(first) : std::string_view();
    if (!logs_in_ && wants_login(error)) {
        logs_in_ = true;
        link.drop();
        ask_ms_ = 0;
        asked_ = false;
        return;
    }
    EngineServer master;
    if (!read_address(answer, master)) {
        link.drop();
        std::string what = first.type == RespType::kNil     ? "it knows no master '" + url_.master + "'"
                           : first.type == RespType::kError ? explain(error).text
                                                            : "it does not answer with an address";
        return failed(url_.servers[index_].text() + ": " + what, first.type == RespType::kNil);
    }
    asked_ = false;
    failed_ = 0;
    ask_ms_ = Loop::clock_ms() + kEachMs;
    events_.master_found(master);
}

void SentinelWatch::link_ended(RedisLink &, const Cause &why)
{
    if (asked_) // else it has gone between two questions
        failed(why.text, why.lasts);
}

/// The next one is asked at once, but for a pause when all have been.
void SentinelWatch::failed(std::string_view why, bool lasts)
{
    asked_ = false;
    logs_in_ = false;
    index_ = (index_ + 1) % url_.servers.size();
    failed_++;
    bool all = failed_ % url_.servers.size() == 0;
    ask_ms_ = all ? Loop::clock_ms() + kEachMs : 0;
    if (!all)
        return;
    Cause cause;
    try {
        cause = {"no sentinel says where the master is; the last: " + std::string(why.empty() ? "out of memory" : why), lasts, false};
    } catch (const std::bad_alloc &) {
        cause = {};
    }
    events_.master_unknown(cause);
}

} // namespace wm::redis
