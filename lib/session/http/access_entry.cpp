#include "session/http/access_entry.h"

#include <algorithm>
#include <ctime>
#include <new>
#include <utility>

namespace wm {

namespace {

/// Visits what an entry keeps, in its order. A field that is cut here is longer than its line has room for, so that it ends in "..." there.
template <class Request, class Visit> void visit_fields(Request &request, Visit visit)
{
    visit(request.ip, kMaxAccessIp);
    visit(request.method, kMaxAccessMethod);
    visit(request.target, kMaxAccessTarget);
    visit(request.version, kMaxAccessVersion);
    visit(request.referer, kMaxAccessReferer);
    visit(request.user_agent, kMaxAccessUserAgent);
    visit(request.host, kMaxAccessHost);
}

} // namespace

int64_t AccessEntry::now_us()
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

AccessEntry::Owned AccessEntry::make(const AccessRequest &request, int64_t began_us)
{
    Sizes sizes;
    size_t size = sizeof(AccessEntry), i = 0;
    visit_fields(request, [&](std::string_view field, size_t most) {
        sizes[i] = static_cast<uint16_t>(std::min(field.size(), most));
        size += sizes[i++];
    });
    void *memory = malloc(size);
    return Owned(memory ? new (memory) AccessEntry(request, sizes, size, began_us) : nullptr);
}

AccessEntry::AccessEntry(const AccessRequest &request, const Sizes &sizes, size_t size, int64_t began)
    : began_us(began), size_(static_cast<uint32_t>(size)), sizes_(sizes)
{
    char *out = text();
    size_t i = 0;
    visit_fields(request, [&](std::string_view field, size_t) { out += field.copy(out, sizes_[i++]); });
}

AccessRequest AccessEntry::request() const
{
    AccessRequest out;
    const char *at = text();
    size_t i = 0;
    visit_fields(out, [&](std::string_view &field, size_t) {
        field = {at, sizes_[i]};
        at += sizes_[i++];
    });
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
