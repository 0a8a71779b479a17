/**
 * @file
 * A push server: pages register their uid on a websocket port, back ends push to them by uid on a line port. Both workers run in one
 * process, so that the callback of the line port reaches the connections of the pages; hence count 1.
 *
 *   push [PAGES_ADDRESS [INNER_ADDRESS]] start|stop|restart|reload|status|connections [-d]
 *
 * The defaults are websocket://0.0.0.0:1234 and text://127.0.0.1:5678. This shows how to write such a server; for production use
 * `wm-serve push`.
 */
#include "arguments.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wm/wm.h>

struct span {
    const char *data;
    size_t len;
};

static wm_hub *hub; /* uid -> connections; a close unbinds by itself */
static const char *inner_address;
static char named; /* its address as a connection's user pointer: the page has a uid */

/* Behind the string that begins at p, or NULL. */
static const char *skip_string(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++)
        if (*p == '\\')
            p++;
    return p < end ? p + 1 : NULL;
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && strchr(" \t\r\n", *p))
        p++;
    return p;
}

/*
 * Finds "uid" among the members of the outermost object: 1 and its text, 0 if there is none, -1 if the line is not an object.
 * It does not validate the rest of the JSON, and does not decode escapes in the uid.
 */
static int find_uid(struct span line, struct span *uid)
{
    const char *end = line.data + line.len, *p = skip_blanks(line.data, end);
    int depth = 0, is_name = 0, found = 0;
    if (p == end || *p != '{')
        return -1;
    while (p < end) {
        const char *start = p;
        if (*p == '"') {
            p = skip_string(p, end);
            if (!p)
                return -1;
            if (depth != 1 || !is_name || p - start != 5 || memcmp(start, "\"uid\"", 5) != 0)
                continue;
            p = skip_blanks(p, end);
            if (p == end || *p != ':')
                return -1;
            start = skip_blanks(p + 1, end);
            p = start < end && *start == '"' ? skip_string(start, end) : NULL;
            if (!p)
                return -1;
            uid->data = start + 1;
            uid->len = (size_t)(p - start - 2);
            found = 1;
            continue;
        }
        depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
        is_name = *p == '{' || *p == ',' ? 1 : *p == ':' ? 0 : is_name;
        p++;
        if (depth == 0)
            return skip_blanks(p, end) == end ? found : -1;
    }
    return -1;
}

static void answer(wm_conn conn, int64_t pages)
{
    wm_conn_send(conn, pages > 0 ? "ok" : "fail", pages > 0 ? 2 : 4, 0);
}

/* A result that came later: while a reload replaces this process, both are asked. */
static void on_result(wm_hub *asked, int32_t status, int64_t pages, void *user)
{
    (void)asked, (void)status;
    answer((wm_conn)(uintptr_t)user, pages);
}

/* A line of a back end goes unchanged to the pages of its uid, or to every page if it has none. */
static void on_line(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    struct span line = {data, len}, uid = {"", 0};
    (void)worker, (void)kind, (void)user;
    int found = find_uid(line, &uid);
    void *asker = (void *)(uintptr_t)conn;
    int64_t pages = 0;
    int result = 0;
    if (found > 0)
        result = wm_hub_send(hub, uid.data, uid.len, line.data, line.len, 0, &pages, on_result, asker, NULL);
    else if (found == 0)
        result = wm_hub_broadcast(hub, line.data, line.len, 0, &pages, on_result, asker, NULL);
    if (result != WM_PENDING)
        answer(conn, pages);
}

/* The first message of a page is its uid. It is not authenticated: a real server checks the user. */
static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)kind, (void)user;
    if (wm_conn_user(conn) == &named)
        return;
    if (wm_hub_bind(hub, data, len, conn) == 0)
        wm_conn_set_user(conn, &named, NULL);
    else
        wm_conn_close(conn, 1008, "bad uid", 7);
}

static int32_t on_start(wm_worker *worker, int32_t index, void *user)
{
    (void)index, (void)user;
    wm_worker *inner = wm_worker_new(wm_worker_app(worker), inner_address);
    if (!inner || wm_worker_on_message(inner, on_line, NULL, NULL) != 0 || wm_worker_listen(inner) != 0) {
        fprintf(stderr, "push: %s\n", wm_last_error());
        return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *addresses[] = {"websocket://0.0.0.0:1234", "text://127.0.0.1:5678"};
    argc = take_addresses(argc, argv, addresses, 2);
    inner_address = addresses[1];
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, addresses[0]);
    hub = worker ? wm_hub_new(app) : NULL;
    if (!hub) {
        fprintf(stderr, "push: %s\n", wm_last_error());
        return 1;
    }
    wm_worker_set_int(worker, "count", 1);
    wm_worker_on_start(worker, on_start, NULL, NULL);
    wm_worker_on_message(worker, on_message, NULL, NULL);
    return wm_app_main(app, argc, argv);
}
