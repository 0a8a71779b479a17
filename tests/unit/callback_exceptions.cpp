// A callback in C++ that throws: its connection ends, with its close event; the others and the log stay calm.
#include "wm/wm.h"

#include <arpa/inet.h>
#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <new>
#include <string_view>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

struct Seen {
    int messages = 0;
    int closes = 0;
    int32_t reason = 0;
    int32_t code = 0;
    int lines = 0;
};

void on_message(wm_worker *, wm_conn conn, const void *data, size_t len, int32_t, void *user)
{
    static_cast<Seen *>(user)->messages++;
    if (std::string_view(static_cast<const char *>(data), len) == "throw")
        throw std::bad_alloc();
    wm_conn_send(conn, data, len, 0);
}

void on_close(wm_worker *, wm_conn, int32_t reason, int32_t code, const void *, size_t, void *user)
{
    Seen &seen = *static_cast<Seen *>(user);
    seen.closes++;
    seen.reason = reason;
    seen.code = code;
}

void on_log(int32_t, const void *text, size_t len, void *user)
{
    static_cast<Seen *>(user)->lines +=
        std::string_view(static_cast<const char *>(text), len).find("message callback") != std::string_view::npos;
}

int connect_to(wm_worker *worker)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(atoi(strrchr(wm_worker_address(worker), ':') + 1)));
    assert_int_equal(connect(fd, reinterpret_cast<struct sockaddr *>(&address), sizeof address), 0);
    return fd;
}

void a_message_callback_that_throws_ends_its_connection_alone(void **)
{
    Seen seen;
    wm_log_set(on_log, &seen, nullptr);
    wm_app *app = wm_app_new();
    wm_worker *worker = wm_worker_new(app, "text://127.0.0.1:0");
    assert_int_equal(wm_worker_on_message(worker, on_message, &seen, nullptr), 0);
    assert_int_equal(wm_worker_on_close(worker, on_close, &seen, nullptr), 0);
    assert_int_equal(wm_worker_listen(worker), 0);
    int calm = connect_to(worker);
    for (int ended = 1; ended <= 20; ended++) {
        int fd = connect_to(worker);
        constexpr std::string_view kLines = "throw\nnever delivered\n";
        assert_int_equal(send(fd, kLines.data(), kLines.size(), 0), kLines.size());
        while (seen.closes < ended)
            assert_int_equal(wm_app_run_once(app, 1000), 0);
        assert_int_equal(seen.messages, ended);
        assert_int_equal(seen.reason, WM_REASON_ERROR);
        assert_int_equal(seen.code, ENOMEM);
        close(fd);
    }
    assert_in_range(seen.lines, 1, 2); // one a second
    char got[8];
    assert_int_equal(send(calm, "here\n", 5, 0), 5);
    while (recv(calm, got, sizeof got, MSG_DONTWAIT) != 5)
        assert_int_equal(wm_app_run_once(app, 10), 0);
    assert_memory_equal(got, "here\n", 5);
    close(calm);
    wm_app_free(app);
    wm_log_set(nullptr, nullptr, nullptr);
}

void throw_at(const void *data, size_t len)
{
    if (std::string_view(static_cast<const char *>(data), len).starts_with("throw"))
        throw std::bad_alloc();
}

int64_t input_that_throws(wm_conn, const void *data, size_t len, void *)
{
    throw_at(data, len);
    return static_cast<int64_t>(len);
}

int32_t transform_that_throws(wm_conn, const void *data, size_t len, wm_out *out, void *)
{
    throw_at(data, len);
    return wm_out_write(out, data, len);
}

void a_protocol_callback_that_throws_ends_its_connection_alone(void **)
{
    for (int callback = 0; callback < 2; callback++) {
        Seen seen;
        wm_app *app = wm_app_new();
        wm_protocol *own = wm_protocol_new(app, "own");
        if (callback == 0)
            assert_int_equal(wm_protocol_on_input(own, input_that_throws, nullptr, nullptr), 0);
        else
            assert_int_equal(wm_protocol_set_str(own, "delimiter", "|"), 0);
        if (callback == 1)
            assert_int_equal(wm_protocol_on_decode(own, transform_that_throws, nullptr, nullptr), 0);
        wm_worker *worker = wm_worker_new(app, "own://127.0.0.1:0");
        assert_int_equal(wm_worker_on_message(worker, on_message, &seen, nullptr), 0);
        assert_int_equal(wm_worker_on_close(worker, on_close, &seen, nullptr), 0);
        assert_int_equal(wm_worker_listen(worker), 0);
        int calm = connect_to(worker);
        for (int ended = 1; ended <= 3; ended++) {
            int fd = connect_to(worker);
            assert_int_equal(send(fd, "throw|", 6, 0), 6);
            while (seen.closes < ended)
                assert_int_equal(wm_app_run_once(app, 1000), 0);
            assert_int_equal(seen.reason, WM_REASON_ERROR);
            assert_int_equal(seen.code, ENOMEM);
            close(fd);
        }
        assert_int_equal(seen.messages, 0);
        char got[8];
        assert_int_equal(send(calm, "here|", 5, 0), 5);
        while (recv(calm, got, sizeof got, MSG_DONTWAIT) != 5)
            assert_int_equal(wm_app_run_once(app, 10), 0);
        assert_memory_equal(got, "here|", 5);
        close(calm);
        wm_app_free(app);
    }
}

