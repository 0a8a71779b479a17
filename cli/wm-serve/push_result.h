/**
 * @file
 * What the ports of the push server ask for: one push, with its result at once or later.
 */
#ifndef WM_SERVE_PUSH_RESULT_H
#define WM_SERVE_PUSH_RESULT_H

#include "wm/hub.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm::serve {

/// What became of a push.
struct PushResult {
    enum class Kind : uint8_t {
        kOk,      ///< at least one page took it
        kOffline, ///< nobody did
        kBad,     ///< reason says what was wrong, offset where
        kPending, ///< done(hub, pages, user) will tell, once
    };
    Kind kind;
    const char *reason = nullptr; ///< static
    size_t offset = 0;
};

/// Who takes the lines of the inner port and the bodies of POST /push.
class PushTarget {
public:
    virtual ~PushTarget() = default;
    virtual PushResult push(std::string_view line, wm_hub_result_fn done, void *user) = 0;
};

} // namespace wm::serve

#endif
