// What the kernel refused: bytes and shared blocks leave in order, whatever is taken at a time.
#include "core/buffer.h"

#include <algorithm>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;

std::string pattern(size_t len, unsigned seed)
{
    std::mt19937 random(seed);
    std::string out(len, '\0');
    for (char &c : out)
        c = static_cast<char>(random());
    return out;
}

/// Takes up to most bytes through at most `count` vectors, as a write would.
std::string take(SendQueue &queue, size_t most, int count)
{
    struct iovec vectors[64];
    std::string out;
    int filled = queue.vectors(vectors, count);
    assert_true(filled <= count);
    for (int i = 0; i < filled && out.size() < most; i++) {
        assert_true(vectors[i].iov_len > 0);
        out.append(static_cast<char *>(vectors[i].iov_base), std::min(vectors[i].iov_len, most - out.size()));
    }
    queue.consume(out.size());
    return out;
}

void bytes_and_blocks_leave_in_order(void **)
{
    std::mt19937 random(3);
    for (unsigned round = 0; round < 200; round++) {
        size_t total = 0;
        SendQueue queue(total);
        std::string expected, got;
        for (unsigned i = 0; i < 60; i++) {
            std::string part = pattern(random() % (i % 9 == 0 ? 40000 : 200), round * 100 + i);
            switch (random() % 4) {
            case 0: {
                Block *block = Block::make(part.size() + 10);
                memcpy(block->data() + 10, part.data(), part.size());
                assert_true(queue.append_block(block, 10));
                block->release(); // the queue holds its own
                expected += part;
                break;
            }
            case 1:
                got += take(queue, random() % 30000, static_cast<int>(random() % 64) + 1);
                break;
            default:
                assert_true(queue.append(part.data(), part.size()));
                expected += part;
            }
            assert_int_equal(queue.size(), expected.size() - got.size());
            assert_true(queue.allocated() >= queue.size());
            assert_int_equal(total, queue.allocated()); // no block is in two queues
        }
        while (!queue.empty())
            got += take(queue, random() % 30000 + 1, 3);
        assert_true(got == expected);
        assert_int_equal(queue.allocated(), 0);
        assert_int_equal(total, 0);
    }
}

Block *make_block(size_t size)
{
    Block *block = Block::make(size);
    memset(block->data(), 'b', size);
    return block;
}

void a_few_bytes_between_blocks_take_a_few_hundred(void **)
{
    size_t total = 0;
    SendQueue queue(total);
    for (int i = 0; i < 100; i++) {
        Block *block = make_block(300);
        assert_true(queue.append_block(block, 0));
        block->release();
        assert_true(queue.append("ab", 2));
    }
    assert_true(queue.allocated() < 100 * (300 + 2) * 3);
}

void pieces_grow_with_what_they_hold(void **)
{
    size_t total = 0;
    SendQueue queue(total);
    for (size_t held = 100; held < 1000000; held += 100) {
        assert_true(queue.append(std::string(100, 'a').data(), 100));
        assert_true(queue.allocated() < 3 * held + 300);
    }
    assert_true(queue.allocated() < queue.size() + queue.size() / 50 + 20000);
}

void a_block_counts_once_in_the_total_of_its_queues(void **)
{
    size_t total = 0;
    Block *block = make_block(10000);
    {
        SendQueue one(total), two(total);
        assert_true(one.append_block(block, 0));
        size_t with_one = total;
        assert_true(with_one > 10000);
        assert_true(two.append_block(block, 5000) && two.append_block(block, 0));
        assert_true(total < with_one + 1000);
        assert_true(one.allocated() > 10000 && two.allocated() > 20000);
        one.clear();
        assert_true(total > 10000);
    }
    assert_int_equal(total, 0);
    block->release();
}

void the_latest_replaces_what_has_not_left(void **)
{
    size_t total = 0;
    SendQueue queue(total);
    assert_true(queue.append("a", 1) && queue.append_latest("1234", 4) && queue.append("b", 1));
    size_t allocated = queue.allocated();
    for (int i = 0; i < 1000; i++)
        assert_true(queue.append_latest("56", 2));
    assert_int_equal(queue.allocated(), allocated);
    assert_int_equal(queue.size(), 4);
    assert_string_equal(take(queue, 2, 64).c_str(), "a5");
    assert_true(queue.append_latest("7", 1)); // the frame before it has begun to leave
    assert_true(queue.append("c", 1) && queue.append_latest("89", 2));
    assert_string_equal(take(queue, 100, 64).c_str(), "6b89c");
    assert_true(queue.empty() && queue.append_latest("x", 1));
    assert_string_equal(take(queue, 100, 64).c_str(), "x");
    assert_int_equal(total, 0);
}

void prepend_goes_before_all(void **)
{
    size_t total = 0;
    SendQueue queue(total);
    assert_true(queue.prepend("b", 1));
    assert_true(queue.append("c", 1));
    assert_true(queue.prepend("a", 1));
    assert_int_equal(queue.size(), 3);
    assert_string_equal(take(queue, 100, 64).c_str(), "abc");
    assert_true(queue.append("again", 5));
    assert_string_equal(take(queue, 100, 64).c_str(), "again");
}

void a_block_is_released_when_the_last_has_let_go(void **)
{
    Block *block = Block::make(3);
    memcpy(block->data(), "xyz", 3);
    {
        size_t total = 0;
        SendQueue one(total), two(total);
        assert_true(one.append_block(block, 0));
        assert_true(two.append_block(block, 1));
        assert_true(two.append_block(block, 3)); // nothing of it
        assert_int_equal(block->references, 3);
        assert_string_equal(take(two, 100, 64).c_str(), "yz");
        assert_int_equal(block->references, 2);
    }
    assert_int_equal(block->references, 1);
    block->release();
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(bytes_and_blocks_leave_in_order),
        cmocka_unit_test(a_few_bytes_between_blocks_take_a_few_hundred),
        cmocka_unit_test(pieces_grow_with_what_they_hold),
        cmocka_unit_test(a_block_counts_once_in_the_total_of_its_queues),
        cmocka_unit_test(the_latest_replaces_what_has_not_left),
        cmocka_unit_test(prepend_goes_before_all),
        cmocka_unit_test(a_block_is_released_when_the_last_has_let_go),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
