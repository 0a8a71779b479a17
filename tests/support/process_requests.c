/**
 * @file
 * What may be asked of the server of the process tests, as a line, as a websocket message, or as the path of an http request behind its
 * '/': pid, exit N, abort, block MS, slow MS (an answer that comes later), later MS (the same, with the connection paused until then), big
 * N (an answer of N bytes), stream MS (an answer that begins at once and ends then; 0: never), stop (wm_app_stop), listen ADDRESS, unlisten
 * ADDRESS, relisten ADDRESS (one after the other, of the process's own worker too), free (the process's own worker), closefrom N, signal N
 * (handle that one, too), adopt PORT [WORKER] (a connection that it makes to that port serves as one of its worker, or of such a one that
 * does not listen), spawn N (a child that exits with N, which SIGCHLD tells: the answer is N). Anything else comes back as it is.
 */
#define _GNU_SOURCE /* closefrom */
#include "process_requests.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

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

static pid_t spawned; /* by the request of which connection */
static wm_conn spawned_for;

void on_signal(wm_signal handler, int32_t number, void *user)
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

int handle_signal(int number, int once)
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
        wm_worker *last = open_inner(value);
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

void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
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
