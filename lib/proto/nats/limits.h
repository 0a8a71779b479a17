/**
 * @file
 * What a server may send in one piece, and what a client sends.
 */
#ifndef WM_PROTO_NATS_LIMITS_H
#define WM_PROTO_NATS_LIMITS_H

#include <cstddef>

namespace wm::nats {

inline constexpr size_t kMaxLine = 4096;                    ///< bytes of a line but INFO: the servers' own max_control_line
inline constexpr size_t kMaxInfo = 64 * 1024;               ///< bytes of INFO, which names each server of a cluster
inline constexpr size_t kMaxVersion = 64;                   ///< bytes
inline constexpr size_t kMaxServers = 64;                   ///< of connect_urls; others are passed over
inline constexpr size_t kMaxServer = 300;                   ///< bytes of one of them, which has a host name of at most 253
inline constexpr size_t kDefaultPayload = size_t{1} << 20;  ///< bytes; the servers' default, where INFO has no max_payload
inline constexpr size_t kMaxSubject = 128;                  ///< bytes of a subject that write_pub() takes
inline constexpr size_t kMaxPubHead = kMaxSubject + 4 + 24; ///< bytes that write_pub() writes

} // namespace wm::nats

#endif
