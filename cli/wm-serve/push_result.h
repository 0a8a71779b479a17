/**
 * @file
 * The interface between the ports of the push server and the server: one push, with an immediate or a pending result.
 */
#ifndef WM_SERVE_PUSH_RESULT_H
#define WM_SERVE_PUSH_RESULT_H

#include "wm/hub.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm::serve {

/// The result of a push.
struct PushResult {
    enum class Kind : uint8_t {
        kOk,      ///< queued for at least one page
        kOffline, ///< no page has the uid, or none took it
        kBad,     ///< not a push; see reason and offset
        kPending, ///< done(hub, status, pages, user) is called once
    };
    Kind kind;
    const char *reason = nullptr; ///< static text
    size_t offset = 0;
};

/// Takes the lines of the inner port and the bodies of POST /push.
class PushTarget {
public:
    virtual ~PushTarget() = default;
    virtual PushResult push(std::string_view line, wm_hub_result_fn done, void *user) = 0;
};

} // namespace wm::serve

#endif
