#include "wm-serve/push_result.h"

#include "shared/json_write.h"
#include "wm/error.h"

namespace wm::serve {

PushResult late_result(int32_t status, int64_t connections, bool json)
{
    if (connections > 0)
        return {PushResult::Kind::kOk, json, static_cast<uint32_t>(connections)};
    return {PushResult::Kind::kOffline, json, 0, status < 0 ? wm_strerror(status) : nullptr};
}

std::string push_detail(PushResult result)
{
    if (result.kind == PushResult::Kind::kBad)
        return std::string(result.reason) + ", at byte " + std::to_string(result.number);
    if (result.reason)
        return result.reason;
    return result.kind == PushResult::Kind::kFull ? "no page took it: they read too slowly, and their queues are full"
                                                  : "no page of that uid is connected";
}

std::string push_json(PushResult result)
{
    if (result.kind == PushResult::Kind::kOk)
        return "{\"connections\":" + std::to_string(result.number) + "}";
    const char *why = result.kind == PushResult::Kind::kBad ? "bad" : result.kind == PushResult::Kind::kFull ? "full" : "offline";
    std::string out = std::string("{\"why\":\"") + why + "\",\"detail\":";
    append_json_string(out, push_detail(result));
    return out + "}";
}

} // namespace wm::serve
