/**
 * @file
 * What -ERR of a NATS server means: in words, and whether it lasts until a person has changed something. A pure function, any thread.
 */
#ifndef WM_HUB_ENGINE_NATS_CAUSE_H
#define WM_HUB_ENGINE_NATS_CAUSE_H

#include <string>
#include <string_view>

namespace wm::nats {

struct Cause {
    std::string text;
    bool lasts = false;
};

/// with_login: the connection has given a user, or a token. Throws bad_alloc.
Cause cause_of(std::string_view error, bool with_login);

} // namespace wm::nats

#endif
