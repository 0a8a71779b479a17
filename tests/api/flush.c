/**
 * @file
 * When what callbacks send leaves: an answer right after the input that it answers, messages of many to one together.
 */
#include "support/client.h"

enum { PEERS = 12 };

struct room {
    struct client peers[PEERS];
    wm_conn conns[PEERS];
    wm_conn sink;
    int64_t seen[PEERS]; /* bytes that the sink had got at each message */
    size_t messages;
};

static int is_answered(struct client *peer)
{
    char byte;
    return recv(peer->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

static void begin(struct host *host, struct room *room)
{
    host->context = room;
    for (int i = 0; i < PEERS; i++)
        room->peers[i] = client_open(host, &room->conns[i]);
    for (int i = 0; i < PEERS; i++)
        assert_int_equal(client_write(&room->peers[i], "line\n", 5), 5);
}

static void end_all(struct host *host, struct room *room)
{
    for (int i = 0; i < PEERS; i++)
        client_end(&room->peers[i]);
    host_end(host);
}

static void answer_and_look(struct host *host, const wm_event *event)
{
    struct room *room = host->context;
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    size_t answered = 0;
    for (int i = 0; i < PEERS; i++)
        answered += is_answered(&room->peers[i]) ? 1u : 0u;
    if (host->setting->cap == 0)
        assert_int_equal(answered, room->messages);
    room->messages++;
    assert_int_equal(wm_conn_send(event->conn, "answer", 6, 0), 0);
}

static void answer__does_not_wait_for_the_others_of_the_turn(void **state)
{
    struct room room = {0};
    struct host *host = host_begin(*state, "text");
    host->react = answer_and_look;
    begin(host, &room);
    until(host, room.messages == PEERS);
    for (int i = 0; i < PEERS; i++)
        client_hear(host, &room.peers[i], "answer\n");
    end_all(host, &room);
}

static void pass_on(struct host *host, const wm_event *event)
{
    struct room *room = host->context;
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    room->seen[room->messages++] = wm_conn_bytes_written(room->sink);
    assert_int_equal(wm_conn_send(room->sink, "passed on", 9, 0), 0);
}

/** Two calls carry all messages of a turn to it: the first of them, and the others. */
static void messages_to_one__leave_together(void **state)
{
    struct room room = {0};
    struct host *host = host_begin(*state, "text");
    host->react = pass_on;
    struct client sink = client_open(host, &room.sink);
    begin(host, &room);
    until(host, room.messages == PEERS);
    for (int i = 0; i < PEERS; i++)
        client_hear(host, &sink, "passed on\n");
    if (host->setting->cap == 0) {
        assert_int_equal(room.seen[0], 0);
        for (int i = 1; i < PEERS; i++)
            assert_int_equal(room.seen[i], 10);
    }
    client_end(&sink);
    end_all(host, &room);
}

static void pass_to_all(struct host *host, const wm_event *event)
{
    struct room *room = host->context;
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    for (int i = 0; i < PEERS; i++) {
        if (host->setting->cap == 0)
            assert_int_equal(wm_conn_bytes_written(room->conns[i]), 0);
        assert_int_equal(wm_conn_send(room->conns[i], "all", 3, 0), 0);
    }
    room->messages++;
}

static void messages_of_all_to_all__leave_at_the_end_of_the_turn(void **state)
{
    struct room room = {0};
    struct host *host = host_begin(*state, "text");
    host->react = pass_to_all;
    begin(host, &room);
    until(host, room.messages == PEERS);
    for (int i = 0; i < PEERS; i++)
        for (int k = 0; k < PEERS; k++)
            client_hear(host, &room.peers[i], "all\n");
    end_all(host, &room);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_NOT_OVER(answer__does_not_wait_for_the_others_of_the_turn, OVER_PAIRS | OVER_TLS),
        SCENARIO(messages_to_one__leave_together),
        SCENARIO(messages_of_all_to_all__leave_at_the_end_of_the_turn),
    };
    return RUN_SCENARIOS("flush", scenarios);
}
