/**
 * @file
 * Messages between processes as records of a poll: what a record says, its order and its memory, and how a topic begins and ends.
 */
#include "support/client.h"

static const struct setting PULL = {"poll of 256", 256, TCP}, PULL1 = {"poll of 1", 1, TCP}, CALLBACKS = {"callbacks", 0, TCP};

/* Each record as "topic:message(number) ", with the int that user points to. */
static void note(struct host *host, const wm_event *event)
{
    if (event->kind != WM_EVENT_HUB_MESSAGE)
        return;
    char *texts = host->context;
    size_t used = strlen(texts);
    assert_non_null(event->data);
    snprintf(texts + used, 512 - used, "%.*s:%.*s(%d) ", event->detail, (const char *)event->data - event->detail, (int)event->len,
             (const char *)event->data, *(const int *)event->user);
}

static struct host *begin(const struct setting *setting, wm_hub **hub, char *texts)
{
    struct host *host = host_begin(setting, NULL);
    *hub = wm_hub_new(host->app);
    texts[0] = '\0';
    host->context = texts;
    host->react = note;
    return host;
}

static void publish(wm_hub *hub, const char *topic, const char *text)
{
    assert_int_equal(wm_hub_publish(hub, topic, strlen(topic), text, strlen(text), NULL, NULL, NULL, NULL), WM_PENDING);
}

static void message__is_a_record_with_its_topic_and_counts(void **state)
{
    (void)state;
    const struct setting *settings[] = {&PULL, &PULL1};
    int news = 1, more = 2;
    for (int i = 0; i < 2; i++) {
        char texts[512];
        wm_hub *hub;
        struct host *host = begin(settings[i], &hub, texts);
        assert_int_equal(wm_hub_subscribe(hub, "news", 4, &news), 0);
        assert_int_equal(wm_hub_subscribe(hub, "more", 4, &more), 0);
        publish(hub, "news", "one");
        publish(hub, "more", "");
        publish(hub, "news", "two");
        until(host, count_of(host, WM_EVENT_HUB) == 3 && count_of(host, WM_EVENT_HUB_MESSAGE) == 3);
        assert_string_equal(texts, "news:one(1) more:(2) news:two(1) ");
        for (size_t n = 0; n < 3; n++) {
            assert_int_equal(nth(host, WM_EVENT_HUB, n)->code, 0);
            assert_int_equal(nth(host, WM_EVENT_HUB, n)->id, 1);
        }
        host_end(host);
    }
}

static void bytes__arrive_as_they_are(void **state)
{
    (void)state;
    char texts[512], topic[255], *large = malloc(1 << 20);
    wm_hub *hub;
    int user = 0;
    struct host *host = begin(&PULL, &hub, texts);
    memset(topic, 0, sizeof topic);
    memset(large, 'x', 1 << 20);
    large[(1 << 20) - 1] = '\0';
    assert_int_equal(wm_hub_subscribe(hub, topic, sizeof topic, &user), 0);
    assert_int_equal(wm_hub_publish(hub, topic, sizeof topic, large, 1 << 20, NULL, NULL, NULL, NULL), WM_PENDING);
    until(host, count_of(host, WM_EVENT_HUB_MESSAGE) == 1);
    const struct seen *record = nth(host, WM_EVENT_HUB_MESSAGE, 0);
    assert_int_equal(record->detail, sizeof topic);
    assert_int_equal(record->len, 1 << 20);
    assert_memory_equal(record->data, large, 1 << 20);
    free(large);
    host_end(host);
}

static int32_t take(wm_hub *hub, const void *topic, size_t topic_len, const void *data, size_t len, void *user)
{
    (void)hub, (void)topic, (void)topic_len, (void)data, (void)len;
    ++*(int *)user;
    return 0;
}

static void topic__is_replaced_and_ended(void **state)
{
    (void)state;
    char texts[512];
    wm_hub *hub;
    int first = 1, second = 2, calls = 0;
    int64_t receivers = -1;
    struct host *host = begin(&PULL, &hub, texts);
    assert_int_equal(wm_hub_on_message(hub, "t", 1, take, &calls, NULL), 0);
    assert_int_equal(wm_hub_subscribe(hub, "t", 1, &first), 0);
    publish(hub, "t", "a");
    until(host, count_of(host, WM_EVENT_HUB) == 1);
    assert_int_equal(wm_hub_subscribe(hub, "t", 1, &second), 0);
    publish(hub, "t", "b");
    until(host, count_of(host, WM_EVENT_HUB) == 2);
    assert_int_equal(wm_hub_on_message(hub, "t", 1, take, &calls, NULL), 0);
    publish(hub, "t", "c");
    until(host, count_of(host, WM_EVENT_HUB) == 3);
    assert_string_equal(texts, "t:a(1) t:b(2) ");
    assert_int_equal(calls, 1);
    assert_int_equal(wm_hub_subscribe(hub, "t", 1, &first), 0);
    assert_int_equal(wm_hub_on_message(hub, "t", 1, NULL, NULL, NULL), 0);
    assert_int_equal(wm_hub_publish(hub, "t", 1, "d", 1, &receivers, NULL, NULL, NULL), 0);
    assert_int_equal(receivers, 0);
    host_end(host);
}

