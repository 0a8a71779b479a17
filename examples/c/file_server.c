/**
 * @file
 * The files of a directory over HTTP: ranges, conditions, media types, and NAME.br or NAME.gz for the clients that take them.
 *
 *   file_server [DIRECTORY] [ADDRESS] start|stop|restart|reload|status|connections [-d]
 *
 * Try it with `curl -C - -O http://127.0.0.1:8080/NAME`, which goes on where a download has ended.
 */
#include "arguments.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <wm/wm.h>

static int files; /* the directory */

static void refuse(wm_request request, int32_t status, const char *text)
{
    static const char headers[] = "Content-Type: text/plain\r\n";
    wm_request_respond(request, status, headers, sizeof headers - 1, text, strlen(text), 0);
}

/* Decodes "%20" and the like; the length of the result, or -1 where it does not fit. The library has checked the digits. */
static long decode(const char *in, size_t len, char *out, size_t room)
{
    size_t size = 0;
    for (size_t i = 0; i < len; i++, size++) {
        if (size == room)
            return -1;
        char digits[3] = "";
        if (in[i] == '%')
            memcpy(digits, in + i + 1, 2);
        out[size] = *digits ? (char)strtol(digits, NULL, 16) : in[i];
        i += *digits ? 2 : 0;
    }
    return (long)size;
}

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)data, (void)len, (void)kind, (void)user;
    wm_request request = wm_message_request(conn);
    const void *path;
    size_t path_len;
    char name[4096];
    wm_request_path(request, &path, &path_len);
    long size = decode(path, path_len, name, sizeof name - sizeof "index.html");
    if (size > 0 && name[size - 1] == '/') {
        memcpy(name + size, "index.html", strlen("index.html"));
        size += (long)strlen("index.html");
    }
    static const char headers[] = "X-Content-Type-Options: nosniff\r\n";
    int result = size < 0 ? WM_ENOENT
                          : wm_request_respond_file(request, files, name, (size_t)size, headers, sizeof headers - 1, WM_FILE_PRECOMPRESSED);
    if (result == WM_ENOENT || result == WM_EISDIR)
        refuse(request, 404, "not found\n");
    else if (result == WM_EACCES)
        refuse(request, 403, "forbidden\n");
    else if (result == WM_EFULL || result == WM_EMFILE)
        refuse(request, 503, "too many downloads\n");
    else if (result < 0)
        refuse(request, 500, "the file cannot be read\n");
}

int main(int argc, char **argv)
{
    const char *address = "http://0.0.0.0:8080", *directory = ".";
    argc = take_addresses(argc, argv, &address, 1);
    if (argc > 1 && strchr("./", argv[1][0])) {
        directory = argv[1];
        memmove(argv + 1, argv + 2, (size_t)(argc-- - 1) * sizeof *argv);
    }
    files = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (files < 0) {
        perror(directory);
        return 1;
    }
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, address);
    if (!worker) {
        fprintf(stderr, "file_server: %s\n", wm_last_error());
        return 1;
    }
    wm_worker_set_str(worker, "methods", "GET, HEAD");
    wm_worker_on_message(worker, on_message, NULL, NULL);
    return wm_app_main(app, argc, argv);
}
