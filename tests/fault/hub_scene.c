// Groups, topics and kicks of a hub while allocations fail: a call that fails has changed nothing, and each result and notifier comes once.
#define _GNU_SOURCE
#include "fault/scenes.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { PAGES = 3, GROUPS = 40, TOPICS = 3, CALLS = 5, LARGE = 100 * 1024 };

struct hall {
    struct rig *rig;
    wm_hub *hub;
    struct peer *pages[PAGES];
    char joined[PAGES][GROUPS];
    char heard[TOPICS]; /**< topics with a function */
    int calls, results, destroys, due;
    int elsewhere[CALLS];
};

static int is_live(const struct peer *peer)
{
    return peer->seen && !peer->seen->closes;
}

static void destroyed(void *user)
{
    ((struct hall *)user)->destroys++;
}

static void on_result(wm_hub *hub, int32_t status, int64_t connections, void *user)
{
    struct hall *hall = (struct hall *)user;
    hall->results++;
    if (hub != hall->hub || connections < 0 || connections > PAGES || (status != 0 && status != WM_ENOMEM))
        rig_wrong(hall->rig, "a hub result of %lld with status %s", (long long)connections, wm_error_name(status));
}

static int32_t on_topic(wm_hub *hub, const void *topic, size_t topic_len, const void *data, size_t len, void *user)
{
    struct hall *hall = (struct hall *)user;
    hall->calls++;
    if (hub != hall->hub || topic_len != 6 || len != 4 || memcmp(data, "news", 4) != 0 || !hall->heard[((const char *)topic)[5] - '0'])
        rig_wrong(hall->rig, "a message of topic %.*s that has no function", (int)topic_len, (const char *)topic);
    return 0;
}

static size_t name_of(char *out, const char *what, int number)
{
    return (size_t)sprintf(out, "%s%d", what, number);
}

static void join_all(struct hall *hall)
{
    char name[32];
    for (int group = 0; group < GROUPS; group++)
        for (int page = 0; page < PAGES; page++)
            if (is_live(hall->pages[page])) {
                size_t len = name_of(name, "group", group);
                hall->joined[page][group] = (char)rig_ok(hall->rig, wm_hub_join(hall->hub, name, len, hall->pages[page]->seen->conn));
            }
}

/* A join that has failed has left no trace, and one that has not is whole. */
static void leave_all(struct hall *hall)
{
    char name[32];
    for (int group = 0; group < GROUPS; group++)
        for (int page = 0; page < PAGES; page++) {
            if (!is_live(hall->pages[page]))
                continue;
            size_t len = name_of(name, "group", group);
            int result = wm_hub_leave(hall->hub, name, len, hall->pages[page]->seen->conn);
            if (result != (hall->joined[page][group] ? 0 : WM_ESTATE))
                rig_wrong(hall->rig, "leaving group %d is %s", group, wm_error_name(result));
        }
}

static void send_to_groups(struct hall *hall)
{
    static char payload[LARGE];
    char name[32];
    for (int group = 0; group < 4; group++) {
        int64_t taken = 0, most = 0;
        size_t len = rig_payload(payload, '*', 1, group % 2 ? LARGE : 30), name_len = name_of(name, "group", group);
        for (int page = 0; page < PAGES; page++)
            most += hall->joined[page][group];
        if (rig_ok(hall->rig,
                   wm_hub_group_send(hall->hub, name, name_len, "one", group == 3 ? 3 : 0, payload, len, 0, &taken, NULL, NULL, NULL)) &&
            taken > most)
            rig_wrong(hall->rig, "%lld of %lld members took a message", (long long)taken, (long long)most);
        rig_turn(hall->rig);
    }
}

static void publish_all(struct hall *hall)
{
    char name[32];
    for (int topic = 0; topic < TOPICS; topic++) {
        size_t len = name_of(name, "topic", topic);
        for (int twice = 0; twice < 2; twice++)
            if (rig_ok(hall->rig, wm_hub_on_message(hall->hub, name, len, on_topic, hall, destroyed))) {
                hall->heard[topic] = 1;
                hall->due++;
            }
        if (topic == 2 && hall->rig->cap > 0 && rig_ok(hall->rig, wm_hub_subscribe(hall->hub, name, len, hall)))
            hall->heard[topic] = 1;
        int result = wm_hub_publish(hall->hub, name, len, "news", 4, NULL, on_result, hall, destroyed);
        hall->due += rig_ok(hall->rig, result);
        if (result >= 0 && (result == WM_PENDING) != hall->heard[topic])
            rig_wrong(hall->rig, "a message of topic %d: %d", topic, result);
    }
}

static void *elsewhere(void *argument)
{
    struct hall *hall = (struct hall *)argument;
    wm_hub *hub = hall->hub;
    char payload[64];
    size_t len = rig_payload(payload, '*', 2, 40);
    hall->elsewhere[0] = wm_hub_join_uid(hub, "one", 3, "late", 4, NULL, on_result, hall, destroyed);
    hall->elsewhere[1] = wm_hub_group_send(hub, "late", 4, NULL, 0, payload, len, 0, NULL, on_result, hall, destroyed);
    hall->elsewhere[2] = wm_hub_leave_uid(hub, "one", 3, "late", 4, NULL, on_result, hall, destroyed);
    hall->elsewhere[3] = wm_hub_publish(hub, "topic1", 6, "news", 4, NULL, on_result, hall, destroyed);
    hall->elsewhere[4] = wm_hub_kick(hub, "two", 3, 4001, "out", 3, NULL, on_result, hall, destroyed);
    return NULL;
}

static int call_elsewhere(struct hall *hall)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, elsewhere, hall) != 0) {
        rig_wrong(hall->rig, "no thread");
        return 0;
    }
    pthread_join(thread, NULL);
    int pending = 0;
    for (int i = 0; i < CALLS; i++)
        pending += rig_ok(hall->rig, hall->elsewhere[i]);
    hall->due += pending;
    return pending;
}

void play_groups(struct rig *rig)
{
    struct hall hall = {.rig = rig, .hub = wm_hub_new(rig->app)};
    for (int i = 0; i < PAGES; i++)
        hall.pages[i] = rig_connect(rig, 1);
    if (!hall.hub) {
        rig->noticed++;
        return;
    }
    int bound = 0;
    for (int i = 0; i < 2; i++)
        if (is_live(hall.pages[i]))
            bound = rig_ok(rig, wm_hub_bind(hall.hub, i ? "two" : "one", 3, hall.pages[i]->seen->conn)) ? i : 0;
    publish_all(&hall);
    hall.pages[1]->expected = 1; // kicked
    int pending = call_elsewhere(&hall);
    rig_until(rig, hall.results >= pending);
    if (bound && hall.elsewhere[4] >= 0)
        rig_until(rig, rig_over(hall.pages[1]) && hall.pages[1]->seen->closes);
    join_all(&hall);
    send_to_groups(&hall);
    leave_all(&hall);
    for (int i = 0; i < PAGES; i += 2) {
        rig_say(rig, hall.pages[i], 30, 1);
        rig_hear(rig, hall.pages[i]);
    }
    wm_hub_free(hall.hub);
    rig_until(rig, hall.destroys == hall.due);
    rig_turn(rig);
    if (hall.destroys != hall.due)
        rig_wrong(rig, "%d of %d notifiers", hall.destroys, hall.due);
}
