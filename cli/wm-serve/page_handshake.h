/**
 * @file
 * Which pages the websocket port of the push server lets in: how often they come, their origin, and the subprotocol that they are told.
 */
#ifndef WM_SERVE_PAGE_HANDSHAKE_H
#define WM_SERVE_PAGE_HANDSHAKE_H

#include "wm-serve/connect_rates.h"
#include "wm-serve/event_log.h"
#include "wm-serve/origin.h"
#include "wm-serve/push_options.h"
#include "wm/types.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace wm::serve {

struct HandshakeAnswer {
    int32_t status = 101; ///< or that of the refusal
    std::string fields;   ///< header lines
    std::string body;     ///< of a refusal
};

class PageHandshake {
public:
    /// The options are borrowed. They have been checked.
    void setup(const PushOptions &options);
    /// Judges the handshake of a page.
    HandshakeAnswer judge(wm_conn conn, wm_request request);

private:
    bool comes_too_often(wm_conn conn);
    HandshakeAnswer refuse_rate(wm_conn conn);
    HandshakeAnswer refuse_origin(wm_conn conn, std::string_view origin);

    const PushOptions *options_ = nullptr;
    OriginList origins_;
    ConnectRates rates_;
    ThrottledWarning too_often_;
    ThrottledWarning refused_;
    ThrottledWarning unknown_subprotocol_;
};

} // namespace wm::serve

#endif
