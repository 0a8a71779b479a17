/* A client that standard input drives, for tests against servers that are not ours.
 *
 *     client_driver ADDRESS [--echo] [--pull] [OPTION=VALUE ...]
 *
 * Input, a line each: connect; text HEX; binary HEX; fill text|binary COUNT (as many 'x'); close CODE; header NAME; get OPTION; reconnect;
 * close-client. Output, a line each: connect; open SUBPROTOCOL; message text|binary HEX, or SIZE:SUM for more than 1 KiB; error NAME TEXT;
 * close REASON CODE HEX; header VALUE; get VALUE; refused NAME TEXT (of a call). In option values "\r" and "\n" are those octets. The end
 * of the input ends the program.
 */
#include <wm/wm.h>

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static wm_client *client;
static int echoes, pulls;

static void say_bytes(const char *what, const void *data, size_t len)
{
    const unsigned char *bytes = data;
    printf("%s ", what);
    if (len > 1024) {
        uint64_t sum = 14695981039346656037u; /* FNV-1a */
        for (size_t i = 0; i < len; i++)
            sum = (sum ^ bytes[i]) * 1099511628211u;
        printf("%zu:%016" PRIx64 "\n", len, sum);
        return;
    }
    for (size_t i = 0; i < len; i++)
        printf("%02x", bytes[i]);
    printf("%s\n", len == 0 ? "-" : "");
}

static void say_refused(int code)
{
    if (code < 0)
        printf("refused %s %s\n", wm_error_name(code), wm_last_error());
}

static void on_connect(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker, (void)conn, (void)user;
    printf("connect\n");
}

static void on_open(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker, (void)user;
    const char *subprotocol = wm_client_ws_subprotocol(wm_conn_client(conn));
    printf("open %s\n", *subprotocol ? subprotocol : "-");
}

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)user;
    if (echoes)
        say_refused(wm_conn_send(conn, data, len, kind == WM_KIND_BINARY ? WM_SEND_BINARY : 0));
    else
        say_bytes(kind == WM_KIND_BINARY ? "message binary" : "message text", data, len);
}

static void on_error(wm_worker *worker, wm_conn conn, int32_t code, const void *text, size_t len, void *user)
{
    (void)worker, (void)conn, (void)user;
    printf("error %s %.*s\n", wm_error_name(code), (int)len, (const char *)text);
}

static void on_close(wm_worker *worker, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *user)
{
    static const char *const NAMES[] = {"none", "peer", "local", "timeout", "protocol", "limit", "error"};
    char what[64];
    (void)worker, (void)conn, (void)user;
    snprintf(what, sizeof what, "close %s %d", reason >= 0 && reason < 7 ? NAMES[reason] : "?", code);
    say_bytes(what, text, len);
}

static void say_records(const wm_event *events, int count)
{
    for (int i = 0; i < count; i++) {
        const wm_event *event = &events[i];
        int32_t low = (int32_t)(event->flags & 255); /* the kind of a message, the reason of a close */
        if (event->kind == WM_EVENT_CONNECT)
            on_connect(NULL, event->conn, NULL);
        else if (event->kind == WM_EVENT_OPEN)
            on_open(NULL, event->conn, NULL);
        else if (event->kind == WM_EVENT_MESSAGE)
            on_message(NULL, event->conn, event->data, event->len, low, NULL);
        else if (event->kind == WM_EVENT_ERROR)
            on_error(NULL, event->conn, event->code, event->data, event->len, NULL);
        else if (event->kind == WM_EVENT_CLOSE)
            on_close(NULL, event->conn, low, event->detail, event->data, event->len, NULL);
    }
}

static void turn(wm_app *app)
{
    wm_event events[3];
    if (pulls)
        say_records(events, wm_app_poll(app, events, 3, 0));
    else
        wm_app_run_once(app, 0);
}

/* In place; the length. */
static size_t from_hex(char *text)
{
    size_t len = strcmp(text, "-") == 0 ? 0 : strlen(text) / 2;
    for (size_t i = 0; i < len; i++) {
        unsigned octet = 0;
        sscanf(text + 2 * i, "%2x", &octet);
        text[i] = (char)octet;
    }
    return len;
}

static void unescape(char *text)
{
    char *out = text;
    for (; *text; text++) {
        if (text[0] == '\\' && (text[1] == 'r' || text[1] == 'n'))
            *out++ = *++text == 'r' ? '\r' : '\n';
        else
            *out++ = *text;
    }
    *out = '\0';
}

