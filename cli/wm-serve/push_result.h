/**
 * @file
 * The interface between the ports of the push server and the server: one push, with an immediate or a pending result.
 */
#ifndef WM_SERVE_PUSH_RESULT_H
#define WM_SERVE_PUSH_RESULT_H

#include "wm/hub.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace wm::serve {

/// The result of a push. It fits into two registers.
struct PushResult {
    enum class Kind : uint8_t {
        kOk,        ///< queued for at least one page
        kOffline,   ///< no page has the uid
        kFull,      ///< pages have the uid, but none took it
        kBad,       ///< not a push; see reason and offset
        kPending,   ///< done(hub, status, pages, user) is called once
        kNotifyEnd, ///< not a push: the connection is to get `end` before it ends
    };
    Kind kind;
    bool json = false;            ///< the answer is asked for in JSON: only then kFull is told from kOffline
    uint32_t number = 0;          ///< kOk: how many connections took it; kBad: the offset of the error in bytes
    const char *reason = nullptr; ///< of a failure whose kind does not say all: static text
};

/// The result of a push that was pending.
PushResult late_result(int32_t status, int64_t connections, bool json);

/// Why a push failed, in a sentence without a full stop.
std::string push_detail(PushResult result);
/// {"connections":2}, or {"why":"offline","detail":"..."}.
std::string push_json(PushResult result);

/// Takes the lines of the inner port and the bodies of POST /push.
class PushTarget {
public:
    virtual ~PushTarget() = default;
    virtual PushResult push(std::string_view line, wm_hub_result_fn done, void *user) = 0;
};

} // namespace wm::serve

#endif
