/**
 * @file
 * Messages between functions by topic: when a function is called and counted, what it may do, the ends of what is pending, limits.
 */
#include "support/client.h"

#include <pthread.h>

/** A function of a topic, and the results of what was published. */
struct inbox {
    struct host *host;
    wm_hub *hub;
    int calls, destroyed;
    int depth; /**< of calls of the library in which it may not be called */
    char texts[512];
    int32_t verdict;
    void (*inside)(struct inbox *inbox);
    int results, status, with_hub;
    int64_t receivers;
};

static int32_t on_message(wm_hub *hub, const void *topic, size_t topic_len, const void *data, size_t len, void *user)
{
    struct inbox *inbox = user;
    inbox->calls++;
    assert_int_equal(inbox->depth, 0);
    assert_ptr_equal(hub, inbox->hub);
    assert_non_null(data);
    size_t used = strlen(inbox->texts);
    snprintf(inbox->texts + used, sizeof inbox->texts - used, "%.*s:%.*s ", (int)topic_len, (const char *)topic, (int)len,
             (const char *)data);
    if (inbox->inside)
        inbox->inside(inbox);
    return inbox->verdict;
}

static void on_result(wm_hub *hub, int32_t status, int64_t receivers, void *user)
{
    struct inbox *inbox = user;
    assert_int_equal(inbox->depth, 0);
    inbox->results++;
    inbox->status = status;
    inbox->receivers = receivers;
    inbox->with_hub = hub != NULL;
}

static void forget(void *user)
{
    ((struct inbox *)user)->destroyed++;
}

static int watch(struct inbox *inbox, const char *topic)
{
    return wm_hub_on_message(inbox->hub, topic, strlen(topic), on_message, inbox, NULL);
}

/** What wm_hub_publish returns. No function may be called before it has. */
static int publish(struct inbox *inbox, const char *topic, const char *text)
{
    int64_t receivers = -1;
    int depth = inbox->depth;
    inbox->depth = 1;
    int result = wm_hub_publish(inbox->hub, topic, strlen(topic), text, strlen(text), &receivers, on_result, inbox, NULL);
    inbox->depth = depth;
    if (result == 0)
        inbox->receivers = receivers;
    return result;
}

static struct inbox inbox_begin(void **state, const char *scheme)
{
    struct inbox inbox = {.host = host_begin(*state, scheme)};
    inbox.hub = wm_hub_new(inbox.host->app);
    return inbox;
}

static void function__is_called_from_the_loop_and_counted(void **state)
{
    struct inbox inbox = inbox_begin(state, NULL);
    assert_int_equal(watch(&inbox, "news"), 0);
    assert_int_equal(watch(&inbox, "more"), 0);
    assert_int_equal(publish(&inbox, "news", "one"), WM_PENDING);
    assert_int_equal(publish(&inbox, "more", "two"), WM_PENDING);
    assert_int_equal(publish(&inbox, "news", ""), WM_PENDING);
    assert_int_equal(inbox.calls, 0);
    until(inbox.host, inbox.results == 3);
    assert_string_equal(inbox.texts, "news:one more:two news: ");
    assert_int_equal(inbox.status, 0);
    assert_int_equal(inbox.receivers, 1);
    assert_true(inbox.with_hub);
    inbox.verdict = -1; /* not mine */
    assert_int_equal(publish(&inbox, "news", "three"), WM_PENDING);
    until(inbox.host, inbox.results == 4);
    assert_int_equal(inbox.calls, 4);
    assert_int_equal(inbox.receivers, 0);
    host_end(inbox.host);
}

static void topic_without_a_function__is_known_at_once(void **state)
{
    struct inbox inbox = inbox_begin(state, NULL);
    int64_t receivers = -1;
    assert_int_equal(watch(&inbox, "news"), 0);
    assert_int_equal(wm_hub_publish(inbox.hub, "new", 3, "x", 1, &receivers, on_result, &inbox, forget), 0);
    assert_int_equal(receivers, 0);
    assert_int_equal(wm_hub_publish(inbox.hub, "news\0", 5, NULL, 0, NULL, on_result, &inbox, forget), 0);
    settle(inbox.host);
    assert_int_equal(inbox.destroyed, 2);
    assert_int_equal(inbox.calls + inbox.results, 0);
    host_end(inbox.host);
}

static void result__without_done_is_a_record(void **state)
{
    struct inbox inbox = inbox_begin(state, NULL);
    assert_int_equal(watch(&inbox, "news"), 0);
    assert_int_equal(wm_hub_publish(inbox.hub, "news", 4, "x", 1, NULL, NULL, &inbox, forget), WM_PENDING);
    until(inbox.host, inbox.destroyed == 1);
    assert_int_equal(inbox.calls, 1);
    if (inbox.host->setting->cap > 0) {
        const struct seen *record = nth(inbox.host, WM_EVENT_HUB, 0);
        assert_int_equal(record->code, 0);
        assert_int_equal(record->id, 1);
        assert_ptr_equal(record->user, &inbox);
    }
    assert_int_equal(count_of(inbox.host, WM_EVENT_HUB), inbox.host->setting->cap > 0);
    host_end(inbox.host);
}

