// Readings of one stream must agree: the input is played into RequestParser whole, and again cut at places that the input
// itself chooses, and with the head known that came last. Its first octet is the number of cuts, and the choice of methods and schemes; the
// octets behind it are the distances of the cuts; then come two for the limits.
#include "unit/http_feed.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

void check(bool holds, const char *what, const http_feed::Outcome &whole, const http_feed::Outcome &cut)
{
    if (holds)
        return;
    std::fprintf(stderr, "%s\nwhole:\n%s\ncut:\n%s\n", what, whole.log.c_str(), cut.log.c_str());
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    size_t wanted = data[0] % 32;
    wm::http::Limits limits{size_t{data[1]} * 4, data[2] % 16u, data[2]};
    limits.methods = (data[0] & 0x20) != 0 ? wm::http::kAnyMethod : wm::http::kKnownMethods;
    limits.https_targets = (data[0] & 0x40) != 0;
    data += 3;
    size -= 3;
    size_t count = std::min(wanted, size);
    std::string_view bytes(reinterpret_cast<const char *>(data) + count, size - count);
    std::vector<size_t> cuts;
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        at += data[i];
        if (at < bytes.size())
            cuts.push_back(at);
    }
    http_feed::Outcome whole = http_feed::play(bytes, {}, limits);
    wm::http::KnownHead known = {};
    for (const http_feed::Outcome &cut : {http_feed::play(bytes, cuts, limits), http_feed::dribble(bytes, limits, &known),
                                          http_feed::play(bytes, cuts, limits, &known), http_feed::play(bytes, {}, limits, &known)}) {
        check(!whole.broken && !cut.broken, "the contract of step.h is broken", whole, cut);
        check(whole.log == cut.log, "the outcome hangs on the cuts", whole, cut);
        check(whole.left == cut.left, "what is kept hangs on the cuts", whole, cut);
        check(cut.continues <= static_cast<int>(cut.bodies.size()) + 1, "100 Continue more than once for a request", whole, cut);
    }
    for (const std::string &body : whole.bodies)
        check(body.size() <= limits.max_message, "a body over the limit", whole, whole);
    return 0;
}
