// Tails that were freed and are used again: which are kept, how many, and which one is found.
#include "core/buffer.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using wm::SpareTails;
using wm::Tail;

constexpr size_t kAll = SIZE_MAX;
constexpr size_t kMiB = 1024 * 1024;

Tail *give(SpareTails &spares, size_t capacity)
{
    Tail *tail = Tail::make(capacity);
    assert_non_null(tail);
    tail->begin = 1;
    tail->end = 3;
    tail->need = 9;
    spares.give(tail);
    return tail;
}

void spare__is_found_when_it_has_room(void **)
{
    SpareTails spares;
    assert_null(spares.find(kMiB, kAll));
    Tail *tail = give(spares, kMiB);
    assert_null(spares.find(kMiB + 1, kAll));
    assert_ptr_equal(spares.find(kMiB, kAll), tail);
    assert_ptr_equal(spares.find(kMiB / 2, kAll), tail);
    spares.take(tail);
    assert_null(spares.find(kMiB, kAll));
    assert_int_equal(tail->size() + tail->begin + tail->need, 0);
    assert_int_equal(tail->capacity, kMiB);
    free(tail);
}

void spare__is_not_found_when_it_takes_too_much(void **)
{
    SpareTails spares;
    Tail *large = give(spares, kMiB), *small = give(spares, kMiB / 4);
    assert_ptr_equal(spares.find(kMiB / 4, kAll), small);
    assert_ptr_equal(spares.find(kMiB / 2, kAll), large);
    assert_null(spares.find(kMiB / 2, kMiB));
    assert_ptr_equal(spares.find(kMiB / 4, kMiB), small);
}

void spare__of_little_is_neither_kept_nor_given(void **)
{
    SpareTails spares;
    give(spares, 1000);
    assert_null(spares.find(1000, kAll));
    give(spares, kMiB);
    assert_null(spares.find(1000, kAll));
    assert_non_null(spares.find(64 * 1024, kAll));
}

void spares__are_bounded_and_the_oldest_goes_first(void **)
{
    SpareTails spares;
    give(spares, 100 * kMiB);
    assert_null(spares.find(kMiB, kAll));
    give(spares, 3 * kMiB);
    for (int i = 0; i < 100; i++)
        give(spares, kMiB);
    assert_null(spares.find(2 * kMiB, kAll));
    int kept = 0;
    while (Tail *tail = spares.find(kMiB, kAll)) {
        spares.take(tail);
        free(tail);
        kept++;
    }
    assert_int_equal(kept, 4);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(spare__is_found_when_it_has_room),
        cmocka_unit_test(spare__is_not_found_when_it_takes_too_much),
        cmocka_unit_test(spare__of_little_is_neither_kept_nor_given),
        cmocka_unit_test(spares__are_bounded_and_the_oldest_goes_first),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