/* Of the app where it has such an option, else of the client: what a call refuses would keep the app from starting. */
static void set_option(wm_app *app, char *argument)
{
    char *value = strchr(argument, '=');
    *value++ = '\0';
    unescape(value);
    char *end = NULL;
    long long number = strtoll(value, &end, 10);
    int64_t of_app;
    if (wm_app_get_int(app, argument, &of_app) == 0) {
        say_refused(wm_app_set_int(app, argument, number));
        return;
    }
    int code = wm_client_set_str(client, argument, value);
    if (code == WM_EOPTION && *value && !*end)
        code = wm_client_set_int(client, argument, number);
    say_refused(code);
}

static void send_message(const char *kind, const void *data, size_t len)
{
    int binary = strcmp(kind, "binary") == 0;
    say_refused(wm_conn_send(wm_client_conn(client), data, len, binary ? WM_SEND_BINARY : 0));
}

static void fill(const char *arguments)
{
    char kind[8] = "";
    size_t len = 0;
    sscanf(arguments, "%7s %zu", kind, &len);
    char *data = malloc(len + 1);
    memset(data, 'x', len);
    send_message(kind, data, len);
    for (size_t i = 0; i < len; i++)
        if (data[i] != 'x')
            printf("changed %zu\n", i);
    free(data);
}

static void say_header(const char *name)
{
    const void *value = NULL;
    size_t len = 0;
    int code = wm_client_response_header(client, name, &value, &len);
    say_refused(code);
    if (code >= 0)
        printf("header %.*s\n", code == 1 ? (int)len : 1, code == 1 ? (const char *)value : "-");
}

static void say_option(const char *name)
{
    const char *value = "";
    say_refused(wm_client_get_str(client, name, &value));
    printf("get %s\n", value);
}

static void obey(char *line)
{
    char *argument = strchr(line, ' ');
    argument = argument ? (*argument = '\0', argument + 1) : line + strlen(line);
    if (strcmp(line, "connect") == 0)
        say_refused(wm_client_connect(client));
    else if (strcmp(line, "reconnect") == 0)
        say_refused(wm_client_reconnect(client, 0));
    else if (strcmp(line, "close-client") == 0)
        say_refused(wm_client_close(client));
    else if (strcmp(line, "text") == 0 || strcmp(line, "binary") == 0)
        send_message(line, argument, from_hex(argument));
    else if (strcmp(line, "fill") == 0)
        fill(argument);
    else if (strcmp(line, "close") == 0)
        say_refused(wm_conn_close(wm_client_conn(client), atoi(argument), NULL, 0));
    else if (strcmp(line, "header") == 0)
        say_header(argument);
    else if (strcmp(line, "get") == 0)
        say_option(argument);
    else
        printf("unknown %s\n", line);
}

/* False at the end of the input. */
static int read_input(void)
{
    static char held[1 << 20];
    static size_t have;
    ssize_t got = read(STDIN_FILENO, held + have, sizeof held - have - 1);
    if (got <= 0)
        return 0;
    have += (size_t)got;
    char *line = held, *end;
    while ((end = memchr(line, '\n', have - (size_t)(line - held)))) {
        *end = '\0';
        obey(line);
        line = end + 1;
    }
    have -= (size_t)(line - held);
    memmove(held, line, have);
    return 1;
}

int main(int argc, char **argv)
{
    wm_app *app = wm_app_new();
    setvbuf(stdout, NULL, _IOLBF, 0);
    client = argc > 1 ? wm_client_new(app, argv[1]) : NULL;
    if (!client) {
        say_refused(WM_EADDRESS);
        wm_app_free(app);
        return 1;
    }
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--echo") == 0)
            echoes = 1;
        else if (strcmp(argv[i], "--pull") == 0)
            pulls = 1;
        else
            set_option(app, argv[i]);
    }
    if (!pulls) {
        wm_client_on_connect(client, on_connect, NULL, NULL);
        wm_client_on_open(client, on_open, NULL, NULL);
        wm_client_on_message(client, on_message, NULL, NULL);
        wm_client_on_error(client, on_error, NULL, NULL);
        wm_client_on_close(client, on_close, NULL, NULL);
    }
    printf("ready\n");
    struct pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {-1, POLLIN, 0}};
    for (int open = 1; open;) {
        turn(app);
        fds[1].fd = wm_app_fd(app);
        poll(fds, 2, -1);
        if (fds[0].revents)
            open = read_input();
    }
    wm_app_free(app);
    return 0;
}
