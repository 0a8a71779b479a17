// Lists of slots over one array of links, against a model.
#include "core/slot_lists.h"

#include <algorithm>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <list>
#include <random>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;

void lists__keep_the_order_in_which_slots_came(void **)
{
    constexpr uint32_t kSlots = 200;
    SlotLists links;
    SlotLists::List lists[3];
    std::list<uint32_t> models[3];
    std::mt19937 random(1);
    for (int step = 0; step < 20000; step++) {
        auto slot = static_cast<uint32_t>(random() % kSlots);
        assert_true(links.reserve(slot));
        bool removed = false;
        for (size_t i = 0; i < 3; i++) {
            auto at = std::find(models[i].begin(), models[i].end(), slot);
            if (at == models[i].end())
                continue;
            models[i].erase(at);
            links.remove(lists[i], slot);
            removed = true;
        }
        if (!removed) {
            size_t i = random() % 3;
            models[i].push_back(slot);
            links.push_back(lists[i], slot);
        }
        for (size_t i = 0; i < 3; i++) {
            assert_int_equal(lists[i].count, models[i].size());
            assert_int_equal(lists[i].first, models[i].empty() ? SlotLists::kNone : models[i].front());
            assert_int_equal(lists[i].last, models[i].empty() ? SlotLists::kNone : models[i].back());
        }
    }
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists__keep_the_order_in_which_slots_came),
    };
    return cmocka_run_group_tests_name("core_slot_lists", tests, nullptr, nullptr);
}
