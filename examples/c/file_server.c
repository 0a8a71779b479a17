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

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)data, (void)len, (void)kind, (void)user;
    wm_request request = wm_message_request(conn);
    static const char headers[] = "X-Content-Type-Options: nosniff\r\n", index[] = "index.html";
    const void *path;
    size_t path_len;
    char name[4096];
    int result = wm_request_path_decoded(request, &path, &path_len);
    if (result == 0 && path_len + sizeof index > sizeof name)
        result = WM_ENOENT;
    if (result == 0) {
        memcpy(name, path, path_len);
        if (path_len > 0 && name[path_len - 1] == '/') {
            memcpy(name + path_len, index, sizeof index - 1);
            path_len += sizeof index - 1;
        }
        result = wm_request_respond_file(request, files, name, path_len, headers, sizeof headers - 1, WM_FILE_PRECOMPRESSED);
    }
    if (result == WM_ENOENT || result == WM_EISDIR)
        refuse(request, 404, "not found\n");
    else if (result == WM_EPROTOCOL) /* a %00 */
        refuse(request, 400, "a bad path\n");
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