static void functions__are_replaced_and_removed(void **state)
{
    struct inbox first = inbox_begin(state, NULL), second = first;
    assert_int_equal(wm_hub_on_message(first.hub, "t", 1, on_message, &first, forget), 0);
    assert_int_equal(wm_hub_on_message(first.hub, "t", 1, on_message, &second, forget), 0);
    assert_int_equal(first.destroyed, 0); /* at the end of the turn */
    settle(first.host);
    assert_int_equal(first.destroyed, 1);
    assert_int_equal(publish(&first, "t", "x"), WM_PENDING);
    until(first.host, first.results == 1);
    assert_int_equal(first.calls, 0);
    assert_int_equal(second.calls, 1);
    assert_int_equal(publish(&first, "t", "for nobody"), WM_PENDING);
    assert_int_equal(wm_hub_on_message(first.hub, "t", 1, NULL, &first, forget), 0);
    until(first.host, first.results == 2);
    assert_int_equal(first.receivers, 0);
    assert_int_equal(second.calls, 1);
    assert_int_equal(second.destroyed, 1);
    assert_int_equal(first.destroyed, 2);
    assert_int_equal(publish(&first, "t", "x"), 0);
    assert_int_equal(wm_hub_on_message(first.hub, "t", 1, NULL, NULL, NULL), 0);
    assert_int_equal(wm_hub_on_message(first.hub, "t", 1, on_message, &second, forget), 0);
    wm_hub_free(first.hub);
    settle(first.host);
    assert_int_equal(second.destroyed, 2);
    host_end(first.host);
}

static void remove_itself(struct inbox *inbox)
{
    assert_int_equal(wm_hub_on_message(inbox->hub, "t", 1, NULL, NULL, NULL), 0);
    assert_int_equal(inbox->destroyed, 0);
}

static void replace_itself(struct inbox *inbox)
{
    assert_int_equal(wm_hub_on_message(inbox->hub, "t", 1, on_message, inbox, forget), 0);
    assert_int_equal(inbox->destroyed, 0);
    inbox->inside = NULL;
}

static void free_its_hub(struct inbox *inbox)
{
    wm_hub_free(inbox->hub);
    assert_int_equal(inbox->destroyed, 0);
}

static void function__may_remove_and_replace_itself_and_free_its_hub(void **state)
{
    void (*acts[])(struct inbox *) = {remove_itself, replace_itself, free_its_hub};
    for (int i = 0; i < 3; i++) {
        struct inbox inbox = inbox_begin(state, NULL);
        inbox.inside = acts[i];
        assert_int_equal(wm_hub_on_message(inbox.hub, "t", 1, on_message, &inbox, forget), 0);
        assert_int_equal(publish(&inbox, "t", "x"), WM_PENDING);
        assert_int_equal(publish(&inbox, "t", "y"), WM_PENDING);
        until(inbox.host, inbox.results == 2 && inbox.destroyed == 1);
        assert_int_equal(inbox.calls, i == 1 ? 2 : 1);
        assert_int_equal(inbox.status, i == 2 ? WM_ECLOSED : 0);
        assert_int_equal(inbox.with_hub, i != 2);
        host_end(inbox.host);
        assert_int_equal(inbox.destroyed, i == 1 ? 2 : 1);
    }
}

static void free_the_app(struct inbox *inbox)
{
    wm_app_free(inbox->host->app);
}

static void function__may_free_the_app(void **state)
{
    struct inbox inbox = inbox_begin(state, NULL);
    inbox.inside = free_the_app;
    assert_int_equal(wm_hub_on_message(inbox.hub, "t", 1, on_message, &inbox, forget), 0);
    assert_int_equal(publish(&inbox, "t", "x"), WM_PENDING);
    assert_int_equal(publish(&inbox, "t", "y"), WM_PENDING);
    turn(inbox.host, 1000);
    assert_int_equal(inbox.results, 2);
    assert_int_equal(inbox.destroyed, 1);
    inbox.host->app = NULL;
    host_end(inbox.host);
}

static void publish_on(struct inbox *inbox)
{
    char text[16];
    snprintf(text, sizeof text, "%d", inbox->calls);
    inbox->texts[0] = '\0';
    inbox->depth = 1; /* until this function has returned, none is called */
    if (inbox->calls < 2000)
        assert_int_equal(publish(inbox, inbox->calls % 2 ? "pong" : "ping", text), WM_PENDING);
    inbox->depth = 0;
}

