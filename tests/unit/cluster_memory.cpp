// What the names of a cluster do when memory ends: each allocation in turn fails, and what is claimed, counted and told is as it was
// before, or as it would be with memory.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <set>
#include <string>
#include <vector>

#include "hub/cluster/claim_records.h"
#include "hub/cluster/claims.h"
#include "hub/cluster/own_names.h"
#include "hub/cluster/peer_claims.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

bool g_may_fail = false;
uint32_t g_state = 1;
uint32_t g_failed = 0;

/// Every third allocation or so fails, while they may.
bool fails()
{
    if (!g_may_fail)
        return false;
    g_state = g_state * 1664525 + 1013904223;
    bool failing = g_state >> 30 == 0;
    g_failed += failing;
    return failing;
}

void *allocate(size_t size, size_t alignment)
{
    return fails() ? nullptr : aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

/// Not inlined, or the compiler compares what is behind new and delete.
[[gnu::noinline]] void release(void *memory)
{
    free(memory);
}

constexpr size_t kPlain = alignof(std::max_align_t);

} // namespace

void *operator new(size_t size)
{
    if (void *made = allocate(size, kPlain))
        return made;
    throw std::bad_alloc();
}
void *operator new[](size_t size)
{
    return operator new(size);
}
void *operator new(size_t size, const std::nothrow_t &) noexcept
{
    return allocate(size, kPlain);
}
void *operator new[](size_t size, const std::nothrow_t &) noexcept
{
    return allocate(size, kPlain);
}
void *operator new[](size_t size, std::align_val_t alignment, const std::nothrow_t &) noexcept
{
    return allocate(size, static_cast<size_t>(alignment));
}
void operator delete(void *memory) noexcept
{
    release(memory);
}
void operator delete(void *memory, size_t) noexcept
{
    release(memory);
}
void operator delete[](void *memory) noexcept
{
    release(memory);
}
void operator delete[](void *memory, size_t) noexcept
{
    release(memory);
}
void operator delete[](void *memory, std::align_val_t) noexcept
{
    release(memory);
}

namespace {

using namespace wm::cluster;

/// Calls act while allocations may fail.
template <class Act> auto failing(Act act)
{
    g_may_fail = true;
    auto result = act();
    g_may_fail = false;
    return result;
}

void a_directory_has_what_it_said_it_added(void **)
{
    g_failed = 0;
    for (uint32_t seed = 1; seed <= 30; seed++) {
        g_state = seed;
        Directory directory;
        Directory::Target target = directory.open(1), other = directory.open(2);
        std::set<uint64_t> claimed;
        uint64_t digest = 0;
        uint32_t refused = 0;
        for (uint64_t fp = 1; fp <= 3000; fp++) {
            if (failing([&] { return directory.add(fp, target); })) {
                claimed.insert(fp);
                digest ^= digest_of(fp);
            } else {
                refused++;
            }
            if (fp % 3 == 0)
                failing([&] { return directory.add(fp, other); });
        }
        for (uint64_t fp = 1; fp <= 3000; fp += 2) {
            failing([&] { return directory.remove(fp, target), true; });
            digest ^= claimed.erase(fp) > 0 ? digest_of(fp) : 0;
        }
        assert_true(refused > 0);
        directory.close(other);
        while (directory.has_garbage())
            failing([&] { return directory.sweep(), true; });
        assert_int_equal(directory.count(target), claimed.size());
        assert_int_equal(directory.size(), claimed.size());
        assert_int_equal(directory.digest(target), digest);
        for (uint64_t fp = 1; fp <= 3000; fp++)
            assert_int_equal(directory.is_claimed(fp, target), claimed.contains(fp));
    }
    assert_true(g_failed > 100);
}

/// What one side tells while its memory ends is never wrong for the other one, whose memory ends too; and in the end all is told.
void names_are_valid_only_if_they_are_right(void **)
{
    for (uint32_t seed = 1; seed <= 30; seed++) {
        g_state = seed;
        Claims claims;
        Directory::Target own = claims.directory.open(0);
        ClaimStream all(0);
        Directory directory;
        PeerClaims peer(directory, 1);
        std::unique_ptr<char[]> body(new char[kMaxClaimBody]);
        auto pass = [&](ClaimStream &stream) {
            size_t size = 0;
            Delta delta;
            StatePart part;
            ClaimOp op;
            while ((op = stream.next(claims, body.get(), &size)) == ClaimOp::kDelta || op == ClaimOp::kState) {
                if (op == ClaimOp::kDelta && read_delta({body.get(), size}, delta))
                    peer.apply(delta);
                else if (op == ClaimOp::kState && read_state({body.get(), size}, part))
                    peer.apply(part);
            }
            return op;
        };
        auto check = [&] {
            while (directory.has_garbage())
                directory.sweep();
            if (!peer.is_valid() || peer.have() != claims.seq())
                return;
            assert_int_equal(peer.count(), claims.count());
            for (uint64_t fp = 10; fp < 3015; fp++)
                assert_int_equal(directory.has(fp), claims.directory.has(fp));
        };
        for (uint64_t i = 1; i <= 300; i++) {
            failing([&] {
                for (uint64_t fp = i * 10; fp < i * 10 + 15; fp++)
                    claims.directory.add(fp, own);
                claims.directory.remove(i * 10 + 3, own);
                bool done = pass(all) == ClaimOp::kNone;
                if (i % 5 == 0 && peer.hello(1, claims.seq(), claims.digest())) {
                    ClaimStream stream(peer.have());
                    pass(stream);
                }
                return done;
            });
            check();
        }
        for (uint32_t i = 0; i < 200 && !(peer.is_valid() && peer.have() == claims.seq()); i++)
            if (peer.hello(1, claims.seq(), claims.digest())) {
                ClaimStream stream(peer.have());
                pass(stream);
            }
        assert_true(peer.is_valid());
        check();
    }
}

void a_name_that_cannot_be_told_is_not_added(void **)
{
    for (uint32_t seed = 1; seed <= 30; seed++) {
        g_state = seed;
        OwnNames names({1, 2});
        uint64_t added = 0;
        for (uint32_t i = 0; i < 2000; i++) {
            std::string name = std::to_string(i);
            added += failing([&] { return names.add(1, NameKind::kUid, name); });
        }
        assert_int_equal(names.claims().count(), added);
        assert_in_range(added, 1, 1999);
    }
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_directory_has_what_it_said_it_added),
        cmocka_unit_test(names_are_valid_only_if_they_are_right),
        cmocka_unit_test(a_name_that_cannot_be_told_is_not_added),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
