/**
 * @file
 * A web server for browsers, curl and wget:
 *
 *   web_server ADDRESS DIRECTORY [OPTION=VALUE]...
 *
 * It prints its address, and ends at the end of its standard input. What it serves:
 *
 *   GET  /events     three events with the ids behind Last-Event-ID, and the end; a browser comes back for the next three
 *   POST /upload     what has come, in pieces: "BYTES SUM", the sum of all octets
 *   POST /files      with upload_dir: as /form, in pieces, "ERROR" in place of BYTES
 *   POST /form       the parts of a form: "NAME [FILENAME] BYTES" a line
 *   GET  /ranges     the Range fields that were sent for files, a line each
 *   GET  /socket     a websocket that echoes
 *   else             a file beneath DIRECTORY, "/" is index.html
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wm/wm.h"

static int directory;
static char ranges[16384];

struct upload {
    uint64_t bytes, sum;
    size_t used;
    char parts[2048]; /**< of a form: a line each */
};

static int is(const void *text, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(text, word, len) == 0;
}

static void answer(wm_request request, int status, const char *text)
{
    static const char plain[] = "Content-Type: text/plain;charset=utf-8\r\n";
    wm_request_respond(request, status, plain, strlen(plain), text, strlen(text), 0);
}

static void send_events(wm_request request)
{
    const void *value;
    size_t len;
    int last = 0;
    if (wm_request_header(request, "Last-Event-ID", &value, &len) == 1) {
        char text[16];
        snprintf(text, sizeof text, "%.*s", (int)len, (const char *)value);
        last = atoi(text);
    }
    if (wm_request_event_begin(request, NULL, 0) < 0)
        return;
    for (int id = last + 1; id <= last + 3; id++) {
        char number[16], data[64];
        int size = snprintf(number, sizeof number, "%d", id);
        int data_size = snprintf(data, sizeof data, "event %d\nits second line", id);
        wm_request_event_send(request, number, (size_t)size, "step", 4, 10, data, (size_t)data_size);
    }
    wm_request_respond_end(request);
}

static void list_parts(wm_request request)
{
    char out[4096];
    size_t used = 0;
    wm_part part;
    int found;
    for (size_t i = 0; (found = wm_request_part_at(request, i, &part)) == 1 && used < sizeof out - 600; i++)
        used += (size_t)snprintf(out + used, sizeof out - used, "%.*s [%.*s] %zu\n", (int)(part.name_len < 200 ? part.name_len : 200),
                                 (const char *)part.name, (int)(part.filename_len < 200 ? part.filename_len : 200),
                                 part.filename ? (const char *)part.filename : "", part.data_len);
    out[used] = '\0';
    answer(request, found < 0 ? 400 : 200, found < 0 ? wm_last_error() : out);
}

static void note_range(wm_request request)
{
    const void *value;
    size_t len, used = strlen(ranges);
    if (wm_request_header(request, "Range", &value, &len) == 1 && used + len + 2 < sizeof ranges)
        snprintf(ranges + used, sizeof ranges - used, "%.*s\n", (int)len, (const char *)value);
}

static void send_file(wm_request request, const void *path, size_t len)
{
    note_range(request);
    if (len == 1) {
        path = "index.html";
        len = 10;
    }
    int result = wm_request_respond_file(request, directory, path, len, NULL, 0, WM_FILE_PRECOMPRESSED);
    if (result < 0 && result != WM_ECLOSED)
        answer(request, result == WM_ENOENT || result == WM_EISDIR ? 404 : result == WM_EACCES ? 403 : 500, wm_last_error());
}

static void on_head(wm_conn conn, wm_request request)
{
    struct upload *upload = calloc(1, sizeof *upload);
    if (!upload || wm_request_set_user(request, upload, free) != 0) {
        free(upload);
        wm_conn_destroy(conn);
    }
}

