// The queue of slots: in order, and never an allocation for what was reserved.
#include "core/slot_queue.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using wm::SlotQueue;

void slots_leave_in_the_order_in_which_they_came(void **)
{
    SlotQueue queue;
    assert_true(queue.empty());
    assert_true(queue.reserve(3));
    for (uint32_t slot : {7u, 3u, 5u})
        queue.push(slot);
    assert_int_equal(queue.front(), 7);
    assert_int_equal(queue.pop(), 7);
    queue.push(7);
    assert_int_equal(queue.pop(), 3);
    assert_int_equal(queue.pop(), 5);
    assert_int_equal(queue.pop(), 7);
    assert_true(queue.empty());
}

void one_entry_for_each_connection_is_room_for_ever(void **)
{
    constexpr uint32_t kConnections = 100;
    SlotQueue queue;
    assert_true(queue.reserve(kConnections));
    for (uint32_t slot = 0; slot < kConnections; slot++)
        queue.push(slot);
    for (uint32_t turn = 0; turn < 10 * kConnections; turn++) { // a pop makes the room that its push takes
        uint32_t slot = queue.pop();
        assert_int_equal(slot, turn % kConnections);
        queue.push(slot);
    }
    assert_int_equal(queue.front(), 0);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(slots_leave_in_the_order_in_which_they_came),
        cmocka_unit_test(one_entry_for_each_connection_is_room_for_ever),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