/* Two functions that answer each other: a message follows in a later turn, and the loop has the control between two of them. */
static void functions_that_publish__leave_the_loop_to_others(void **state)
{
    struct inbox inbox = inbox_begin(state, "text");
    inbox.host->react = echo;
    struct client client = client_begin(inbox.host);
    inbox.inside = publish_on;
    assert_int_equal(watch(&inbox, "ping"), 0);
    assert_int_equal(watch(&inbox, "pong"), 0);
    assert_int_equal(publish(&inbox, "ping", "0"), WM_PENDING);
    turn(inbox.host, 0);
    turn(inbox.host, 0);
    assert_in_range(inbox.calls, 1, 2);
    client_say(inbox.host, &client, "served\n");
    client_hear(inbox.host, &client, "served\n");
    assert_in_range(inbox.calls, 1, 1999);
    until(inbox.host, inbox.results == 2000);
    assert_int_equal(inbox.calls, 2000);
    client_end(&client);
    host_end(inbox.host);
}

static void *publish_many(void *user)
{
    struct inbox *inbox = user;
    for (int i = 0; i < 100; i++) {
        char text[16];
        int len = snprintf(text, sizeof text, "%02d", i);
        assert_int_equal(wm_hub_publish(inbox->hub, i % 2 ? "t" : "none", i % 2 ? 1 : 4, text, (size_t)len, NULL, on_result, inbox, forget),
                         WM_PENDING);
    }
    return NULL;
}

static void publish__of_a_thread_comes_in_order(void **state)
{
    struct inbox inbox = inbox_begin(state, NULL);
    pthread_t thread;
    assert_int_equal(watch(&inbox, "t"), 0);
    assert_int_equal(pthread_create(&thread, NULL, publish_many, &inbox), 0);
    pthread_join(thread, NULL);
    until(inbox.host, inbox.results == 100 && inbox.destroyed == 100);
    assert_int_equal(inbox.calls, 50);
    char expected[512] = "";
    for (int i = 1; i < 100; i += 2)
        snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "t:%02d ", i);
    assert_string_equal(inbox.texts, expected);
    host_end(inbox.host);
}

static void pending__ends_with_its_hub_or_its_app(void **state)
{
    struct inbox inbox = inbox_begin(state, NULL);
    assert_int_equal(watch(&inbox, "t"), 0);
    assert_int_equal(publish(&inbox, "t", "x"), WM_PENDING);
    wm_hub_free(inbox.hub);
    until(inbox.host, inbox.results == 1);
    assert_int_equal(inbox.status, WM_ECLOSED);
    inbox.hub = wm_hub_new(inbox.host->app);
    assert_int_equal(watch(&inbox, "t"), 0);
    assert_int_equal(wm_hub_publish(inbox.hub, "t", 1, "x", 1, NULL, on_result, &inbox, forget), WM_PENDING);
    host_end(inbox.host);
    assert_int_equal(inbox.results, 2);
    assert_int_equal(inbox.status, WM_ESTOPPED);
    assert_int_equal(inbox.destroyed, 1);
    assert_int_equal(inbox.calls, 0);
}

static void mailbox__bounds_what_is_pending(void **state)
{
    struct inbox inbox = inbox_begin(state, NULL);
    static char block[4096];
    int published = 0, result = WM_PENDING;
    assert_int_equal(watch(&inbox, "t"), 0);
    assert_int_equal(wm_app_set_int(inbox.host->app, "max_mailbox", 16384), 0);
    assert_int_equal(wm_hub_publish(inbox.hub, "t", 1, block, sizeof block * 4, NULL, on_result, &inbox, forget), WM_EMSGSIZE);
    while (result == WM_PENDING && published < 100) {
        result = wm_hub_publish(inbox.hub, "t", 1, block, sizeof block, NULL, on_result, &inbox, forget);
        published += result == WM_PENDING;
    }
    assert_int_equal(result, WM_EFULL);
    assert_non_null(strstr(wm_last_error(), "max_mailbox"));
    assert_int_equal(published, 3);
    until(inbox.host, inbox.destroyed == published);
    assert_int_equal(inbox.results, published);
    assert_int_equal(wm_hub_publish(inbox.hub, "t", 1, block, sizeof block, NULL, on_result, &inbox, forget), WM_PENDING);
    host_end(inbox.host);
}

