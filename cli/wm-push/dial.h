/**
 * @file
 * Connects to a server, and proves to it that the secret is known, where there is one (shared/inner_proof.h). One thread.
 */
#ifndef WM_PUSH_DIAL_H
#define WM_PUSH_DIAL_H

#include "wm-push/connection.h"
#include "wm-push/exit_code.h"
#include "wm-push/server_address.h"

#include <chrono>
#include <string>

namespace wm {

struct Destination {
    ServerAddress address;
    std::string secret; ///< empty: no proof is given
};

/// Connects, within `timeout`, for pushes: the server has taken the proof, has proved itself, or has no secret and is on this machine. On
/// false, `failure` has the reason, and there is no connection.
bool dial(Connection &connection, const Destination &to, std::chrono::milliseconds timeout, Failure &failure);

/// The failure where a server that was given no proof asks for one.
Failure secret_missing(const Destination &to);

} // namespace wm

#endif
