// Packets between processes: what was sent before an end is not lost.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>

#include "process/packet.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

using namespace wm;

namespace {

/// Linux tells the reader of such an end ECONNRESET first, before what the peer has sent.
void peer__that_ends_with_packets_unread_is_read_to_the_end(void **)
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

size_t open_descriptors()
{
    size_t count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/// A process of a worker may send what it likes: one descriptor is taken, and the kernel closes the others.
void packet__with_two_descriptors_leaks_none(void **)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
    Fd one(fds[0]), other(fds[1]);
    char byte = 'x';
    struct iovec vector = {&byte, 1};
    alignas(struct cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {};
    struct msghdr message = {};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(2 * sizeof(int));
    memcpy(CMSG_DATA(header), fds, sizeof fds);
    size_t before = open_descriptors();
    for (int i = 0; i < 10; i++) {
        assert_int_equal(sendmsg(one.get(), &message, 0), 1);
        char out[64];
        size_t len = 0;
        Fd came;
        assert_true(receive_packet(other.get(), out, sizeof out, &len, came, false) == PacketResult::kPacket);
        assert_true(static_cast<bool>(came));
    }
    assert_int_equal(open_descriptors(), before);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(peer__that_ends_with_packets_unread_is_read_to_the_end),
        cmocka_unit_test(packet__with_two_descriptors_leaks_none),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
