/**
 * @file
 * The result of a line of a back end: of a push, or of another command. A plain value.
 */
#ifndef WM_SERVE_PUSH_RESULT_H
#define WM_SERVE_PUSH_RESULT_H

#include "shared/json_scan.h"

#include <cstdint>
#include <string>

namespace wm::serve {

/// It fits into two registers.
struct PushResult {
    // Of several uids the last in this order that is no kOk tells why all have failed.
    enum class Kind : uint8_t {
        kOk,        ///< done for at least one connection
        kOffline,   ///< there is no connection
        kFull,      ///< there are some, but none took it
        kLarge,     ///< a message that can never be sent
        kUnknown,   ///< of no connection is it known, and some process has not been asked, or has not answered
        kBad,       ///< no line of these; see reason and number
        kPending,   ///< PushCall::done is called once
        kTicket,    ///< not for the hub: a ticket was issued
        kExplain,   ///< not for the hub: failures of the connection are to say why
        kNotifyEnd, ///< not for the hub: the connection is to get `end` before it ends
    };
    Kind kind;
    bool json = false;   ///< the answer is to be JSON
    bool unsure = false; ///< kOk: `number` is a lower bound; kUnknown: it may have been done all the same
    uint32_t number =
        0; ///< kOk: of how many connections; kBad: the offset of the error in bytes; kTicket: how long it may be used, in seconds
    const char *reason = nullptr; ///< of a failure whose kind does not say all: static text
};

/// The result of a hub call, by what it was made for: status and connections are those of wm_hub_result_fn.
PushResult result_of(PushLine::Kind verb, int32_t status, int64_t connections);

/// Why it failed, in a sentence without a full stop.
std::string push_detail(PushResult result);
/// Appends the members of an object: "connections":2, or "why":"offline","detail":"...".
void append_result(std::string &out, PushResult result);

} // namespace wm::serve

#endif
