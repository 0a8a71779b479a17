/* What an embedder writes: a text server and, here, a client of it in the same thread. Exit status 0 when the line came back. */
#include <wm/wm.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker;
    (void)kind;
    (void)user;
    wm_conn_send(conn, data, len, 0);
}

static int connect_to(const char *address)
{
    struct sockaddr_in peer;
    memset(&peer, 0, sizeof peer);
    peer.sin_family = AF_INET;
    peer.sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1));
    peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd >= 0 && connect(fd, (struct sockaddr *)&peer, sizeof peer) == 0 ? fd : -1;
}

int main(void)
{
    if (strcmp(wm_version(), WM_VERSION) != 0)
        return 1;
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, "text://127.0.0.1:0");
    if (worker == NULL || wm_worker_on_message(worker, on_message, NULL, NULL) != 0 || wm_worker_listen(worker) != 0) {
        fprintf(stderr, "%s\n", wm_last_error());
        return 1;
    }
    int fd = connect_to(wm_worker_address(worker));
    if (fd < 0 || send(fd, "hello\n", 6, 0) != 6)
        return 1;
    char line[16];
    ssize_t got = -1;
    /* Each turn waits up to 100 ms; a loopback echo needs three or four. */
    for (int turn = 0; turn < 100 && got <= 0; ++turn) {
        wm_app_run_once(app, 100);
        got = recv(fd, line, sizeof line, MSG_DONTWAIT);
    }
    close(fd);
    wm_app_free(app);
    if (got != 6 || memcmp(line, "hello\n", 6) != 0)
        return 1;
    printf("echo of libwm %s\n", WM_VERSION);
    return 0;
}
