// Groups against std::set: joins and leaves at random, closes, reused places and slots, the order of a group's members.
#include "hub/groups.h"
#include "wm/error.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;

std::vector<uint32_t> members(const Groups &groups, std::string_view group)
{
    std::vector<uint32_t> slots;
    groups.each(group, [&](uint32_t slot) { slots.push_back(slot); });
    return slots;
}

void random_acts_agree_with_sets(void **)
{
    constexpr uint32_t kSlots = 300, kGroups = 120;
    constexpr size_t kMost = 20;
    Groups groups;
    std::map<std::string, std::set<uint32_t>> model;
    std::map<uint32_t, std::set<std::string>> of_slot;
    std::mt19937 random(7);
    for (int i = 0; i < 200000; i++) {
        uint32_t slot = static_cast<uint32_t>(random() % kSlots);
        std::string group = "group-" + std::to_string(random() % kGroups);
        bool is_in = model[group].contains(slot);
        switch (random() % 8) {
        case 0: // it closes
            groups.leave_all(slot);
            for (const std::string &left : of_slot[slot])
                model[left].erase(slot);
            of_slot[slot].clear();
            break;
        case 1:
        case 2:
            assert_int_equal(groups.leave(group, slot), is_in);
            model[group].erase(slot);
            of_slot[slot].erase(group);
            break;
        default: {
            int expected = !is_in && of_slot[slot].size() >= kMost ? int{WM_EFULL} : 0;
            assert_int_equal(groups.join(group, slot, kMost), expected);
            if (expected == 0) {
                model[group].insert(slot);
                of_slot[slot].insert(group);
            }
            break;
        }
        }
        assert_int_equal(groups.size(group), model[group].size());
    }
    for (const auto &[group, slots] : model) {
        std::vector<uint32_t> found = members(groups, group);
        assert_int_equal(found.size(), slots.size());
        assert_true(std::set<uint32_t>(found.begin(), found.end()) == slots);
    }
    for (uint32_t slot = 0; slot < kSlots; slot++)
        groups.leave_all(slot);
    for (const auto &[group, slots] : model)
        assert_int_equal(groups.size(group), 0);
}

void members_come_in_the_order_of_joining(void **)
{
    Groups groups;
    for (uint32_t slot : {5u, 1u, 9u, 3u})
        assert_int_equal(groups.join("g", slot, 8), 0);
    assert_int_equal(groups.join("g", 1, 8), 0); // again: it keeps its place
    assert_true(members(groups, "g") == (std::vector<uint32_t>{5, 1, 9, 3}));
    assert_true(groups.leave("g", 1));
    assert_int_equal(groups.join("g", 1, 8), 0);
    assert_true(members(groups, "g") == (std::vector<uint32_t>{5, 9, 3, 1}));
    groups.leave_all(100000); // never was in one
    assert_false(groups.leave("g", 100000));
    assert_false(groups.leave("h", 5));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(random_acts_agree_with_sets),
        cmocka_unit_test(members_come_in_the_order_of_joining),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
