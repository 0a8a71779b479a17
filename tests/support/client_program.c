/**
 * @file
 * A client of the library as a program, for tests against servers of others, on the public headers only.
 *
 * Usage: client_program ADDRESS TIMES [NAME=VALUE...]
 *
 * Connects TIMES times, one after the other, with those options. Each connection sends what standard input had, and closes when it has
 * got an answer. Standard output has one line an event:
 *
 *     open VERSION;CIPHER;ALPN;NAME;SUBJECT;FINGERPRINT;RESUMED
 *     message BYTES
 *     error CODE TEXT
 *     close REASON TEXT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wm/wm.h"

static char input[1 << 16];
static size_t input_len;
static int times;

static void die(const char *what)
{
    fprintf(stderr, "client_program: %s: %s\n", what, wm_last_error());
    exit(1);
}

static void on_open(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker;
    (void)user;
    char part[512];
    printf("open ");
    for (int32_t what = WM_TLS_VERSION; what <= WM_TLS_RESUMED; ++what) {
        int len = wm_conn_tls_info(conn, what, part, sizeof part);
        printf("%s%s", what == WM_TLS_VERSION ? "" : ";", len < 0 ? wm_error_name(len) : part);
    }
    printf("\n");
    wm_conn_send(conn, input, input_len, 0);
}

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker;
    (void)kind;
    (void)user;
    const char *text = data;
    printf("message %.*s\n", (int)(len > 0 && text[len - 1] == '\n' ? len - 1 : len), text);
    wm_conn_close(conn, 0, NULL, 0);
}

static void on_error(wm_worker *worker, wm_conn conn, int32_t code, const void *text, size_t len, void *user)
{
    (void)worker;
    (void)conn;
    (void)user;
    printf("error %s %.*s\n", wm_error_name(code), (int)len, (const char *)text);
}

static void on_close(wm_worker *worker, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *user)
{
    (void)worker;
    (void)code;
    static const char *const names[] = {"0", "PEER", "LOCAL", "TIMEOUT", "PROTOCOL", "LIMIT", "ERROR", "STOP"};
    printf("close %s %.*s\n", names[reason], (int)len, (const char *)text);
    wm_client *client = user;
    if (--times <= 0)
        wm_app_stop(wm_client_app(client));
    else if (wm_client_connect(client) != 0)
        die("wm_client_connect");
    (void)conn;
}

static void set_option(wm_client *client, char *assignment)
{
    char *equals = strchr(assignment, '=');
    if (!equals)
        die(assignment);
    *equals = '\0';
    int64_t before;
    int is_number = wm_client_get_int(client, assignment, &before) == 0;
    if ((is_number ? wm_client_set_int(client, assignment, strtoll(equals + 1, NULL, 10))
                   : wm_client_set_str(client, assignment, equals + 1)) != 0)
        die(assignment);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    times = atoi(argv[2]);
    ssize_t len;
    while (input_len < sizeof input && (len = read(STDIN_FILENO, input + input_len, sizeof input - input_len)) > 0)
        input_len += (size_t)len;
    setvbuf(stdout, NULL, _IOLBF, 1 << 16);
    wm_app *app = wm_app_new();
    wm_client *client = wm_client_new(app, argv[1]);
    if (!client)
        die(argv[1]);
    for (int i = 3; i < argc; ++i)
        set_option(client, argv[i]);
    wm_client_on_open(client, on_open, NULL, NULL);
    wm_client_on_message(client, on_message, NULL, NULL);
    wm_client_on_error(client, on_error, NULL, NULL);
    wm_client_on_close(client, on_close, client, NULL);
    if (wm_client_connect(client) != 0)
        die("wm_client_connect");
    int result = wm_app_run(app);
    if (result != 0)
        die("wm_app_run");
    wm_app_free(app);
    return 0;
}
