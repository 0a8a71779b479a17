// Slots with generations, and the ids that point into them.
#include "core/id.h"
#include "core/slot_table.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;

struct Counted {
    static inline int live = 0;
    uint64_t value = 0;
    Counted() { live++; }
    ~Counted() { live--; }
};

using Table = SlotTable<Counted, 1024>;

void ids_keep_their_parts_in_53_bits(void **)
{
    constexpr SlotRange kConns = {IdKind::kConn, kConnSlots, 0};
    for (auto [kind, slots, prefix] : {kConns, kOtherKinds[0], kOtherKinds[1], kOtherKinds[2], kOtherKinds[3]})
        for (uint32_t app : {0u, 1u, 17u, kApps - 1})
            for (uint32_t slot : {0u, 1u, 255u, 256u, slots / 2, slots - 1})
                for (uint32_t generation : {1u, 2u, kGenerationMask}) {
                    uint64_t id = pack_id(kind, app, slot, generation);
                    assert_true(id != 0 && id < 1ull << 53);
                    assert_true(static_cast<uint64_t>(static_cast<double>(id)) == id);
                    Id parts = unpack_id(id);
                    assert_true(parts.kind == kind);
                    assert_int_equal(parts.app, app);
                    assert_int_equal(parts.slot, slot);
                    assert_int_equal(parts.generation, generation);
                }
}

void a_released_slot_is_not_found_by_its_old_generation(void **)
{
    Table table(0);
    uint32_t slot = table.acquire();
    uint32_t generation = table.generation_of(slot);
    assert_int_equal(generation, 1);
    assert_non_null(table.find(slot, generation));
    assert_null(table.find(slot, generation + 1));
    table.release(slot);
    assert_null(table.find(slot, generation));
    assert_null(table.find(slot, generation + 1));
    assert_int_equal(table.acquire(), slot);
    assert_null(table.find(slot, generation));
    assert_non_null(table.find(slot, generation + 1));
    assert_null(table.find(1023, 1));
    assert_null(table.find(1024, 1));
    assert_null(table.find(UINT32_MAX, 1));
}

void free_slots_are_used_again_oldest_first(void **)
{
    Table table(0);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(table.acquire(), i);
    for (uint32_t slot : {3u, 0u, 4u})
        table.release(slot);
    for (uint32_t slot : {3u, 0u, 4u, 5u})
        assert_int_equal(table.acquire(), slot);
}

void a_full_table_says_none_and_goes_on_after_a_release(void **)
{
    Table table(0);
    for (uint32_t i = 0; i < 1024; i++)
        assert_int_equal(table.acquire(), i);
    assert_int_equal(table.acquire(), Table::kNone);
    table.release(512);
    assert_int_equal(table.acquire(), 512);
    assert_int_equal(table.acquire(), Table::kNone);
}

void generations_start_above_the_base_and_wrap_past_0(void **)
{
    Table table(41);
    uint32_t slot = table.acquire();
    assert_int_equal(table.generation_of(slot), 42);
    table.release(slot);
    assert_int_equal(table.highest_generation(), 43);
    Table last(kGenerationMask - 1);
    slot = last.acquire();
    assert_int_equal(last.generation_of(slot), kGenerationMask);
    last.release(slot);
    slot = last.acquire();
    assert_int_equal(last.generation_of(slot), 1);
}

void items_are_destroyed_once_also_with_the_table(void **)
{
    {
        Table table(0);
        std::vector<uint32_t> held;
        std::mt19937 random(1);
        for (int i = 0; i < 20000; i++) {
            if (held.empty() || (random() % 3 != 0 && held.size() < 700)) {
                uint32_t slot = table.acquire();
                table.at(slot)->value = slot * 7u;
                held.push_back(slot);
            } else {
                size_t which = random() % held.size();
                assert_int_equal(table.at(held[which])->value, held[which] * 7u);
                table.release(held[which]);
                held[which] = held.back();
                held.pop_back();
            }
            assert_int_equal(table.live(), held.size());
            assert_int_equal(Counted::live, held.size());
        }
    }
    assert_int_equal(Counted::live, 0);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(ids_keep_their_parts_in_53_bits),
        cmocka_unit_test(a_released_slot_is_not_found_by_its_old_generation),
        cmocka_unit_test(free_slots_are_used_again_oldest_first),
        cmocka_unit_test(a_full_table_says_none_and_goes_on_after_a_release),
        cmocka_unit_test(generations_start_above_the_base_and_wrap_past_0),
        cmocka_unit_test(items_are_destroyed_once_also_with_the_table),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
