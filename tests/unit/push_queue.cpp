// The pushes of wm-push that wait for the server, and the memory that they take.
#include "wm-push/push_queue.h"

#include <algorithm>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

size_t largest_block = 0;

} // namespace

void *operator new(size_t size)
{
    largest_block = std::max(largest_block, size);
    if (void *block = std::malloc(size))
        return block;
    throw std::bad_alloc();
}

void operator delete(void *block) noexcept
{
    std::free(block);
}

void operator delete(void *block, size_t) noexcept
{
    std::free(block);
}

namespace {

constexpr size_t kLineBytes = 1000; // with LF

std::string numbered_line(size_t number)
{
    std::string line = std::to_string(number);
    return line + std::string(kLineBytes - 1 - line.size(), '.');
}

/// Adds lines and answers them in order, while the server is `behind` bytes behind what it is sent.
void push_through(wm::PushQueue &queue, size_t lines, size_t behind)
{
    std::string received;
    size_t answered = 0;
    for (size_t number = 0; number < lines; number++) {
        queue.add(numbered_line(number));
        if (queue.unsent().size() <= behind)
            continue;
        size_t count = queue.unsent().size() - behind;
        received += queue.unsent().substr(0, count);
        queue.sent(count);
        for (; received.size() >= kLineBytes; received.erase(0, kLineBytes)) {
            assert_string_equal(received.substr(0, kLineBytes).c_str(), (numbered_line(answered++) + "\n").c_str());
            queue.answered({});
        }
    }
}

void push_queue__is_bounded_while_the_server_is_behind(void **)
{
    wm::Report report(true, false, true);
    wm::PushQueue queue(report);
    largest_block = 0;
    push_through(queue, 10000, 99500);
    assert_int_equal(queue.unsent().size(), 99500);
    assert_true(largest_block < 500000);
}

void push_queue__knows_what_was_sent_after_bytes_were_freed(void **)
{
    wm::Report report(true, false, true);
    wm::PushQueue queue(report);
    push_through(queue, 10000, 99500);
    assert_int_equal(queue.in_flight(), 100); // of the first one, half is sent
    assert_int_equal(queue.disconnected(false, "lost"), 0);
    assert_int_equal(queue.unsent().size(), 100 * kLineBytes);
    queue.sent(2 * kLineBytes + 1);
    assert_int_equal(queue.disconnected(false, "lost"), 2);
    assert_string_equal(std::string(queue.unsent().substr(0, kLineBytes)).c_str(), (numbered_line(9902) + "\n").c_str());
    assert_int_equal(report.lost(), 2);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(push_queue__is_bounded_while_the_server_is_behind),
        cmocka_unit_test(push_queue__knows_what_was_sent_after_bytes_were_freed),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
