/**
 * @file
 * What a ClaimStream says, and a PeerClaims that is given it.
 */
#ifndef WM_TESTS_CLAIMS_FEED_H
#define WM_TESTS_CLAIMS_FEED_H

#include "hub/cluster/claims.h"
#include "hub/cluster/peer_claims.h"

#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

// Behind its includes, and those of this file: its macros (fail, ...) are names in the C++ headers.
#include <csetjmp>
#include <cstdarg>
#include <cstdint>
extern "C" {
#include <cmocka.h>
}

namespace claims_feed {

using namespace wm::cluster;

struct Message {
    ClaimOp op;
    std::string body;
};

/// The next record of a stream; kNone: there is none.
inline Message next_of(ClaimStream &stream, const Claims &claims)
{
    std::unique_ptr<char[]> body(new char[kMaxClaimBody]);
    size_t size = 0;
    ClaimOp op = stream.next(claims, body.get(), &size);
    assert_true(op != ClaimOp::kNoMemory && size <= kMaxClaimBody);
    return {op, std::string(body.get(), size)};
}

/// Reads from memory that ends where the body does, so that a sanitizer sees a read beyond it. Whether the receiver asks.
inline bool give(PeerClaims &peer, const Message &message)
{
    std::unique_ptr<char[]> exact(new char[message.body.size()]);
    memcpy(exact.get(), message.body.data(), message.body.size());
    std::string_view body(exact.get(), message.body.size());
    if (message.op == ClaimOp::kDelta) {
        Delta delta;
        assert_true(read_delta(body, delta));
        return peer.apply(delta);
    }
    StatePart part;
    assert_true(read_state(body, part));
    return peer.apply(part);
}

} // namespace claims_feed

#endif
