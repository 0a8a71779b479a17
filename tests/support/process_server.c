/**
 * @file
 * The server that the tests of processes start: workers as its command line says, callbacks that do what a request asks for.
 *
 *   process_server [--app OPTION=VALUE]... --worker ADDRESS[,OPTION=VALUE]... [--inner ADDRESS[,OPTION=VALUE]]... [--fail INDEX]
 *                  [--fail-file PATH] [--say TEXT] [--trace PATH] [--thread] [--slow-start MS] [--before SCRIPT] [--closed 1]
 *                  [--wrong-option NAME] [--signal NUMBER]... [--hub UID] [--alone run|poll] -- COMMAND...
 *
 * --client ADDRESS is a client of each process. ADDRESS none is a worker without one; --worker @FILE is what the file says when the program
 * starts. --inner is opened by each process of the first worker in its on_start; what fails is said, and the process serves on. --fail has
 * on_start return -1 in the process of that index (-1: in all); --fail-file in all while the file is there.
 * --trace appends a line for each callback of worker and master, with the process's number, for the tests to read. --before has the shell
 * run something before wm_app_main. --closed has on_start close the worker's listener. --wrong-option sets an option of the app in each
 * process that polls, before its first poll. --signal has the app handle that signal, which is traced. --alone serves without a master,
 * in the process itself. --hub makes a hub, and has on_start ask it how many connections that uid has: status and number are traced.
 * What may be asked for: process_requests.c.
 */
#include "process_requests.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_INNER 40

static const char *inner[MAX_INNER];
static size_t inner_count;
static const char *trace_path;
static const char *fail_file;
static const char *say;
static const char *before;
static const char *alone;
static const char *wrong_option; /* of the app, set between WM_CHILD and the first poll */
static int fail_index = -2;
static int closed_first;
static int slow_start_ms;
int pull;
static const char *asked_uid;
static wm_hub *hub;
wm_app *app;
wm_worker *own; /* of this process */
static wm_worker *opened[MAX_INNER];
static size_t opened_count;

void die(const char *what)
{
    fprintf(stderr, "process_server: %s: %s\n", what, wm_last_error());
    exit(2);
}

/* One line with one write, so that processes do not mix them. */
void trace(const char *event, const char *detail)
{
    char line[256];
    if (!trace_path)
        return;
    FILE *file = fopen(trace_path, "a");
    if (!file)
        return;
    int len = snprintf(line, sizeof line, "%s %d %s\n", event, (int)getpid(), detail);
    fwrite(line, 1, (size_t)len, file);
    fclose(file);
}

static void set_option(wm_worker *worker, const char *given)
{
    /* A copy: with start_method exec the program is started again with its arguments as they stand in memory. */
    char *pair = strdup(given), *value = strchr(pair, '=');
    if (!value)
        die(pair);
    *value++ = '\0';
    char *end;
    long long number = strtoll(value, &end, 0);
    int text = *end != '\0' || end == value || strcmp(pair, "name") == 0;
    int result = worker ? (text ? wm_worker_set_str(worker, pair, value) : wm_worker_set_int(worker, pair, number))
                        : (text ? wm_app_set_str(app, pair, value) : wm_app_set_int(app, pair, number));
    if (result != 0)
        die(pair);
    if (!worker && strcmp(pair, "pull") == 0)
        pull = (int)number;
    free(pair);
}

void sleep_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&time, &time) != 0) {
    }
}

wm_worker *make_worker(const char *spec)
{
    char *copy = strdup(spec), *rest = NULL;
    char *address = strtok_r(copy, ",", &rest);
    wm_worker *worker = wm_worker_new(app, strcmp(address, "none") == 0 ? NULL : address);
    if (!worker)
        die(address);
    for (char *pair = strtok_r(NULL, ",", &rest); pair; pair = strtok_r(NULL, ",", &rest))
        set_option(worker, pair);
    free(copy);
    wm_worker_on_message(worker, on_message, NULL, NULL);
    return worker;
}

static void on_client_close(wm_worker *worker, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *user)
{
    (void)worker, (void)conn, (void)reason, (void)code, (void)user;
    char detail[200];
    snprintf(detail, sizeof detail, "%.*s", (int)len, (const char *)text);
    trace("client_closed", detail);
}

/* Before wm_app_main: each process has its own connection. */
static void make_client(const char *address)
{
    wm_client *client = wm_client_new(app, address);
    if (!client || wm_client_set_str(client, "name", "outgoing") != 0 || wm_client_set_int(client, "reconnect_min_ms", 20) != 0)
        die(address);
    wm_client_on_close(client, on_client_close, NULL, NULL);
    if (wm_client_connect(client) != 0)
        die(address);
}

wm_worker *open_inner(const char *spec)
{
    wm_worker *worker = make_worker(spec);
    if (wm_worker_listen(worker) != 0)
        trace("inner_failed", wm_worker_error(worker));
    else
        trace("inner", wm_worker_address(worker));
    opened[opened_count++ % MAX_INNER] = worker;
    return worker;
}

wm_worker *listener_at(const char *address)
{
    for (size_t i = 0; i < opened_count && i < MAX_INNER; i++)
        if (strcmp(wm_worker_address(opened[i]), address) == 0)
            return opened[i];
    return own;
}

static void trace_online(void)
{
    char detail[64];
    int64_t connections = 0;
    int status = wm_hub_online(hub, asked_uid, strlen(asked_uid), &connections, NULL, NULL, NULL);
    snprintf(detail, sizeof detail, "%d %lld", status, (long long)connections);
    trace("online", detail);
}

