#include "wm-serve/push_result.h"

#include "shared/json_write.h"
#include "wm/error.h"

#include <algorithm>

namespace wm::serve {

namespace {

using Kind = PushResult::Kind;
using Verb = PushLine::Kind;

bool sends(Verb verb)
{
    return verb == Verb::kPush || verb == Verb::kGroup || verb == Verb::kBroadcast;
}

/// Why nothing was done, where the kind does not say it.
const char *reason_of_none(Verb verb)
{
    switch (verb) {
    case Verb::kGroup:
        return "no page took it: none is in that group, or they read too slowly";
    case Verb::kBroadcast:
        return "no page is connected";
    case Verb::kLeave:
        return "no page of that uid is in that group";
    default:
        return nullptr;
    }
}

[[gnu::cold]] PushResult failure_of(Verb verb, int32_t status)
{
    PushResult result = {Kind::kUnknown};
    switch (status) {
    case WM_EMSGSIZE:
        return {Kind::kLarge};
    case WM_ETIMEDOUT:
        result.unsure = true;
        result.reason = sends(verb)             ? "a process of the server has not answered in time: a page may have it"
                        : verb == Verb::kOnline ? "a process of the server has not answered in time"
                                                : "a process of the server has not answered in time: it may have been done";
        return result;
    case WM_EENGINE:
        result.reason = "a process of the server cannot be asked now, and nothing was sent to it; try again";
        return result;
    case WM_EFULL:
        if (verb == Verb::kJoin)
            return {Kind::kFull, false, false, 0, "no page of that uid could join: each is in as many groups as it may be"};
        result.reason = "the server has too much to do, and nothing was sent; try again";
        return result;
    default:
        result.reason = wm_strerror(status);
        return result;
    }
}

const char *name_of(Kind kind)
{
    switch (kind) {
    case Kind::kFull:
        return "full";
    case Kind::kLarge:
        return "large";
    case Kind::kUnknown:
        return "unknown";
    case Kind::kBad:
        return "bad";
    default:
        return "offline";
    }
}

} // namespace

PushResult result_of(PushLine::Kind verb, int32_t status, int64_t connections)
{
    if (status >= 0 && connections > 0) [[likely]]
        return {Kind::kOk, false, status == WM_PARTIAL, static_cast<uint32_t>(std::min<int64_t>(connections, UINT32_MAX))};
    return status < 0 ? failure_of(verb, status) : PushResult{Kind::kOffline, false, false, 0, reason_of_none(verb)};
}

std::string push_detail(PushResult result)
{
    if (result.kind == Kind::kBad)
        return std::string(result.reason) + ", at byte " + std::to_string(result.number);
    if (result.reason)
        return result.reason;
    return result.kind == Kind::kFull    ? "no page took it: they read too slowly, and their queues are full"
           : result.kind == Kind::kLarge ? "the server cannot send so much at once: push less, or a link to it"
                                         : "no page of that uid is connected";
}

void append_result(std::string &out, PushResult result)
{
    if (result.kind == Kind::kOk) {
        out += "\"connections\":" + std::to_string(result.number);
        if (result.unsure)
            out += ",\"partial\":true";
        return;
    }
    out += std::string("\"why\":\"") + name_of(result.kind) + "\",\"detail\":";
    append_json_string(out, push_detail(result));
    if (result.unsure)
        out += ",\"maybe\":true";
}

} // namespace wm::serve
