#include "hub/cluster/envelope.h"

#include "hub/router/limits.h"
#include "hub/router/little_endian.h"

#include <cstring>

namespace wm::cluster {

namespace {

using router::put;
using router::take;

constexpr char kMagic[3] = {'W', 'M', 'C'};
constexpr uint8_t kIsSealed = 1;

} // namespace

Refusal read_envelope(const char *bytes, size_t size, Seal &seal, Envelope &out)
{
    if (size < kEnvelopeHeader || memcmp(bytes, kMagic, sizeof kMagic) != 0)
        return Refusal::kForeign;
    const char *at = bytes + sizeof kMagic;
    auto version = take<uint8_t>(at);
    auto kind = take<uint8_t>(at);
    auto flags = take<uint8_t>(at);
    take<uint16_t>(at);
    out.node = take<uint64_t>(at);
    out.epoch = take<uint64_t>(at);
    out.to = take<uint64_t>(at);
    out.number = take<uint64_t>(at);
    out.sent_ms = take<int64_t>(at);
    out.echo_ms = take<int64_t>(at);
    if (version < kEnvelopeVersion - 1 || version > kEnvelopeVersion + 1)
        return Refusal::kVersion;
    bool sealed = flags & kIsSealed;
    if (sealed != seal.is_set())
        return sealed ? Refusal::kSealed : Refusal::kUnsealed;
    size_t body = size - kEnvelopeHeader;
    if (sealed) {
        if (body < Seal::kSize)
            return Refusal::kForeign;
        body -= Seal::kSize;
        if (!seal.check(bytes, kEnvelopeHeader + body, bytes + kEnvelopeHeader + body))
            return Refusal::kForged;
    }
    bool known = kind == static_cast<uint8_t>(Kind::kControl) || kind == static_cast<uint8_t>(Kind::kBatch);
    if (!known || out.node == 0 || out.sent_ms < 0 || out.sent_ms > router::kLatestMs || out.echo_ms < 0)
        return Refusal::kForeign;
    out.kind = static_cast<Kind>(kind);
    out.body = {bytes + kEnvelopeHeader, body};
    return Refusal::kNone;
}

size_t write_envelope(char *message, const Envelope &envelope, size_t body, Seal &seal)
{
    memcpy(message, kMagic, sizeof kMagic);
    char *at = message + sizeof kMagic;
    at = put(at, kEnvelopeVersion);
    at = put(at, static_cast<uint8_t>(envelope.kind));
    at = put(at, static_cast<uint8_t>(seal.is_set() ? kIsSealed : 0));
    at = put(at, uint16_t{0});
    at = put(at, envelope.node);
    at = put(at, envelope.epoch);
    at = put(at, envelope.to);
    at = put(at, envelope.number);
    at = put(at, envelope.sent_ms);
    put(at, envelope.echo_ms);
    size_t size = kEnvelopeHeader + body;
    if (!seal.is_set())
        return size;
    return seal.make(message, size, message + size) ? size + Seal::kSize : 0;
}

} // namespace wm::cluster