static int32_t on_start(wm_worker *worker, int32_t index, void *user)
{
    char detail[200];
    snprintf(detail, sizeof detail, "%d %s", (int)index, wm_worker_address(worker));
    trace("start", detail);
    own = worker;
    if (say)
        printf("%s\n", say);
    if (hub)
        trace_online();
    sleep_ms(slow_start_ms);
    if (closed_first && wm_worker_unlisten(worker) != 0)
        return -1;
    if (user)
        for (size_t i = 0; i < inner_count; i++)
            open_inner(inner[i]);
    return fail_index == index || fail_index == -1 || (fail_file && access(fail_file, F_OK) == 0) ? -1 : 0;
}

static void on_stop(wm_worker *worker, void *user)
{
    (void)user;
    trace("stop", wm_worker_address(worker));
}
static void on_reload(wm_worker *worker, void *user)
{
    (void)user;
    trace("reload", wm_worker_address(worker));
}
static void on_master(wm_app *self, void *user)
{
    (void)self;
    trace(user, "-");
}
static void on_exit_of(wm_app *self, wm_worker *worker, int32_t pid, int32_t status, void *user)
{
    char detail[200];
    (void)self, (void)user;
    snprintf(detail, sizeof detail, "%d %d %s", (int)pid, (int)status, wm_worker_address(worker));
    trace("worker_exit", detail);
}

static void *idle_thread(void *unused)
{
    (void)unused;
    for (;;)
        pause();
    return NULL;
}

/* With option pull. */
static int serve_by_poll(void)
{
    wm_event events[256];
    for (;;) {
        int count = wm_app_poll(app, events, 256, -1);
        if (count == WM_ESTOPPED)
            return 0;
        if (count < 0) {
            fprintf(stderr, "process_server: %s\n", wm_last_error());
            return 1;
        }
        for (int i = 0; i < count; i++)
            if (events[i].kind == WM_EVENT_MESSAGE)
                on_message(events[i].worker, events[i].conn, events[i].data, events[i].len, (int32_t)(events[i].flags & 0xff), NULL);
            else if (events[i].kind == WM_EVENT_SIGNAL)
                on_signal(events[i].id, events[i].detail, events[i].user);
    }
}

static wm_worker *configure(const char *spec, int first)
{
    wm_worker *worker = make_worker(spec);
    if (pull)
        wm_worker_on_message(worker, NULL, NULL, NULL);
    wm_worker_on_start(worker, on_start, first ? &inner : NULL, NULL);
    wm_worker_on_stop(worker, on_stop, NULL, NULL);
    wm_worker_on_reload(worker, on_reload, NULL, NULL);
    return worker;
}

static const char *content_of(const char *path)
{
    static char text[400];
    FILE *file = fopen(path, "r");
    if (!file || !fgets(text, sizeof text, file))
        die(path);
    fclose(file);
    return text;
}

int main(int argc, char **argv)
{
    int at = 1, workers = 0;
    app = wm_app_new();
    if (!app)
        die("app");
    for (; at < argc && strcmp(argv[at], "--") != 0; at++) {
        const char *flag = argv[at];
        char *value = at + 1 < argc ? argv[at + 1] : NULL;
        if (strcmp(flag, "--thread") == 0) {
            pthread_t thread;
            pthread_create(&thread, NULL, idle_thread, NULL);
            continue;
        }
        if (!value)
            die(flag);
        at++;
        if (strcmp(flag, "--app") == 0)
            set_option(NULL, value);
        else if (strcmp(flag, "--worker") == 0)
            configure(value[0] == '@' ? content_of(value + 1) : value, workers++ == 0);
        else if (strcmp(flag, "--inner") == 0)
            inner[inner_count++] = value;
        else if (strcmp(flag, "--client") == 0)
            make_client(value);
        else if (strcmp(flag, "--fail") == 0)
            fail_index = atoi(value);
        else if (strcmp(flag, "--fail-file") == 0)
            fail_file = value;
        else if (strcmp(flag, "--say") == 0)
            say = value;
        else if (strcmp(flag, "--trace") == 0)
            trace_path = value;
        else if (strcmp(flag, "--slow-start") == 0)
            slow_start_ms = atoi(value);
        else if (strcmp(flag, "--closed") == 0)
            closed_first = atoi(value);
        else if (strcmp(flag, "--before") == 0)
            before = value;
        else if (strcmp(flag, "--alone") == 0)
            alone = value;
        else if (strcmp(flag, "--signal") == 0)
            handle_signal(atoi(value), 0);
        else if (strcmp(flag, "--wrong-option") == 0)
            wrong_option = value;
        else if (strcmp(flag, "--hub") == 0)
            asked_uid = value;
        else
            die(flag);
    }
    if (asked_uid && !(hub = wm_hub_new(app)))
        die(asked_uid);
    wm_app_on_master_start(app, on_master, "master_start", NULL);
    wm_app_on_master_stop(app, on_master, "master_stop", NULL);
    wm_app_on_master_reload(app, on_master, "master_reload", NULL);
    wm_app_on_worker_exit(app, on_exit_of, NULL, NULL);
    if (at < argc)
        argv[at] = argv[0];
    else
        at = argc - 1;
    if (before && system(before) == -1)
        die("--before");
    if (alone && strcmp(alone, "run") == 0)
        return wm_app_run(app) == 0 ? 0 : 1;
    int code = alone ? WM_CHILD : wm_app_main(app, argc - at, argv + at);
    if (code == WM_CHILD && wrong_option)
        wm_app_set_int(app, wrong_option, 1);
    if (code == WM_CHILD)
        code = serve_by_poll();
    wm_app_free(app);
    return code;
}
