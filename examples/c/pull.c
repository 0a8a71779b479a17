/**
 * @file
 * Pull mode: no callbacks, wm_app_poll fills an array of records. Every line comes back; the line "stop" ends the server.
 * One process, without a master; under wm_app_main the loop is the same, in each process (option pull, docs/guide/processes.md).
 *
 *   pull [ADDRESS]
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <wm/wm.h>

enum { CAP = 256 };

/* What the records of one poll ask for. The bytes of a record are there until the next poll. */
static void serve(wm_app *app, const wm_event *events, int count)
{
    for (int i = 0; i < count; i++) {
        const wm_event *event = &events[i];
        switch (event->kind) {
        case WM_EVENT_OPEN:
            printf("open, %" PRId64 " connections\n", wm_worker_conn_count(event->worker));
            break;
        case WM_EVENT_MESSAGE:
            wm_conn_send(event->conn, event->data, event->len, 0);
            if (event->len == 4 && memcmp(event->data, "stop", 4) == 0)
                wm_app_stop(app);
            break;
        case WM_EVENT_CLOSE:
            printf("close, reason %" PRIu32 "\n", event->flags & 255);
            break;
        default:
            break;
        }
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static wm_event events[CAP];
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, argc > 1 ? argv[1] : "text://0.0.0.0:2015");
    if (!worker || wm_worker_listen(worker) != 0) {
        fprintf(stderr, "pull: %s\n", wm_last_error());
        return 1;
    }
    printf("%s\n", wm_worker_address(worker));
    fflush(stdout);
    int count;
    while ((count = wm_app_poll(app, events, CAP, -1)) >= 0)
        serve(app, events, count);
    if (count != WM_ESTOPPED)
        fprintf(stderr, "pull: %s\n", wm_last_error());
    wm_app_free(app);
    return count == WM_ESTOPPED ? 0 : 1;
}
