#include "hub/engine/nats/cause.h"

#include "core/escape.h"
#include "proto/ascii.h"

#include <cstddef>

namespace wm::nats {

namespace {

constexpr size_t kMaxError = 200; // bytes that are shown

struct Meaning {
    std::string_view begins; ///< of what the server says, in any case
    const char *text;
    bool lasts;
};

constexpr Meaning kMeanings[] = {
    {"Authorization Violation", "it refuses the user and password, or the token: they have to be of its configuration", true},
    {"Authentication Timeout", "it has got no login in time", false},
    {"User Authentication", "its user is valid no longer: another one has to be set", true},
    {"Account Authentication", "its account is valid no longer: another one has to be set", true},
    {"Permissions Violation for Subscription", "the user may not subscribe: it needs 'wm.>' in permissions.subscribe", true},
    {"Permissions Violation for Publish", "the user may not publish: it needs 'wm.>' in permissions.publish", true},
    {"Maximum Connections Exceeded", "it has as many connections as it takes: raise max_connections", true},
    {"Maximum Account Active Connections Exceeded", "the account has as many connections as it may have", true},
    {"Maximum Subscriptions Exceeded", "it takes no more subscriptions: raise max_subscriptions to 2 or more", true},
    {"Maximum Payload Violation", "it has lowered max_payload", false},
    {"Slow Consumer", "this node has read too slowly", false},
    {"Stale Connection", "this node has not answered its pings in time", false},
};

constexpr const char *kNoLogin = "it asks for a user and password, or a token, and none is set";

bool begins_with(std::string_view text, std::string_view begin)
{
    return ascii::equal_fold(text.substr(0, begin.size()), begin);
}

} // namespace

Cause cause_of(std::string_view error, bool with_login)
{
    std::string said = " (-ERR '" + escaped(error, kMaxError) + "')";
    for (const Meaning &meaning : kMeanings)
        if (begins_with(error, meaning.begins)) {
            bool needs_login = &meaning == kMeanings && !with_login;
            return {(needs_login ? kNoLogin : meaning.text) + said, meaning.lasts};
        }
    return {"it has ended the connection" + said, false};
}

} // namespace wm::nats
