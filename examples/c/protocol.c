/**
 * @file
 * Two protocols of its own, each with a worker. "bar" is declared: a message ends with '|'. "digits" is by callbacks: four decimal digits
 * tell the length of what follows. For each connection of the first, a client asks the second, and the answers go back. Try it with
 * `printf 'hello|world|' | nc 127.0.0.1 2019`.
 *
 *   protocol [ADDRESS [ADDRESS]] start|stop|restart|reload|status|connections [-d]
 */
#include "arguments.h"

#include <stdio.h>
#include <wm/wm.h>

static const char *addresses[] = {"bar://0.0.0.0:2019", "digits://127.0.0.1:2020"};

/* The framing of "digits". */

static int64_t digits_input(wm_conn conn, const void *data, size_t len, void *user)
{
    int64_t length = 0;
    (void)conn, (void)user;
    if (len < 4)
        return -4; /* at least so many, before it is asked again */
    for (int i = 0; i < 4; i++) {
        char digit = ((const char *)data)[i];
        if (digit < '0' || digit > '9')
            return WM_INPUT_REFUSE; /* the connection ends, with an error event */
        length = length * 10 + digit - '0';
    }
    return 4 + length; /* over max_message the library ends it */
}

static int32_t digits_decode(wm_conn conn, const void *data, size_t len, wm_out *out, void *user)
{
    (void)conn, (void)user;
    return wm_out_write(out, (const char *)data + 4, len - 4);
}

static int32_t digits_encode(wm_conn conn, const void *data, size_t len, wm_out *out, void *user)
{
    char digits[16];
    (void)conn, (void)user;
    if (len > 9999)
        return -1; /* wm_conn_send returns WM_EPROTOCOL, and the connection ends */
    snprintf(digits, sizeof digits, "%04d", (int)len);
    wm_out_write(out, digits, 4);
    return wm_out_write(out, data, len);
}

static int make_protocols(wm_app *app)
{
    wm_protocol *bar = wm_protocol_new(app, "bar");
    wm_protocol_set_str(bar, "delimiter", "|");
    wm_protocol *digits = wm_protocol_new(app, "digits");
    wm_protocol_on_input(digits, digits_input, NULL, NULL);
    wm_protocol_on_decode(digits, digits_decode, NULL, NULL);
    return wm_protocol_on_encode(digits, digits_encode, NULL, NULL);
}

/* The worker of "digits". */

static void answer(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    char text[64];
    (void)worker, (void)kind, (void)user, (void)data;
    wm_conn_send(conn, text, (size_t)snprintf(text, sizeof text, "%zu bytes", len), 0);
}

/* The worker of "bar", and its clients. A connection is an id, which fits into a pointer. */

static void on_answer(wm_worker *worker, wm_conn upstream, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)upstream, (void)kind;
    wm_conn_send((wm_conn)(uintptr_t)user, data, len, 0);
}

static void free_client(void *client)
{
    wm_client_free(client);
}

static void on_open(wm_worker *worker, wm_conn conn, void *user)
{
    wm_client *client = wm_client_new(wm_worker_app(worker), addresses[1]);
    (void)user;
    wm_client_on_message(client, on_answer, (void *)(uintptr_t)conn, NULL);
    wm_client_connect(client);
    wm_conn_set_user(conn, client, free_client); /* with the connection */
}

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)kind, (void)user;
    if (wm_conn_send(wm_client_conn(wm_conn_user(conn)), data, len, 0) < 0) /* held until the client is connected */
        wm_conn_close(conn, 0, NULL, 0);
}

int main(int argc, char **argv)
{
    argc = take_addresses(argc, argv, addresses, 2);
    wm_app *app = wm_app_new();
    wm_worker *bar = make_protocols(app) == 0 ? wm_worker_new(app, addresses[0]) : NULL;
    wm_worker *digits = bar ? wm_worker_new(app, addresses[1]) : NULL;
    if (!digits) {
        fprintf(stderr, "protocol: %s\n", wm_last_error());
        return 1;
    }
    wm_worker_on_open(bar, on_open, NULL, NULL);
    wm_worker_on_message(bar, on_message, NULL, NULL);
    wm_worker_on_message(digits, answer, NULL, NULL);
    return wm_app_main(app, argc, argv);
}
