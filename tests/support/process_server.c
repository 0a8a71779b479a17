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
 *
 * Requests, as a line, as a websocket message, or as the path of an http request behind its '/': pid, exit N, abort, block MS, slow MS (an
 * answer that comes later), later MS (the same, with the connection paused until then), big N (an answer of N bytes), stream
 * MS (an answer that begins at once and ends then; 0: never), stop
 * (wm_app_stop), listen ADDRESS, unlisten ADDRESS, relisten ADDRESS (one after the other, of the process's own worker too), free (the
 * process's own worker), closefrom N, signal N (handle that one, too), adopt PORT [WORKER] (a
 * connection that it makes to that port serves as one of its worker, or of such a one that does not listen), spawn N (a child that exits
 * with N, which SIGCHLD tells: the answer is N). Anything else comes back as it is.
 */
#define _GNU_SOURCE /* closefrom */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <wm/wm.h>

#include <pthread.h>

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
static int pull;
static const char *asked_uid;
static wm_hub *hub;
static wm_app *app;
static wm_worker *own; /* of this process */
static wm_worker *opened[MAX_INNER];
static size_t opened_count;

static void die(const char *what)
{
    fprintf(stderr, "process_server: %s: %s\n", what, wm_last_error());
    exit(2);
}

/* One line with one write, so that processes do not mix them. */
static void trace(const char *event, const char *detail)
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

static void sleep_ms(long ms)
{
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&time, &time) != 0) {
    }
}

/* What answers later. */
struct late {
    wm_conn conn;
    wm_request request;
    char text[32];
};

static void answer_later(wm_timer timer, void *user)
{
    struct late *late = user;
    (void)timer;
    if (late->request)
        wm_request_respond(late->request, 200, NULL, 0, late->text, strlen(late->text), 0);
    else
        wm_conn_send(late->conn, late->text, strlen(late->text), 0);
    wm_conn_resume_recv(late->conn);
}

static void end_stream(wm_timer timer, void *user)
{
    struct late *late = user;
    (void)timer;
    wm_request_respond_write(late->request, ", ended", 7);
    wm_request_respond_end(late->request);
}

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user);

static wm_worker *make_worker(const char *spec)
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

static void open_inner(const char *spec)
{
    wm_worker *worker = make_worker(spec);
    if (wm_worker_listen(worker) != 0)
        trace("inner_failed", wm_worker_error(worker));
    else
        trace("inner", wm_worker_address(worker));
    opened[opened_count++ % MAX_INNER] = worker;
}

static pid_t spawned; /* by the request of which connection */
static wm_conn spawned_for;

static void on_signal(wm_signal handler, int32_t number, void *user)
{
    char text[32];
    int status = 0;
    snprintf(text, sizeof text, "%d", (int)number);
    trace("signal", text);
    if (number != SIGCHLD || spawned == 0 || waitpid(spawned, &status, WNOHANG) != spawned)
        return;
    spawned = 0;
    int len = snprintf(text, sizeof text, "%d", WEXITSTATUS(status));
    wm_conn_send(spawned_for, text, (size_t)len, 0);
    if (user)
        wm_signal_del(handler);
}

static int handle_signal(int number, int once)
{
    return wm_signal_add(app, number, pull ? NULL : on_signal, once ? &spawned : NULL, NULL) != 0;
}

static int connect_to(int port)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&name, sizeof name) != 0)
        exit(3);
    return fd;
}

static wm_worker *listener_at(const char *address)
{
    for (size_t i = 0; i < opened_count && i < MAX_INNER; i++)
        if (strcmp(wm_worker_address(opened[i]), address) == 0)
            return opened[i];
    return own;
}

static void answer(wm_conn conn, const void *data, size_t len, int32_t kind)
{
    wm_conn_send(conn, data, len, kind == WM_KIND_BINARY ? WM_SEND_BINARY : 0);
}

