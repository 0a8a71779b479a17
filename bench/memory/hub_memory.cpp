/**
 * @file
 * The memory that names of a hub, members of its groups, and waiting requests and peers of a router take: what malloc has given away, with
 * its own overhead, before and after many of them were made. Prints a table in Markdown. It uses the internals, so that 100 000 uids need
 * no sockets.
 */
#include "hub/groups.h"
#include "hub/name_table.h"
#include "hub/router/batch.h"
#include "hub/router/router.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <malloc.h>
#include <string>

namespace {

using namespace wm;

size_t allocated()
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

void need(bool done)
{
    if (done)
        return;
    fputs("bench_hub_memory: something was refused that it measures\n", stderr);
    exit(1);
}

/// Calls make() and prints what it has taken for each of `count`.
template <class Make> void measure(const char *what, uint32_t count, Make make)
{
    size_t before = allocated();
    make();
    printf("| %s | %u | %.1f |\n", what, count, static_cast<double>(allocated() - before) / count);
}

std::string name_of(uint32_t number)
{
    char name[16];
    snprintf(name, sizeof name, "user%08u", number);
    return name;
}

void measure_names(uint32_t count)
{
    NameTable names;
    measure("uid of 12 bytes: its name and place in the table", count, [&] {
        for (uint32_t i = 0; i < count; i++)
            need(names.add(name_of(i)) != nullptr);
    });
}

void measure_groups(uint32_t count)
{
    Groups groups;
    measure("connection in one of 100 groups", count, [&] {
        for (uint32_t i = 0; i < count; i++)
            need(groups.join(name_of(i % 100), i, 128) == 0);
    });
}

/// Takes what the router sends, and keeps nothing of it.
class Nowhere final : public router::Host {
public:
    void send(uint64_t, const char *, size_t) override {}
    void drop(uint64_t) override { need(false); }
    router::Result take(const router::Request &) override { return {}; }
    void answer(uint64_t, const router::Result &) override {}
};

constexpr uint64_t kSelf = 1;

/// Adds children that have said HELLO; a peer's link has the number of its node.
void add_peers(router::Router &router, uint32_t count)
{
    for (uint64_t node = kSelf + 1; node <= kSelf + count; node++) {
        router::Batch hello;
        need(router.expect(node, router::PeerKind::kChild) && hello.add(router::Op::kHello));
        router.connected(node, node, 0);
        router.receive(node, hello.finish({node, 1, 0, 0}), hello.size(), 0);
    }
    router.flush();
}

void measure_requests(uint32_t count)
{
    Nowhere nowhere;
    router::Limits limits;
    limits.peer_bytes = limits.total_bytes = SIZE_MAX / 4; // peers that never read
    router::Router router(nowhere, kSelf, 1, limits);
    add_peers(router, 3);
    std::string name = name_of(0), payload(64, 'x');
    measure("request that waits for 3 processes", count, [&] {
        for (uint32_t i = 0; i < count; i++) {
            router::Request request;
            request.op = router::Op::kSend;
            request.name = name;
            request.payload = payload;
            request.timeout_ms = 5000;
            router::Result result;
            need(!router.request(request, i, 0, result));
        }
    });
    need(router.outstanding() == count);
}

void measure_peers(uint32_t count)
{
    Nowhere nowhere;
    router::Router router(nowhere, kSelf, 1);
    measure("process that is known, with the batch of its HELLO", count, [&] { add_peers(router, count); });
}

} // namespace

int main()
{
    puts("| what | how many | bytes of each |\n|---|---|---|");
    for (uint32_t count : {10'000u, 100'000u}) {
        measure_names(count);
        measure_groups(count);
    }
    for (uint32_t count : {10'000u, 60'000u})
        measure_requests(count);
    for (uint32_t count : {4u, 128u})
        measure_peers(count);
}
