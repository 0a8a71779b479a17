// Files as answers while allocations fail: each answer is the file that was asked for, whole, or its connection ends; no descriptor is
// lost.
#define _GNU_SOURCE
#include "fault/scenes.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FILES = 24, BLOCK = 200 * 1024, PART = 1000, HOLD = 4 };

static struct {
    int all;       /* block n begins with n in decimal, as file n of the directory does */
    int directory; /* -1: those of `all` are the answers */
    char path[32];
    int hold, count;
    wm_request request[HOLD];
} served;

static void make_files(void)
{
    memset(&served, 0, sizeof served);
    strcpy(served.path, "/tmp/wm-sweep-XXXXXX");
    if (!mkdtemp(served.path))
        abort();
    served.directory = open(served.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    served.all = memfd_create("sweep", MFD_CLOEXEC);
    if (served.directory < 0 || served.all < 0 || ftruncate(served.all, (off_t)FILES * BLOCK) != 0)
        abort();
    for (int n = 0; n < FILES; n++) {
        char text[16], name[16];
        int len = snprintf(text, sizeof text, "%d ", n);
        snprintf(name, sizeof name, "%d", n);
        int fd = openat(served.directory, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0 || write(fd, text, (size_t)len) != len || ftruncate(fd, n % 2 ? BLOCK : PART) != 0 ||
            pwrite(served.all, text, (size_t)len, (off_t)n * BLOCK) != len)
            abort();
        close(fd);
    }
}

static void drop_files(void)
{
    for (int n = 0; n < FILES; n++) {
        char name[16];
        snprintf(name, sizeof name, "%d", n);
        unlinkat(served.directory, name, 0);
    }
    rmdir(served.path);
    close(served.directory);
    close(served.all);
}

static int open_files(void)
{
    int count = 0;
    for (int fd = 0; fd < 512; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void answer(struct rig *rig, wm_request request)
{
    static char headers[3000]; /* more than the stack has room for */
    const void *path;
    size_t len;
    if (!rig_ok(rig, wm_request_path(request, &path, &len)))
        return;
    memset(headers, 'x', sizeof headers);
    memcpy(headers, "X-Long: ", 8);
    memcpy(headers + sizeof headers - 2, "\r\n", 2);
    char number[12];
    snprintf(number, sizeof number, "%.*s", (int)len - 1, (const char *)path + 1);
    int n = atoi(number), result;
    size_t headers_len = n % 3 == 0 ? sizeof headers : 0;
    wm_conn conn = wm_request_conn(request);
    if (n % 4 < 2) {
        result = wm_request_respond_file(request, served.directory, path, len, headers, headers_len, WM_FILE_PRECOMPRESSED);
    } else {
        int fd = fcntl(served.all, F_DUPFD_CLOEXEC, 0);
        result =
            wm_request_respond_fd(request, 200, headers, headers_len, fd, (int64_t)n * BLOCK, n % 2 ? BLOCK : PART, WM_FILE_CONDITIONAL);
        if (result < 0)
            close(fd);
    }
    if (!rig_ok(rig, result))
        wm_conn_destroy(conn);
}

static void on_request(struct rig *rig, struct seen *seen, wm_request request)
{
    if (served.hold == 0) {
        answer(rig, request);
        return;
    }
    served.hold--;
    if (rig_ok(rig, wm_request_keep(request)))
        served.request[served.count++] = request;
    else
        wm_conn_destroy(seen->conn);
}

static void ask(struct rig *rig, struct peer *peer, int count)
{
    char text[256];
    for (int i = 0; i < count && peer->seen; i++) {
        int len = snprintf(text, sizeof text, "GET /%u HTTP/1.1\r\nHost: test\r\nAccept-Encoding: br, gzip\r\n\r\n", peer->said++);
        rig_write(rig, peer, text, (size_t)len);
    }
}

void play_files(struct rig *rig)
{
    make_files();
    rig->request = on_request;
    struct peer *witness = rig_connect(rig, 1), *peer = rig_connect(rig, 1), *slow = rig_connect(rig, 1);
    int before = open_files();
    ask(rig, witness, 4);
    rig_hear(rig, witness);
    slow->unread = 1;
    ask(rig, slow, 12); /* more than the sockets hold: they are read as the files before them leave */
    for (int i = 0; i < 10; i++)
        rig_turn(rig);
    served.hold = HOLD;
    ask(rig, peer, HOLD);
    if (peer->seen)
        rig_until(rig, served.hold == 0 || rig_over(peer));
    served.hold = 0; /* the connection may have ended before */
    for (int i = served.count; i-- > 0 && !(peer->seen && peer->seen->closes);)
        answer(rig, served.request[i]);
    rig_hear(rig, peer);
    slow->unread = 0;
    rig_hear(rig, slow);
    ask(rig, witness, 4);
    rig_hear(rig, witness);
    rig_turn(rig);
    int ended = 0;
    for (int i = 0; i < rig->seen_count; i++)
        ended += rig->seen[i].closes;
    if (open_files() > before)
        rig_wrong(rig, "%d descriptors, %d before the answers, and %d connections have ended", open_files(), before, ended);
    drop_files();
}
