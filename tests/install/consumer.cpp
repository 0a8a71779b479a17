// The same from C++: a lambda without captures is a callback, state travels in `user`.
#include <wm/wm.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

int main()
{
    if (std::strcmp(wm_version(), WM_VERSION) != 0)
        return 1;
    std::unique_ptr<wm_app, void (*)(wm_app *)> app(wm_app_new(), wm_app_free);
    wm_worker *worker = wm_worker_new(app.get(), "text://127.0.0.1:0");
    if (worker == nullptr)
        return 1;
    std::string heard;
    wm_worker_on_message(
        worker,
        [](wm_worker *, wm_conn conn, const void *data, size_t len, int32_t, void *user) {
            static_cast<std::string *>(user)->assign(static_cast<const char *>(data), len);
            wm_conn_send(conn, data, len, 0);
        },
        &heard, nullptr);
    if (wm_worker_listen(worker) != 0)
        return 1;

    sockaddr_in peer{};
    peer.sin_family = AF_INET;
    peer.sin_port = htons(static_cast<uint16_t>(std::atoi(std::strrchr(wm_worker_address(worker), ':') + 1)));
    peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, reinterpret_cast<sockaddr *>(&peer), sizeof peer) != 0 || send(fd, "hello\n", 6, 0) != 6)
        return 1;
    char line[16];
    ssize_t got = -1;
    for (int turn = 0; turn < 100 && got <= 0; ++turn) {
        wm_app_run_once(app.get(), 100);
        got = recv(fd, line, sizeof line, MSG_DONTWAIT);
    }
    close(fd);
    if (got != 6 || std::memcmp(line, "hello\n", 6) != 0 || heard != "hello")
        return 1;
    std::printf("echo of libwm %s\n", wm_version());
    return 0;
}