/* Records that wait for room outlive their topic and their hub, and the app frees those that no poll takes. */
static void records__outlive_their_hub(void **state)
{
    (void)state;
    char texts[512];
    wm_hub *hub;
    int user = 7;
    struct host *host = begin(&PULL1, &hub, texts);
    assert_int_equal(wm_hub_subscribe(hub, "t", 1, &user), 0);
    for (int i = 0; i < 4; i++)
        publish(hub, "t", "m");
    while (count_of(host, WM_EVENT_HUB_MESSAGE) == 0)
        turn(host, 1000);
    wm_hub_free(hub);
    while (count_of(host, WM_EVENT_HUB_MESSAGE) < 3)
        turn(host, 1000);
    assert_string_equal(texts, "t:m(7) t:m(7) t:m(7) ");
    host_end(host);
}

/* A full array stops the reading: what has been published since waits in the mailbox, which has its limit. */
static void full_array__leaves_messages_in_the_mailbox(void **state)
{
    (void)state;
    static char block[4096];
    char texts[512];
    wm_hub *hub;
    int user = 0, result = WM_PENDING, published = 0;
    struct host *host = begin(&PULL1, &hub, texts);
    host->react = NULL;
    assert_int_equal(wm_app_set_int(host->app, "max_mailbox", 16384), 0);
    assert_int_equal(wm_hub_subscribe(hub, "t", 1, &user), 0);
    while (published < 3 && wm_hub_publish(hub, "t", 1, block, sizeof block, NULL, NULL, NULL, NULL) == WM_PENDING)
        published++;
    assert_int_equal(published, 3);
    while (count_of(host, WM_EVENT_HUB_MESSAGE) == 0)
        turn(host, 1000); /* now the others wait as records, and the mailbox is empty */
    for (int i = 0; i < 100 && result == WM_PENDING; i++) {
        result = wm_hub_publish(hub, "t", 1, block, sizeof block, NULL, NULL, NULL, NULL);
        published += result == WM_PENDING;
    }
    assert_int_equal(result, WM_EFULL);
    assert_int_equal(published, 6);
    until(host, count_of(host, WM_EVENT_HUB) == 6);
    assert_int_equal(count_of(host, WM_EVENT_HUB_MESSAGE), 6);
    host_end(host);
}

static void on_result(wm_hub *hub, int32_t status, int64_t receivers, void *user)
{
    (void)hub;
    assert_int_equal(status, 0);
    *(int64_t *)user = receivers;
}

static void app_that_calls_back__takes_none(void **state)
{
    (void)state;
    char texts[512];
    wm_hub *hub;
    int user = 0;
    int64_t receivers = -1;
    struct host *host = begin(&CALLBACKS, &hub, texts);
    assert_int_equal(wm_hub_subscribe(hub, "t", 1, &user), 0);
    assert_int_equal(wm_hub_publish(hub, "t", 1, "x", 1, NULL, on_result, &receivers, NULL), WM_PENDING);
    until(host, receivers >= 0);
    assert_int_equal(receivers, 0);
    host_end(host);
}

static void arguments__are_checked(void **state)
{
    (void)state;
    char texts[512], longest[256];
    wm_hub *hub;
    struct host *host = begin(&PULL, &hub, texts);
    memset(longest, 't', sizeof longest);
    assert_int_equal(wm_hub_subscribe(hub, "", 0, NULL), WM_EINVAL);
    assert_int_equal(wm_hub_subscribe(hub, NULL, 1, NULL), WM_EINVAL);
    assert_int_equal(wm_hub_subscribe(hub, longest, 256, NULL), WM_EINVAL);
    assert_int_equal(wm_hub_subscribe(NULL, "t", 1, NULL), WM_EINVAL);
    assert_int_equal(wm_hub_set_int(hub, "max_topics", 1), 0);
    assert_int_equal(wm_hub_subscribe(hub, longest, 255, NULL), 0);
    assert_int_equal(wm_hub_subscribe(hub, "t", 1, NULL), WM_EFULL);
    host_end(host);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(message__is_a_record_with_its_topic_and_counts),
        cmocka_unit_test(bytes__arrive_as_they_are),
        cmocka_unit_test(topic__is_replaced_and_ended),
        cmocka_unit_test(records__outlive_their_hub),
        cmocka_unit_test(full_array__leaves_messages_in_the_mailbox),
        cmocka_unit_test(app_that_calls_back__takes_none),
        cmocka_unit_test(arguments__are_checked),
    };
    return cmocka_run_group_tests_name("hub_records", tests, NULL, NULL);
}
