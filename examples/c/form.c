/**
 * @file
 * Reads what a page sends: the query, cookies, the fields of a form and the files of an upload, and answers with a line for each.
 *
 *   form [ADDRESS] start|stop|restart|reload|status|connections [-d]
 *   curl -b name=value -F title=Holidays -F 'photo=@beach.jpg' 'http://127.0.0.1:2020/albums?year=2024'
 *
 * A browser gets a form to fill in.
 */
#include "arguments.h"

#include <stdio.h>
#include <wm/wm.h>

static const char PAGE[] =
    "<!DOCTYPE html><title>form</title><form method=post enctype=multipart/form-data>"
    "<p><label>Title <input name=title></label><p><input type=file name=photo multiple><p><button>Send</button></form>\n";

/* What is answered, cut where it is full: the texts are the client's. */
struct answer {
    char text[16384];
    size_t len;
};

static void add(struct answer *answer, const char *what, const void *name, size_t name_len, const void *value, size_t value_len)
{
    size_t room = sizeof answer->text - answer->len;
    int size = snprintf(answer->text + answer->len, room, "%s %.*s: %.*s\n", what, (int)name_len, (const char *)name, (int)value_len,
                        (const char *)value);
    answer->len += size > 0 && (size_t)size < room ? (size_t)size : 0;
}

typedef int (*pair_fn)(wm_request, size_t, const void **, size_t *, const void **, size_t *);

static int add_pairs(struct answer *answer, const char *what, wm_request request, pair_fn pair_at)
{
    const void *name, *value;
    size_t name_len, value_len;
    int found;
    for (size_t i = 0; (found = pair_at(request, i, &name, &name_len, &value, &value_len)) == 1; i++)
        add(answer, what, name, name_len, value, value_len);
    return found;
}

/* A filename is a text of the client's: it is shown, and not a path to write to. */
static int add_files(struct answer *answer, wm_request request)
{
    wm_part part;
    char size[32];
    int found;
    for (size_t i = 0; (found = wm_request_part_at(request, i, &part)) == 1; i++) {
        if (!part.filename)
            continue;
        int len = snprintf(size, sizeof size, "%zu bytes", part.data_len);
        add(answer, "file", part.filename, part.filename_len, size, (size_t)len);
    }
    return found;
}

static int read_request(struct answer *answer, wm_request request)
{
    int wrong = add_pairs(answer, "query", request, wm_request_query_at);
    wrong = wrong ? wrong : add_pairs(answer, "cookie", request, wm_request_cookie_at);
    wrong = wrong ? wrong : add_pairs(answer, "field", request, wm_request_form_at);
    return wrong ? wrong : add_files(answer, request);
}

static void respond(wm_request request, int status, const char *type, const void *body, size_t len)
{
    char headers[64];
    int headers_len = snprintf(headers, sizeof headers, "Content-Type: %s;charset=utf-8\r\n", type);
    wm_request_respond(request, status, headers, (size_t)headers_len, body, len, 0);
}

static void on_request(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)data, (void)len, (void)kind, (void)user;
    wm_request request = wm_message_request(conn);
    const void *method;
    size_t method_len;
    if (wm_request_method(request, &method, &method_len) == 0 && method_len == 3 && memcmp(method, "GET", 3) == 0) {
        respond(request, 200, "text/html", PAGE, sizeof PAGE - 1);
        return;
    }
    struct answer answer = {.len = 0};
    int wrong = read_request(&answer, request);
    if (wrong) /* the client's fault, or too much of it: the text says which rule it has broken */
        respond(request, wrong == WM_EMSGSIZE ? 413 : 400, "text/plain", wm_last_error(), strlen(wm_last_error()));
    else
        respond(request, 200, "text/plain", answer.text, answer.len); /* not as HTML: what a client says is no markup */
}

int main(int argc, char **argv)
{
    const char *address = "http://127.0.0.1:2020";
    argc = take_addresses(argc, argv, &address, 1);
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, address);
    if (!worker || wm_worker_set_int(worker, "max_message", 64 << 20) != 0 || wm_worker_on_message(worker, on_request, NULL, NULL) != 0) {
        fprintf(stderr, "form: %s\n", wm_last_error());
        return 1;
    }
    return wm_app_main(app, argc, argv);
}
