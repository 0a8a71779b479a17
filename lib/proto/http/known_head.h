/**
 * @file
 * The head that a client sent last. Clients that keep a connection send the same head again, or one that differs in its
 * target alone: what is equal to its last octet is not parsed again. Heads of a client that sends others each time are
 * compared ever more rarely, so that it pays next to nothing for this.
 *
 * RequestParser reads and writes it; zeroed memory is an empty one. Values, any thread.
 */
#ifndef WM_PROTO_HTTP_KNOWN_HEAD_H
#define WM_PROTO_HTTP_KNOWN_HEAD_H

#include "proto/http/request_parser.h"

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace wm::http {

struct KnownHead {
    /// A longer head is parsed each time.
    static constexpr size_t kRoom = 960;
    static constexpr uint8_t kMaxPause = 15;

    uint64_t owner;      ///< for the caller
    uint32_t size;       ///< 0: none
    uint16_t lines;      ///< where the header lines begin
    uint8_t misses;      ///< 2^n - 1, of n heads that were compared since one was equal; at most kMaxPause
    uint8_t pause;       ///< heads until the next is compared
    RequestParser after; ///< at the end of the head, before the checks that need all of it
    char bytes[kRoom];
};

static_assert(std::is_trivially_copyable_v<KnownHead> && sizeof(KnownHead) <= 1024);

} // namespace wm::http

#endif
