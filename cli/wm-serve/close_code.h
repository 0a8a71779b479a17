/**
 * @file
 * The codes with which the push server closes a page (RFC 6455 §7.4).
 */
#ifndef WM_SERVE_CLOSE_CODE_H
#define WM_SERVE_CLOSE_CODE_H

#include <cstdint>

namespace wm::serve {

inline constexpr int32_t kPolicyViolation = 1008; ///< the next try would be refused, too
inline constexpr int32_t kTryAgainLater = 1013;
inline constexpr int32_t kNotAuthorized = 4401; ///< the token is refused, or has ended: another one may be taken; as 401 of http

} // namespace wm::serve

#endif
