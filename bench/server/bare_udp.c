/*
 * The ceiling of datagrams: an epoll loop that echoes by recvmmsg and sendmmsg, and does nothing else.
 *
 *     bench_bare_udp PORT
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 32, LONGEST = 65536 };

static char bytes[BATCH][LONGEST];
static struct sockaddr_in peers[BATCH];
static struct iovec parts[BATCH];
static struct mmsghdr messages[BATCH];

static int fail(const char *what)
{
    perror(what);
    return 1;
}

static void prepare(int i)
{
    parts[i] = (struct iovec){bytes[i], LONGEST};
    messages[i].msg_hdr = (struct msghdr){.msg_name = &peers[i], .msg_namelen = sizeof peers[i], .msg_iov = &parts[i], .msg_iovlen = 1};
}

static void echo(int fd)
{
    int count = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++)
        parts[i].iov_len = messages[i].msg_len;
    for (int sent = 0; sent < count;) {
        int more = sendmmsg(fd, messages + sent, (unsigned)(count - sent), 0);
        sent += more > 0 ? more : 1; /* the kernel refuses this one */
    }
    for (int i = 0; i < count; i++)
        prepare(i);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "bench_bare_udp PORT\n");
        return 2;
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
        return fail("bind");
    for (int i = 0; i < BATCH; i++)
        prepare(i);
    int poll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    if (poll < 0 || epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) < 0)
        return fail("epoll");
    while (epoll_wait(poll, &event, 1, -1) >= 0)
        echo(fd);
    return fail("epoll_wait");
}
