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
        SendQueue queue;
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
        }
        while (!queue.empty())
            got += take(queue, random() % 30000 + 1, 3);
        assert_true(got == expected);
        assert_int_equal(queue.allocated(), 0);
    }
}

void prepend_goes_before_all(void **)
{
    SendQueue queue;
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
        SendQueue one, two;
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
        cmocka_unit_test(prepend_goes_before_all),
        cmocka_unit_test(a_block_is_released_when_the_last_has_let_go),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
