/**
 * @file
 * What the queue of a peer that does not read takes: as much memory as the limits count.
 */
#include "support/ws_client.h"

#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

enum { LEN = 300, ROUNDS = 500 }; /* LEN: a broadcast of it is shared, not copied */

static void fill_by_broadcast(struct host *host, wm_conn conn, const char *message)
{
    int64_t guard = clock_ms() + GUARD_MS;
    while (wm_conn_send_queue_size(conn) == 0 && clock_ms() < guard) {
        wm_worker_broadcast(host->worker, message, LEN, WM_SEND_NOW);
        wm_app_flush(host->app);
    }
    assert_true(wm_conn_send_queue_size(conn) > 0);
}

/** Reads all frames, answers how many are pongs, and keeps the payload of the last. */
static size_t pongs(struct host *host, struct client *client, size_t messages, char *last)
{
    size_t found = 0;
    while (messages > 0) {
        char *data;
        size_t len = 0;
        int opcode = ws_receive(host, client, &data, &len);
        if (opcode == WS_PONG) {
            found++;
            memcpy(last, data, len + 1);
        } else {
            assert_int_equal(opcode, WS_TEXT);
            messages--;
        }
        free(data);
    }
    return found;
}

static void pings_between_broadcasts__leave_one_pong(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_conn conn;
    struct client client = ws_open(host, &conn);
    char message[LEN], ping[16] = "", last[126] = "";
    memset(message, 'm', LEN);
    int on = 1;
    setsockopt(client.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* else pings wait for the answers to those before */
    fill_by_broadcast(host, conn, message);
    size_t memory = mallinfo2().uordblks;
    int64_t queued = wm_conn_send_queue_size(conn);
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(ping, sizeof ping, "%d", i);
        ws_send(host, &client, 0x89, ping, strlen(ping));
        settle(host);
        assert_int_equal(wm_worker_broadcast(host->worker, message, LEN, 0), 1);
    }
    wm_app_flush(host->app);
    queued = wm_conn_send_queue_size(conn) - queued;
    assert_in_range(queued, ROUNDS * (LEN + 4), ROUNDS * (LEN + 4) + 200);
    assert_true(mallinfo2().uordblks - memory < 2 * (size_t)queued);
    ws_send(host, &client, 0x89, "end", 3);
    settle(host);
    size_t sent = (size_t)(wm_conn_send_queue_size(conn) + wm_conn_bytes_written(conn)) / (LEN + 4);
    assert_in_range(pongs(host, &client, sent, last), 1, 2); /* two if the first had begun to leave */
    client_end(&client);
    host_end(host);
}

static void small_messages_between_broadcasts__count_as_what_they_take(void **state)
{
    struct host *host = host_begin(*state, "websocket");
    wm_conn conn;
    struct client client = ws_open(host, &conn);
    char message[LEN];
    memset(message, 'm', LEN);
    assert_int_equal(wm_conn_set_int(conn, "max_send_buffer", 100000), 0);
    fill_by_broadcast(host, conn, message);
    size_t memory = mallinfo2().uordblks;
    while (wm_worker_broadcast(host->worker, message, LEN, 0) == 1 && wm_conn_send(conn, "x", 1, 0) >= 0)
        wm_app_flush(host->app);
    assert_true(mallinfo2().uordblks - memory < 130000);
    assert_in_range(wm_conn_send_queue_size(conn), 30000, 100000);
    client_end(&client);
    host_end(host);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_OVER_SOCKETS(pings_between_broadcasts__leave_one_pong),
        SCENARIO_OVER_SOCKETS(small_messages_between_broadcasts__count_as_what_they_take),
    };
    return RUN_SCENARIOS("queue_memory", scenarios);
}
