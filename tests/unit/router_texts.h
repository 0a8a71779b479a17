/**
 * @file
 * What a push of a simulated run asks for, as the texts of a request, and as a process reads it back from what has arrived.
 */
#ifndef WM_TESTS_ROUTER_TEXTS_H
#define WM_TESTS_ROUTER_TEXTS_H

#include "router_judge.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace router_sim {

using wm::router::Request;

constexpr std::string_view kGroup = "group";

struct Texts {
    std::string name;
    std::string extra;
};

/// "2,5" for the uids whose bits are set.
inline std::string list_of(uint32_t uids)
{
    std::string list;
    for (uint32_t uid = 0; uids >> uid; uid++)
        if (uids >> uid & 1)
            list += (list.empty() ? "" : ",") + std::to_string(uid);
    return list;
}

inline uint32_t uids_of(std::string_view list)
{
    uint32_t uids = 0;
    for (size_t at = 0; at < list.size(); at = list.find(',', at) == list.npos ? list.size() : list.find(',', at) + 1)
        uids |= 1u << strtoul(std::string(list.substr(at)).c_str(), nullptr, 10);
    return uids;
}

inline Texts texts_of(const Push &push)
{
    switch (push.op) {
    case Op::kBroadcast:
        return {};
    case Op::kGroupSend:
        return {std::string(kGroup), list_of(push.except)};
    case Op::kPublish:
        return {"topic", ""};
    case Op::kKick:
        return {std::to_string(push.uid), "go away"};
    case Op::kJoin:
    case Op::kLeave:
        return {std::to_string(push.uid), std::string(kGroup)};
    default:
        return {std::to_string(push.uid), ""};
    }
}

/// By what has arrived alone, whatever was asked.
inline Push push_of(const Request &request)
{
    Push push = {};
    push.op = request.op;
    if (request.op == Op::kGroupSend)
        push.except = uids_of(request.extra);
    else if (request.op != Op::kBroadcast && request.op != Op::kPublish)
        push.uid = static_cast<uint32_t>(strtoul(std::string(request.name).c_str(), nullptr, 10));
    return push;
}

} // namespace router_sim

#endif
