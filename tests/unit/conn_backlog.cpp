// Messages that wait for a slow peer: their order, which of them goes for a newer one, and what they count as.
#include "conn/backlog.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;

Backlog::EntryPtr entry_of(std::string_view text, SlowPolicy policy, std::string_view key = {})
{
    Block *block = Block::make({}, text);
    Backlog::EntryPtr entry = Backlog::make(block, false, policy, key, 0);
    block->release();
    return entry;
}

/// Adds a message as its sender does: what it replaces goes first. Whether there was such a one.
bool add(Backlog &backlog, std::string_view text, SlowPolicy policy, std::string_view key = {})
{
    Backlog::EntryPtr entry = entry_of(text, policy, key);
    bool replaced = backlog.drop_same_key(*entry);
    backlog.push(std::move(entry));
    return replaced;
}

/// Takes all of them, each with a blank behind it.
std::string rest_of(Backlog &backlog)
{
    std::string out;
    while (Backlog::EntryPtr entry = backlog.pop())
        (out += entry->bytes()) += ' ';
    return out;
}

void backlog__keeps_the_order_and_a_newer_one_of_a_key_goes_to_the_end(void **)
{
    size_t total = 0;
    Backlog backlog(total);
    assert_false(add(backlog, "a1", SlowPolicy::kLatest, "a"));
    assert_false(add(backlog, "stays", SlowPolicy::kRefuse));
    assert_false(add(backlog, "b1", SlowPolicy::kLatest, "b"));
    assert_false(add(backlog, "any", SlowPolicy::kDropOldest, "a"));
    assert_false(add(backlog, "none1", SlowPolicy::kLatest));
    assert_true(add(backlog, "a2", SlowPolicy::kLatest, "a"));
    assert_true(add(backlog, "none2", SlowPolicy::kLatest));
    assert_true(add(backlog, "a3", SlowPolicy::kLatest, "a"));
    assert_string_equal(rest_of(backlog).c_str(), "stays b1 any none2 a3 ");
    assert_true(backlog.empty());
}

void backlog__tells_keys_apart_byte_for_byte(void **)
{
    size_t total = 0;
    Backlog backlog(total);
    const std::string longest(Backlog::kMaxKey, 'k'), other = longest.substr(1) + "l";
    for (std::string_view key :
         {std::string_view(longest), std::string_view(other), std::string_view("\0", 1), std::string_view("\0\0", 2)})
        assert_false(add(backlog, "1", SlowPolicy::kLatest, key));
    for (std::string_view key : {std::string_view("\0\0", 2), std::string_view(longest)})
        assert_true(add(backlog, "2", SlowPolicy::kLatest, key));
    assert_string_equal(rest_of(backlog).c_str(), "1 1 2 2 ");
}

void backlog__drops_the_oldest_that_may_be_dropped(void **)
{
    size_t total = 0;
    Backlog backlog(total);
    assert_false(backlog.drop_oldest());
    add(backlog, "close", SlowPolicy::kClose);
    add(backlog, "1", SlowPolicy::kDropOldest);
    add(backlog, "refuse", SlowPolicy::kRefuse);
    add(backlog, "2", SlowPolicy::kLatest, "k");
    add(backlog, "3", SlowPolicy::kDropOldest);
    assert_true(backlog.drop_oldest());
    assert_true(backlog.drop_oldest());
    assert_false(add(backlog, "4", SlowPolicy::kLatest, "k")); // the one of that key has been dropped
    assert_true(backlog.drop_oldest());
    assert_true(backlog.drop_oldest());
    assert_int_equal(backlog.droppable(), 0);
    assert_false(backlog.drop_oldest());
    assert_string_equal(rest_of(backlog).c_str(), "close refuse ");
}

void backlog__counts_what_it_allocates_and_a_shared_block_once(void **)
{
    size_t total = 0;
    {
        Backlog one(total), two(total);
        Block *block = Block::make({}, "four");
        const size_t block_bytes = sizeof(Block) + 4;
        one.push(Backlog::make(block, true, SlowPolicy::kLatest, "key", 0));
        size_t allocated = one.allocated();
        assert_int_equal(one.size(), 4);
        assert_int_equal(allocated, sizeof(Backlog::Entry) + 3 + block_bytes);
        assert_int_equal(one.droppable(), allocated);
        two.push(Backlog::make(block, true, SlowPolicy::kRefuse, "key", 0));
        block->release();
        assert_int_equal(two.droppable(), 0);
        assert_int_equal(total, 2 * allocated - block_bytes);
        one.clear();
        assert_true(one.empty() && one.size() == 0 && one.allocated() == 0 && one.droppable() == 0);
        assert_int_equal(total, allocated);
    }
    assert_int_equal(total, 0);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backlog__keeps_the_order_and_a_newer_one_of_a_key_goes_to_the_end),
        cmocka_unit_test(backlog__tells_keys_apart_byte_for_byte),
        cmocka_unit_test(backlog__drops_the_oldest_that_may_be_dropped),
        cmocka_unit_test(backlog__counts_what_it_allocates_and_a_shared_block_once),
    };
    return cmocka_run_group_tests_name("conn_backlog", tests, nullptr, nullptr);
}
