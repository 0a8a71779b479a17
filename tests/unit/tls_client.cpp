// TlsClient: what many clients of one program have in common.
#include "net/tls/tls_client.h"
#include "core/error.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/inotify.h>
#include <unistd.h>

extern "C" {
#include <cmocka.h>
}

namespace {

void load(wm::TlsClient &client)
{
    wm::TlsOptions options;
    options.tls_verify = 1;
    assert_int_equal(client.load({}, options, "a.example"), 0);
    std::unique_ptr<wm::Transport> transport(wm::kTlsClientTransport.make(&client));
    assert_true(transport != nullptr);
}

/// How often the watched file has been opened since the last call.
int opened(int watch)
{
    alignas(struct inotify_event) char events[4096];
    ssize_t len = read(watch, events, sizeof events);
    int count = 0;
    for (ssize_t at = 0; at < len; at += static_cast<ssize_t>(sizeof(struct inotify_event))) // a file has no names behind them
        count += (reinterpret_cast<struct inotify_event *>(events + at)->mask & IN_OPEN) != 0;
    return count;
}

void the_cas_of_the_system_are_read_once_for_many_clients(void **)
{
    char path[] = "/tmp/wm-cas-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    setenv("SSL_CERT_FILE", path, 1);
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    assert_true(inotify_add_watch(watch, path, IN_OPEN | IN_CLOSE_NOWRITE) >= 0); // the second, as equal events become one
    wm::TlsClient clients[3];
    for (wm::TlsClient &client : clients)
        load(client);
    assert_int_equal(opened(watch), 1);
    assert_int_equal(write(file, "#", 1), 1); // it has changed
    for (wm::TlsClient &client : clients)
        load(client);
    assert_int_equal(opened(watch), 1);
    close(watch);
    close(file);
    unlink(path);
    unsetenv("SSL_CERT_FILE");
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cas_of_the_system_are_read_once_for_many_clients),
    };
    return cmocka_run_group_tests_name("tls_client", tests, nullptr, nullptr);
}
