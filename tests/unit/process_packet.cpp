// Packets between processes: what was sent before an end is not lost.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <sys/socket.h>

#include "process/packet.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

using namespace wm;

namespace {

/// Linux tells the reader of such an end ECONNRESET first, before what the peer has sent.
void peer__that_ends_with_packets_unread_has_been_heard(void **)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
    Fd one(fds[0]), other(fds[1]), came;
    assert_true(send_packet(one.get(), "last words", -1, true));
    assert_true(send_packet(other.get(), "unread", -1, true));
    one.reset();
    char out[64];
    size_t len = 0;
    assert_true(receive_packet(other.get(), out, sizeof out, &len, came, false) == PacketResult::kPacket);
    assert_int_equal(len, 10);
    assert_true(receive_packet(other.get(), out, sizeof out, &len, came, false) == PacketResult::kEnd);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peer__that_ends_with_packets_unread_has_been_heard),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