static void obey(wm_conn conn, const char *word, const char *value, int32_t kind)
{
    char text[512];
    if (strcmp(word, "exit") == 0) {
        _exit(atoi(value));
    } else if (strcmp(word, "abort") == 0) {
        abort();
    } else if (strcmp(word, "block") == 0) {
        sleep_ms(atol(value));
        answer(conn, "blocked", 7, kind);
    } else if (strcmp(word, "slow") == 0 || strcmp(word, "later") == 0) {
        struct late *late = calloc(1, sizeof *late);
        late->conn = conn;
        late->request = kind == WM_KIND_HTTP ? wm_message_request(conn) : 0;
        if (late->request)
            wm_request_keep(late->request);
        if (*word == 'l')
            wm_conn_pause_recv(conn);
        snprintf(late->text, sizeof late->text, "%s %.20s", *word == 'l' ? "later" : "slow", value);
        wm_timer_add(app, atol(value), 0, answer_later, late, free);
    } else if (strcmp(word, "stream") == 0) {
        struct late *late = calloc(1, sizeof *late);
        late->request = wm_message_request(conn);
        wm_request_respond_begin(late->request, 200, NULL, 0, -1);
        wm_request_respond_write(late->request, "begun", 5);
        if (atol(value) > 0)
            wm_timer_add(app, atol(value), 0, end_stream, late, free);
        else
            wm_request_set_user(late->request, late, free);
    } else if (strcmp(word, "big") == 0) {
        size_t size = (size_t)atol(value);
        char *body = malloc(size + 1);
        memset(body, 'x', size);
        answer(conn, body, size, kind);
        free(body);
    } else if (strcmp(word, "stop") == 0) {
        answer(conn, "stopping", 8, kind);
        wm_app_stop(app);
    } else if (strcmp(word, "listen") == 0) {
        open_inner(value);
        wm_worker *last = opened[(opened_count - 1) % MAX_INNER];
        snprintf(text, sizeof text, "%s%s", wm_worker_error(last), *wm_worker_error(last) ? "" : wm_worker_address(last));
        answer(conn, text, strlen(text), kind);
    } else if (strcmp(word, "unlisten") == 0) {
        wm_worker_unlisten(listener_at(value));
        answer(conn, "closed", 6, kind);
    } else if (strcmp(word, "relisten") == 0) {
        wm_worker *listener = listener_at(value);
        wm_worker_unlisten(listener);
        snprintf(text, sizeof text, "%s", wm_worker_listen(listener) == 0 ? "open" : wm_worker_error(listener));
        answer(conn, text, strlen(text), kind);
    } else if (strcmp(word, "reopen") == 0) { /* both are allowed while it listens */
        int listened = wm_worker_listen(own), resumed = wm_worker_resume_accept(own);
        snprintf(text, sizeof text, "%d %d", listened, resumed);
        answer(conn, text, strlen(text), kind);
    } else if (strcmp(word, "free") == 0) {
        wm_worker_free(own);
        answer(conn, "freed", 5, kind);
    } else if (strcmp(word, "log") == 0) {
        wm_log(WM_LOG_INFO, value, strlen(value));
        answer(conn, "logged", 6, kind);
    } else if (strcmp(word, "signal") == 0) {
        snprintf(text, sizeof text, "%s", handle_signal(atoi(value), 0) ? "handled" : wm_last_error());
        answer(conn, text, strlen(text), kind);
    } else if (strcmp(word, "adopt") == 0) {
        char *spec = strchr(value, ' ');
        wm_worker *owner = spec ? make_worker(spec + 1) : own;
        snprintf(text, sizeof text, "%s", wm_worker_adopt(owner, connect_to(atoi(value))) ? "adopted" : wm_last_error());
        answer(conn, text, strlen(text), kind);
    } else if (strcmp(word, "spawn") == 0) {
        spawned_for = conn;
        handle_signal(SIGCHLD, 1);
        spawned = fork();
        if (spawned == 0)
            _exit(atoi(value));
    } else if (strcmp(word, "closefrom") == 0) {
        closefrom(atoi(value));
    } else {
        snprintf(text, sizeof text, "%d", (int)getpid());
        answer(conn, text, strlen(text), kind);
    }
}

static int is_word(const char *word)
{
    static const char *const words[] = {"stream",   "pid",      "exit", "abort",     "block", "slow",   "later",  "big",   "stop", "listen",
                                        "unlisten", "relisten", "free", "closefrom", "log",   "reopen", "signal", "spawn", "adopt"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i]) == 0)
            return 1;
    return 0;
}

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    char text[512];
    const void *asked = data;
    size_t asked_len = len;
    (void)worker, (void)user;
    if (kind == WM_KIND_HTTP) {
        wm_request_path(wm_message_request(conn), &asked, &asked_len);
        asked = (const char *)asked + 1;
        asked_len--;
    }
    size_t copied = asked_len < sizeof text - 1 ? asked_len : sizeof text - 1;
    memcpy(text, asked, copied);
    text[copied] = '\0';
    char *value = strpbrk(text, " /");
    if (value && kind != WM_KIND_HTTP && *value == '/')
        value = NULL;
    if (value)
        *value++ = '\0';
    if (copied == asked_len && is_word(text))
        obey(conn, text, value ? value : "", kind);
    else
        answer(conn, kind == WM_KIND_HTTP ? asked : data, kind == WM_KIND_HTTP ? asked_len : len, kind);
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