void an_encode_callback_that_throws_fails_its_send(void **)
{
    wm_app *app = wm_app_new();
    wm_protocol *own = wm_protocol_new(app, "own");
    assert_int_equal(wm_protocol_set_str(own, "delimiter", "|"), 0);
    assert_int_equal(wm_protocol_on_encode(own, transform_that_throws, nullptr, nullptr), 0);
    wm_worker *worker = wm_worker_new(app, "own://127.0.0.1:0");
    assert_int_equal(wm_worker_listen(worker), 0);
    int fds[] = {connect_to(worker), connect_to(worker)};
    while (wm_worker_conn_count(worker) < 2)
        assert_int_equal(wm_app_run_once(app, 1000), 0);
    wm_conn first = wm_worker_next_conn(worker, 0);
    wm_conn second = wm_worker_next_conn(worker, first);
    assert_int_equal(wm_conn_send(first, "throw", 5, 0), WM_EPROTOCOL);
    assert_int_equal(wm_conn_send(first, "a", 1, 0), WM_ECLOSED);
    assert_int_equal(wm_conn_send(second, "a", 1, 0), 0);
    for (int fd : fds)
        close(fd);
    wm_app_free(app);
}

void watch_that_throws(wm_watch, int, int32_t, void *user)
{
    ++*static_cast<int *>(user);
    throw std::bad_alloc();
}

void signal_that_throws(wm_signal, int32_t, void *user)
{
    ++*static_cast<int *>(user);
    throw std::bad_alloc();
}

void watch_and_signal_callbacks_that_throw_leave_the_others_alone(void **)
{
    constexpr int kMany = 4;
    int calls[kMany] = {}, signals[2] = {}, fds[kMany];
    wm_app *app = wm_app_new();
    for (int i = 0; i < kMany; i++) {
        fds[i] = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
        assert_int_not_equal(wm_watch_add(app, fds[i], WM_WATCH_READ, watch_that_throws, &calls[i], nullptr), 0);
    }
    for (int &count : signals)
        assert_int_not_equal(wm_signal_add(app, SIGUSR1, signal_that_throws, &count, nullptr), 0);
    raise(SIGUSR1);
    for (int turn = 0; turn < 3; turn++)
        assert_int_equal(wm_app_run_once(app, 1000), 0);
    for (int count : calls)
        assert_int_equal(count, 3); // still ready, and watched
    for (int count : signals)
        assert_int_equal(count, 1);
    for (int fd : fds)
        close(fd);
    wm_app_free(app);
}

int32_t topic_that_throws(wm_hub *, const void *, size_t, const void *data, size_t len, void *user)
{
    ++*static_cast<int *>(user);
    throw_at(data, len);
    return 0;
}

void take_result(wm_hub *, int32_t status, int64_t receivers, void *user)
{
    assert_int_equal(status, 0);
    static_cast<int64_t *>(user)[0]++;
    static_cast<int64_t *>(user)[1] += receivers;
}

void a_function_of_a_topic_that_throws_does_not_count(void **)
{
    int calls = 0;
    int64_t results[2] = {};
    wm_app *app = wm_app_new();
    wm_hub *hub = wm_hub_new(app);
    assert_int_equal(wm_hub_on_message(hub, "t", 1, topic_that_throws, &calls, nullptr), 0);
    for (const char *text : {"throw", "fine", "throw"})
        assert_int_equal(wm_hub_publish(hub, "t", 1, text, strlen(text), nullptr, take_result, results, nullptr), WM_PENDING);
    while (results[0] < 3)
        assert_int_equal(wm_app_run_once(app, 1000), 0);
    assert_int_equal(calls, 3);
    assert_int_equal(results[1], 1);
    wm_app_free(app);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_message_callback_that_throws_ends_its_connection_alone),
        cmocka_unit_test(a_protocol_callback_that_throws_ends_its_connection_alone),
        cmocka_unit_test(an_encode_callback_that_throws_fails_its_send),
        cmocka_unit_test(watch_and_signal_callbacks_that_throw_leave_the_others_alone),
        cmocka_unit_test(a_function_of_a_topic_that_throws_does_not_count),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
