/* Datagrams that wait for the next turn, as a peer has used up its share of the present one, and a host that closes their socket meanwhile.
 */
#include "support/datagrams.h"

enum { LINES = 200 };

/** A worker of lines over datagrams. */
static wm_worker *lines_begin(struct host *host)
{
    wm_worker *worker = host_worker(host, "text");
    assert_int_equal(wm_worker_set_str(worker, "transport", "udp"), 0);
    assert_int_equal(wm_worker_listen(worker), 0);
    return worker;
}

/** One datagram of that many lines "x", and a last one. */
static void say_lines(int fd, const char *last)
{
    char lines[2 * LINES + 16];
    for (int i = 0; i < LINES; i++)
        memcpy(lines + 2 * i, "x\n", 2);
    snprintf(lines + 2 * LINES, 16, "%s\n", last);
    peer_say(fd, lines);
}

/** Takes its time, so that the share is used up; unlistens in the line "close", whose bytes stay what they are. */
static void react_close(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    nanosleep(&(struct timespec){.tv_nsec = 200 * 1000}, NULL);
    if (event->len != 5)
        return;
    assert_int_equal(wm_worker_unlisten(event->worker), 0);
    assert_memory_equal(event->data, "close", 5);
}

static size_t messages_of(const struct host *host, const wm_worker *worker)
{
    size_t count = 0;
    for (size_t i = 0; i < host->count; i++)
        count += host->events[i].kind == WM_EVENT_MESSAGE && host->events[i].worker == worker;
    return count;
}

/** What was held before it has been delivered, and what is behind it goes with the socket. */
static void unlisten__in_a_message_that_was_held(void **state)
{
    struct host *host = host_begin(*state, NULL);
    host->worker = lines_begin(host);
    host->react = react_close;
    int one = peer_begin(wm_worker_address(host->worker)), other = peer_begin(wm_worker_address(host->worker));
    say_lines(one, "last");
    peer_say(other, "close\n");
    peer_say(other, "behind\n");
    until_messages(host, LINES + 2);
    settle(host);
    assert_int_equal(wm_worker_conn_count(host->worker), 0);
    host->react = NULL;
    assert_int_equal(wm_worker_listen(host->worker), 0);
    int again = peer_begin(wm_worker_address(host->worker));
    peer_say(again, "again\n");
    until(host, strcmp(host->events[host->count - 1].data, "again") == 0);
    close(one);
    close(other);
    close(again);
    host_end(host);
}

/** That of one is closed while its datagram is delivered: those of the other go on. */
static void unlisten__while_another_socket_holds(void **state)
{
    struct host *host = host_begin(*state, NULL);
    wm_worker *closes = lines_begin(host), *stays = lines_begin(host);
    host->react = react_close;
    int one = peer_begin(wm_worker_address(closes)), other = peer_begin(wm_worker_address(stays));
    say_lines(one, "close");
    say_lines(other, "last");
    until(host, messages_of(host, closes) == LINES + 1);
    until(host, messages_of(host, stays) == LINES + 1);
    close(one);
    close(other);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_NOT_OVER(unlisten__in_a_message_that_was_held, NOT_DATAGRAMS),
        SCENARIO_NOT_OVER(unlisten__while_another_socket_holds, NOT_DATAGRAMS),
    };
    return RUN_SCENARIOS("udp held", scenarios);
}
