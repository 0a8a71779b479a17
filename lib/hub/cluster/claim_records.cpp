#include "hub/cluster/claim_records.h"

namespace wm::cluster {

using router::put;
using router::take;

namespace {

bool has_prints(std::string_view body, size_t header, uint64_t count)
{
    return count <= kMaxPrints && count * sizeof(uint64_t) <= body.size() - header;
}

} // namespace

bool read_key(std::string_view body, Fingerprints::Key &out)
{
    if (body.size() < kKeySize)
        return false;
    const char *at = body.data();
    out.low = take<uint64_t>(at);
    out.high = take<uint64_t>(at);
    return true;
}

bool read_names(std::string_view body, NamesHello &out)
{
    if (body.size() < kNamesSize)
        return false;
    const char *at = body.data();
    out.seq = take<uint64_t>(at);
    out.digest = take<uint64_t>(at);
    return true;
}

bool read_delta(std::string_view body, Delta &out)
{
    if (body.size() < kDeltaHeader)
        return false;
    const char *at = body.data();
    out.before = take<uint64_t>(at);
    out.seq = take<uint64_t>(at);
    auto adds = take<uint32_t>(at), removes = take<uint32_t>(at);
    if (out.seq <= out.before || !has_prints(body, kDeltaHeader, uint64_t{adds} + removes))
        return false;
    out.adds = {at, adds};
    out.removes = {at + adds * sizeof(uint64_t), removes};
    return true;
}

bool read_want(std::string_view body, uint64_t &have)
{
    if (body.size() < kWantSize)
        return false;
    const char *at = body.data();
    have = take<uint64_t>(at);
    return true;
}

bool read_state(std::string_view body, StatePart &out)
{
    if (body.size() < kStateHeader)
        return false;
    const char *at = body.data();
    out.seq = take<uint64_t>(at);
    out.part = take<uint32_t>(at);
    auto parts = take<uint32_t>(at), count = take<uint32_t>(at);
    out.is_last = parts != 0;
    if (out.part == UINT32_MAX || (out.is_last && parts != out.part + 1) || !has_prints(body, kStateHeader, count))
        return false;
    out.prints = {at, count};
    return true;
}

char *put_delta_header(char *at, uint64_t before, uint64_t seq, uint32_t adds, uint32_t removes)
{
    return put(put(put(put(at, before), seq), adds), removes);
}

char *put_state_header(char *at, uint64_t seq, uint32_t part, uint32_t parts, uint32_t prints)
{
    return put(put(put(put(at, seq), part), parts), prints);
}

char *put_want(char *at, uint64_t have)
{
    return put(at, have);
}

char *put_key(char *at, const Fingerprints::Key &key)
{
    return put(put(at, key.low), key.high);
}

char *put_names(char *at, const NamesHello &names)
{
    return put(put(at, names.seq), names.digest);
}

} // namespace wm::cluster
