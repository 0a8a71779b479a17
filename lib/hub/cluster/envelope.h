/**
 * @file
 * A message between machines, as an engine carries it: who sent it to whom and when, and what it carries; with a secret, sealed.
 * Little-endian. Reading checks every length against what is there, and copies nothing.
 *
 *     "WMC" u8 version, u8 kind, u8 flags, u16 0, u64 node, u64 epoch, u64 to, u64 number, i64 sent_ms, i64 echo_ms, body [, seal]
 */
#ifndef WM_HUB_CLUSTER_ENVELOPE_H
#define WM_HUB_CLUSTER_ENVELOPE_H

#include "hub/cluster/seal.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm::cluster {

constexpr uint8_t kEnvelopeVersion = 1; ///< a neighbour's may differ by one
constexpr size_t kEnvelopeHeader = 56;
constexpr size_t kEnvelopeExtra = kEnvelopeHeader + Seal::kSize;

enum class Kind : uint8_t {
    kControl = 1, ///< records of cluster/control.h
    kBatch = 2,   ///< a batch of router/wire.h
};

struct Envelope {
    Kind kind = Kind::kControl;
    uint64_t node = 0;   ///< of the sender
    uint64_t epoch = 0;  ///< of its service's life: the higher is the newer
    uint64_t to = 0;     ///< a node; 0: all
    uint64_t number = 0; ///< grows with each message of this life
    int64_t sent_ms = 0; ///< by the sender's clock
    int64_t echo_ms = 0; ///< the newest sent_ms of the receiver that the sender had seen; 0: none, or to all
    std::string_view body;
};

/// Why a message is not taken.
enum class Refusal : uint8_t {
    kNone,
    kForeign,  ///< no message of this protocol
    kVersion,  ///< of a version that this one does not speak
    kUnsealed, ///< without a seal, where this node has a secret
    kSealed,   ///< with one, where it has none
    kForged,   ///< the seal is wrong: another secret, or another cluster's
};
constexpr size_t kRefusals = 6;

/// Reads a message. The envelope is filled as far as it could be read.
Refusal read_envelope(const char *bytes, size_t size, Seal &seal, Envelope &out);

/// Writes the header before the body, which stands at message + kEnvelopeHeader, and the seal behind it, where there is room for it. The
/// size of the message; 0: out of memory.
size_t write_envelope(char *message, const Envelope &envelope, size_t body, Seal &seal);

} // namespace wm::cluster

#endif