static void on_part(wm_worker *worker, wm_conn conn, wm_request request, const wm_part *part, const void *data, size_t len, int32_t last,
                    void *user)
{
    (void)worker, (void)conn, (void)data, (void)len, (void)user;
    struct upload *upload = wm_request_user(request);
    char size[32];
    struct stat status;
    if (!upload || !last || upload->used > sizeof upload->parts - 600)
        return;
    snprintf(size, sizeof size, "%" PRId64, part->fd >= 0 && fstat(part->fd, &status) == 0 ? (int64_t)status.st_size : part->size);
    upload->used += (size_t)snprintf(upload->parts + upload->used, sizeof upload->parts - upload->used, "%.*s [%.*s] %s\n",
                                     (int)(part->name_len < 200 ? part->name_len : 200), (const char *)part->name,
                                     (int)(part->filename_len < 200 ? part->filename_len : 200),
                                     part->filename ? (const char *)part->filename : "", part->error ? wm_error_name(part->error) : size);
}

static void on_body(wm_worker *worker, wm_conn conn, wm_request request, const void *data, size_t len, int32_t last, void *user)
{
    (void)worker, (void)conn, (void)user;
    struct upload *upload = wm_request_user(request);
    if (!upload)
        return;
    upload->bytes += len;
    for (size_t i = 0; i < len; i++)
        upload->sum += ((const unsigned char *)data)[i];
    if (last && upload->used > 0) {
        answer(request, 200, upload->parts);
    } else if (last) {
        char text[64];
        snprintf(text, sizeof text, "%" PRIu64 " %" PRIu64 "\n", upload->bytes, upload->sum);
        answer(request, 200, text);
    }
}

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)user;
    if (kind == WM_KIND_TEXT || kind == WM_KIND_BINARY) {
        wm_conn_send(conn, data, len, kind == WM_KIND_BINARY ? WM_SEND_BINARY : 0);
        return;
    }
    wm_request request = wm_message_request(conn);
    const void *path;
    size_t path_len;
    if (kind == WM_KIND_HTTP_HEAD)
        on_head(conn, request);
    else if (wm_request_path_decoded(request, &path, &path_len) != 0)
        answer(request, 400, "the path cannot be decoded\n");
    else if (is(path, path_len, "/events"))
        send_events(request);
    else if (is(path, path_len, "/form"))
        list_parts(request);
    else if (is(path, path_len, "/ranges"))
        answer(request, 200, ranges);
    else if (is(path, path_len, "/socket")) {
        if (wm_request_upgrade(request, NULL, 0) != 0)
            answer(request, 426, wm_last_error());
    } else
        send_file(request, path, path_len);
}

static void at_end(wm_watch watch, int fd, int32_t events, void *app)
{
    (void)watch, (void)events;
    char rest[64];
    if (read(fd, rest, sizeof rest) == 0)
        wm_app_stop(app);
}

static int32_t on_start(wm_worker *worker, int32_t index, void *user)
{
    (void)index, (void)user;
    if (wm_worker_listen(worker) != 0)
        return -1;
    printf("%s\n", wm_worker_address(worker));
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: web_server ADDRESS DIRECTORY [OPTION=VALUE]...\n");
        return 64;
    }
    directory = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    wm_app *app = wm_app_new();
    wm_worker *web = wm_worker_new(app, argv[1]);
    if (directory < 0 || !web || wm_worker_on_message(web, on_message, NULL, NULL) != 0 ||
        wm_worker_on_body(web, on_body, NULL, NULL) != 0 || wm_worker_on_part(web, on_part, NULL, NULL) != 0) {
        fprintf(stderr, "%s\n", directory < 0 ? "no such directory" : wm_last_error());
        return 1;
    }
    for (int i = 3; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        char *option = strndup(argv[i], value ? (size_t)(value - argv[i]) : strlen(argv[i]));
        int wrong = !value                                                 ? WM_EINVAL
                    : strspn(value + 1, "0123456789") == strlen(value + 1) ? wm_worker_set_int(web, option, atoll(value + 1))
                                                                           : wm_worker_set_str(web, option, value + 1);
        free(option);
        if (wrong != 0) {
            fprintf(stderr, "%s: %s\n", argv[i], wm_last_error());
            return 64;
        }
    }
    wm_watch_add(app, STDIN_FILENO, WM_WATCH_READ, at_end, app, NULL);
    wm_worker_on_start(web, on_start, NULL, NULL);
    int code = wm_app_run(app);
    wm_app_free(app);
    return code;
}
