// Requests that wait for answers, against std::map: found by their ref only, due at their time and not a millisecond before or after,
// whatever the order of their deadlines; a ref does not come back soon.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <set>

#include "hub/router/outstanding.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm::router;

void each_is_due_at_its_time(void **)
{
    Outstanding outstanding(500);
    std::map<uint32_t, int64_t> model; // ref -> expires
    std::mt19937 random(3);
    for (int64_t now = 1000; now < 30000; now++) {
        if (random() % 50 == 0)
            now += random() % 3000; // the process was stopped
        std::set<uint32_t> due;
        if (outstanding.due_ms() <= now)
            while (Pending *pending = outstanding.next_due(now)) {
                due.insert(pending->ref);
                outstanding.close(*pending);
            }
        for (auto it = model.begin(); it != model.end();) {
            assert_int_equal(due.count(it->first), it->second <= now);
            it = it->second <= now ? model.erase(it) : std::next(it);
        }
        for (uint32_t i = random() % 4; i > 0; i--) {
            int64_t expires = now + 1 + static_cast<int64_t>(random() % (random() % 8 == 0 ? 10000 : 300));
            if (Pending *pending = outstanding.open(expires))
                model[pending->ref] = expires;
            else
                assert_int_equal(model.size(), 500);
        }
        if (!model.empty() && random() % 2) {
            auto it = model.lower_bound(static_cast<uint32_t>(random() % (model.rbegin()->first + 1)));
            Pending *pending = outstanding.find(it->first);
            assert_non_null(pending);
            assert_true(pending->expires_ms == it->second);
            outstanding.close(*pending);
            assert_null(outstanding.find(it->first));
            model.erase(it);
        }
        assert_int_equal(outstanding.size(), model.size());
    }
}

void a_ref_that_is_used_does_not_come_back_soon(void **)
{
    Outstanding outstanding(100);
    Pending *held = outstanding.open(1000);
    assert_non_null(held);
    uint32_t ref = held->ref;
    for (int i = 0; i < 200000; i++) {
        Pending *pending = outstanding.open(1000);
        assert_non_null(pending);
        assert_true(pending->ref != ref);
        outstanding.close(*pending);
    }
    assert_non_null(outstanding.find(ref));
}

void the_limit_holds_and_memory_follows_the_number(void **)
{
    Outstanding outstanding(1000);
    for (int i = 0; i < 1000; i++)
        assert_non_null(outstanding.open(100 + i));
    assert_null(outstanding.open(100));
    assert_int_equal(outstanding.places(), 2048);
    Pending *due = outstanding.next_due(100);
    assert_non_null(due);
    outstanding.close(*due);
    assert_null(outstanding.next_due(100));
    assert_non_null(outstanding.open(200));
}

/// A receiver of a result may open others while those that are due are taken out, and that may move all.
void others_may_be_opened_while_some_are_due(void **)
{
    Outstanding outstanding(100000);
    for (int i = 0; i < 40; i++)
        assert_non_null(outstanding.open(50));
    int taken = 0;
    while (Pending *pending = outstanding.next_due(60)) {
        outstanding.close(*pending);
        taken++;
        for (int i = 0; i < 10; i++)
            assert_non_null(outstanding.open(1000));
    }
    assert_int_equal(taken, 40);
    assert_int_equal(outstanding.size(), 400);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_is_due_at_its_time),
        cmocka_unit_test(a_ref_that_is_used_does_not_come_back_soon),
        cmocka_unit_test(the_limit_holds_and_memory_follows_the_number),
        cmocka_unit_test(others_may_be_opened_while_some_are_due),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