static void max_topics__is_how_many_have_a_function(void **state)
{
    struct inbox inbox = inbox_begin(state, NULL);
    char topic[16];
    char longest[256];
    memset(longest, 't', sizeof longest);
    assert_int_equal(wm_hub_set_int(inbox.hub, "max_topics", 100), 0);
    for (int i = 0; i < 100; i++) {
        snprintf(topic, sizeof topic, "topic %d", i);
        assert_int_equal(watch(&inbox, topic), 0);
    }
    assert_int_equal(wm_hub_on_message(inbox.hub, "more", 4, on_message, &inbox, forget), WM_EFULL);
    assert_non_null(strstr(wm_last_error(), "max_topics"));
    assert_int_equal(watch(&inbox, "topic 7"), 0); /* it has one */
    assert_int_equal(wm_hub_on_message(inbox.hub, "topic 7", 7, NULL, NULL, NULL), 0);
    assert_int_equal(watch(&inbox, "more"), 0);
    assert_int_equal(publish(&inbox, "topic 7", "x"), 0);
    assert_int_equal(publish(&inbox, "more", "x"), WM_PENDING);
    assert_int_equal(publish(&inbox, "topic 99", "y"), WM_PENDING);
    until(inbox.host, inbox.results == 2);
    assert_string_equal(inbox.texts, "more:x topic 99:y ");
    assert_int_equal(wm_hub_on_message(inbox.hub, longest, 256, on_message, &inbox, forget), WM_EINVAL);
    assert_int_equal(wm_hub_on_message(inbox.hub, "", 0, on_message, &inbox, forget), WM_EINVAL);
    assert_int_equal(wm_hub_on_message(inbox.hub, NULL, 1, on_message, &inbox, forget), WM_EINVAL);
    assert_int_equal(wm_hub_publish(inbox.hub, longest, 256, "x", 1, NULL, NULL, NULL, NULL), WM_EINVAL);
    settle(inbox.host);
    assert_int_equal(inbox.destroyed, 0);
    host_end(inbox.host);
}

static void hubs__have_topics_of_their_own(void **state)
{
    struct inbox one = inbox_begin(state, NULL), two = one;
    two.hub = wm_hub_new(one.host->app);
    assert_int_equal(watch(&one, "t"), 0);
    assert_int_equal(wm_hub_set_str(one.hub, "name", "late"), WM_ESTATE);
    assert_non_null(strstr(wm_last_error(), "'name'")); /* read, so that the app starts */
    assert_int_equal(wm_hub_set_str(two.hub, "name", "in time"), 0);
    assert_int_equal(publish(&two, "t", "x"), 0);
    assert_int_equal(watch(&two, "t"), 0);
    assert_int_equal(publish(&two, "t", "x"), WM_PENDING);
    until(one.host, two.results == 1);
    assert_int_equal(one.calls, 0);
    assert_int_equal(two.calls, 1);
    host_end(one.host);
}

static void stopped_app__takes_nothing(void **state)
{
    struct inbox inbox = inbox_begin(state, NULL);
    assert_int_equal(watch(&inbox, "t"), 0);
    assert_int_equal(wm_app_stop(inbox.host->app), 0);
    while (turn(inbox.host, 5) == 0)
        continue;
    assert_int_equal(publish(&inbox, "t", "x"), WM_ESTOPPED);
    host_end(inbox.host);
    assert_int_equal(inbox.calls + inbox.results, 0);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO_NOT_OVER(function__is_called_from_the_loop_and_counted, OVER_PAIRS | OVER_TLS),
        SCENARIO_NOT_OVER(topic_without_a_function__is_known_at_once, OVER_PAIRS | OVER_TLS),
        SCENARIO_NOT_OVER(result__without_done_is_a_record, OVER_PAIRS | OVER_TLS),
        SCENARIO_NOT_OVER(functions__are_replaced_and_removed, OVER_PAIRS | OVER_TLS),
        SCENARIO_NOT_OVER(function__may_remove_and_replace_itself_and_free_its_hub, OVER_PAIRS | OVER_TLS),
        SCENARIO_NOT_OVER(function__may_free_the_app, OVER_PAIRS | OVER_TLS),
        SCENARIO(functions_that_publish__leave_the_loop_to_others),
        SCENARIO_NOT_OVER(publish__of_a_thread_comes_in_order, OVER_PAIRS | OVER_TLS),
        SCENARIO_NOT_OVER(pending__ends_with_its_hub_or_its_app, OVER_PAIRS | OVER_TLS),
        SCENARIO_NOT_OVER(mailbox__bounds_what_is_pending, OVER_PAIRS | OVER_TLS),
        SCENARIO_NOT_OVER(max_topics__is_how_many_have_a_function, OVER_PAIRS | OVER_TLS),
        SCENARIO_NOT_OVER(hubs__have_topics_of_their_own, OVER_PAIRS | OVER_TLS),
        SCENARIO_NOT_OVER(stopped_app__takes_nothing, OVER_PAIRS | OVER_TLS),
    };
    return RUN_SCENARIOS("hub_publish", scenarios);
}
