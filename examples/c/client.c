/**
 * @file
 * A client that comes back: it asks a line server every second, prints the answers, and says why it is not connected. Try it with
 * `redis-server`, which answers PING with +PONG, and stop and start that while it runs.
 *
 *   client [ADDRESS [LINE]]
 */
#include <stdio.h>
#include <string.h>
#include <wm/wm.h>

static const char *line = "PING";

static void ask(wm_timer timer, void *user)
{
    wm_client *client = user;
    (void)timer;
    wm_conn conn = wm_client_conn(client);
    if (conn)
        wm_conn_send(conn, line, strlen(line), 0);
}

static void on_open(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker, (void)user;
    char peer[128] = "";
    wm_conn_remote_address(conn, peer, sizeof peer);
    printf("connected to %s\n", peer);
}

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)conn, (void)kind, (void)user;
    printf("%.*s\n", (int)len, (const char *)data);
}

static void on_error(wm_worker *worker, wm_conn conn, int32_t code, const void *text, size_t len, void *user)
{
    (void)worker, (void)conn, (void)user;
    printf("%s: %.*s\n", wm_error_name(code), (int)len, (const char *)text);
}

static void on_close(wm_worker *worker, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *user)
{
    (void)worker, (void)conn, (void)reason, (void)code, (void)text, (void)len, (void)user;
    printf("closed; it comes back by itself\n");
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    wm_app *app = wm_app_new();
    wm_client *client = wm_client_new(app, argc > 1 ? argv[1] : "text://127.0.0.1:6379");
    if (!client) {
        fprintf(stderr, "client: %s\n", wm_last_error());
        return 1;
    }
    if (argc > 2)
        line = argv[2];
    wm_client_set_int(client, "reconnect_min_ms", 500);
    wm_client_set_int(client, "reconnect_max_ms", 10000);
    wm_client_on_open(client, on_open, NULL, NULL);
    wm_client_on_message(client, on_message, NULL, NULL);
    wm_client_on_error(client, on_error, NULL, NULL);
    wm_client_on_close(client, on_close, NULL, NULL);
    wm_client_connect(client);
    wm_timer_add(app, 1000, 1000, ask, client, NULL);
    int code = wm_app_run(app);
    wm_app_free(app);
    return code < 0;
}
