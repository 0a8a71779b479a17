#include "session/http/access_entry.h"

#include <algorithm>
#include <ctime>
#include <new>
#include <utility>

namespace wm {

const AccessEntry::Fields AccessEntry::kMembers = {&AccessRequest::ip,      &AccessRequest::method,  &AccessRequest::target,
                                                   &AccessRequest::version, &AccessRequest::referer, &AccessRequest::user_agent,
                                                   &AccessRequest::host};

// A field that is cut here is longer than its line has room for, so that it ends in "..." there.
const std::array<size_t, AccessEntry::kFields> AccessEntry::kMost = {
    kMaxAccessIp, kMaxAccessMethod, kMaxAccessTarget, kMaxAccessVersion, kMaxAccessReferer, kMaxAccessUserAgent, kMaxAccessHost};

int64_t AccessEntry::now_us()
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

AccessEntry::Owned AccessEntry::make(const AccessRequest &request, int64_t began_us)
{
    Sizes sizes;
    size_t size = sizeof(AccessEntry);
    for (size_t i = 0; i < kFields; i++) {
        sizes[i] = static_cast<uint16_t>(std::min((request.*kMembers[i]).size(), kMost[i]));
        size += sizes[i];
    }
    void *memory = malloc(size);
    return Owned(memory ? new (memory) AccessEntry(request, sizes, size, began_us) : nullptr);
}

AccessEntry::AccessEntry(const AccessRequest &request, const Sizes &sizes, size_t size, int64_t began)
    : began_us(began), size_(static_cast<uint32_t>(size)), sizes_(sizes)
{
    char *out = text();
    for (size_t i = 0; i < kFields; i++)
        out += (request.*kMembers[i]).copy(out, sizes_[i]);
}

AccessRequest AccessEntry::request() const
{
    AccessRequest out;
    const char *at = text();
    for (size_t i = 0; i < kFields; i++) {
        out.*kMembers[i] = {at, sizes_[i]};
        at += sizes_[i];
    }
    return out;
}

void AccessSession::append(AccessEntry *entry)
{
    (first ? last->next : first) = entry;
    last = entry;
}

AccessEntry *AccessSession::find(uint64_t request) const
{
    AccessEntry *entry = first;
    while (entry && entry->of != request)
        entry = entry->next;
    return entry;
}

AccessEntry::Owned AccessSession::take(uint64_t request)
{
    if (!first || first->of != request)
        return nullptr;
    return AccessEntry::Owned(std::exchange(first, first->next));
}

} // namespace wm
