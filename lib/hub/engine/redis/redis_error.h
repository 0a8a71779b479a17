/**
 * @file
 * Errors of Redis, as its replies begin: what they mean for a carrier, and what would be right. Pure; throws bad_alloc.
 */
#ifndef WM_HUB_ENGINE_REDIS_REDIS_ERROR_H
#define WM_HUB_ENGINE_REDIS_REDIS_ERROR_H

#include <cstdint>
#include <string>
#include <string_view>

namespace wm::redis {

/// Why a connection is of no use.
struct Cause {
    std::string text = {}; ///< empty: out of memory
    bool lasts = false;    ///< until a person has changed something: attempts are slow
    bool moved = false;    ///< another server is to be asked: the addresses are out of date
};

/// Of an error reply, without its '-'.
Cause explain(std::string_view error);

/// Whether it says that the server wants a login.
bool wants_login(std::string_view error);

} // namespace wm::redis

#endif
