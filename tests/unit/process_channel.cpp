// The channel between master and child: messages whole, descriptors once, an end that is seen.
#include <cerrno>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include "process/channel.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

using namespace wm;

namespace {

struct Ends {
    Channel one, other;
    Ends() { assert_true(Channel::pair(one, other)); }
};

void message__arrives_as_it_was_sent(void **)
{
    Ends ends;
    std::string text("a\0b\n", 4);
    assert_true(ends.one.send(MessageKind::kListen, -7, UINT64_MAX, text, -1, true));
    Message message;
    assert_true(ends.other.receive(message) == Channel::Got::kMessage);
    assert_true(message.kind == MessageKind::kListen);
    assert_int_equal(message.value, -7);
    assert_true(message.id == UINT64_MAX);
    assert_true(message.text == text);
    assert_false(static_cast<bool>(message.fd));
    assert_true(ends.other.receive(message) == Channel::Got::kNothing);
}

void descriptor__comes_along_once_and_close_on_exec(void **)
{
    Ends ends;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    assert_true(ends.one.send(MessageKind::kLog, 0, 0, {}, fds[1], true));
    close(fds[1]);
    {
        Message message;
        assert_true(ends.other.receive(message) == Channel::Got::kMessage);
        assert_true(message.fd.get() >= 0);
        assert_int_equal(write(message.fd.get(), "x", 1), 1);
    }
    char byte[2];
    assert_int_equal(read(fds[0], byte, 2), 1);
    assert_int_equal(read(fds[0], byte, 2), 0); // with the message the last copy has gone
    close(fds[0]);
}

void text__that_is_too_long_is_cut(void **)
{
    Ends ends;
    assert_true(ends.one.send(MessageKind::kFailed, 0, 0, std::string(100000, 'x'), -1, true));
    Message message;
    assert_true(ends.other.receive(message) == Channel::Got::kMessage);
    assert_int_equal(message.text.size(), 2048);
}

void end__is_seen_behind_the_last_message(void **)
{
    Ends ends;
    assert_true(ends.one.send(MessageKind::kReady, 0, 0, {}, -1, true));
    ends.one.close();
    Message message;
    assert_true(ends.other.receive(message) == Channel::Got::kMessage);
    assert_true(ends.other.receive(message) == Channel::Got::kEnd);
    assert_false(ends.other.send(MessageKind::kStop, 0, 0, {}, -1, true)); // and no SIGPIPE
}

void peer__that_does_not_read_does_not_block_the_sender(void **)
{
    Ends ends;
    int sent = 0;
    while (sent < 100000 && ends.one.send(MessageKind::kReload, 0, 0, {}, -1, false))
        sent++;
    assert_in_range(sent, 10, 99999);
    assert_int_equal(errno, EAGAIN);
}

void packet__that_is_no_message_is_the_end(void **)
{
    Ends ends;
    assert_int_equal(send(ends.one.fd(), "short", 5, 0), 5);
    Message message;
    assert_true(ends.other.receive(message) == Channel::Got::kEnd);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(message__arrives_as_it_was_sent),
        cmocka_unit_test(descriptor__comes_along_once_and_close_on_exec),
        cmocka_unit_test(text__that_is_too_long_is_cut),
        cmocka_unit_test(end__is_seen_behind_the_last_message),
        cmocka_unit_test(peer__that_does_not_read_does_not_block_the_sender),
        cmocka_unit_test(packet__that_is_no_message_is_the_end),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
