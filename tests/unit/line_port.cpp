// The inner port with pending results: answers keep the order of the lines.

#include "wm-serve/line_port.h"
#include "wm-serve/push_call.h"
#include "wm/wm.h"

#include <arpa/inet.h>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

extern "C" {
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
}

namespace {

using wm::serve::PushCall;
using wm::serve::PushResult;
using wm::serve::PushTarget;

constexpr int kLines = 10000;

bool is_ok(int number)
{
    return number % 7 != 0;
}
bool wants_json(int number)
{
    return number % 5 == 0;
}
std::string answer_to(int number)
{
    if (wants_json(number))
        return is_ok(number) ? "ok {\"connections\":1}\n" : "fail {\"why\":\"offline\",\"detail\":\"no page of that uid is connected\"}\n";
    return is_ok(number) ? "ok\n" : "fail\n";
}
bool is_late(int number)
{
    return number % 3 == 0;
}

/// Answers two of three lines at once, the others from a timer and the last of them first.
class LateTarget : public PushTarget {
public:
    explicit LateTarget(wm_app *app) : app_(app) {}

    std::atomic<int> delay_ms{5};
    std::atomic<int> lines{0};      ///< that have come
    std::atomic<bool> holds{false}; ///< results come by settle() only

    PushResult push(std::string_view line, PushCall &call) override
    {
        lines++;
        if (line == "notify_end")
            return {PushResult::Kind::kNotifyEnd};
        int number = atoi(std::string(line).c_str());
        if (!is_late(number))
            return result_of(number);
        if (late_.empty() && !holds)
            wm_timer_add(
                app_, delay_ms, 0, [](wm_timer, void *self) { static_cast<LateTarget *>(self)->settle(); }, this, nullptr);
        late_.push_back({number, &call});
        return {PushResult::Kind::kPending};
    }

    void settle()
    {
        std::vector<Late> late;
        late.swap(late_);
        for (size_t i = late.size(); i-- > 0;)
            late[i].call->done(result_of(late[i].number));
    }

private:
    struct Late {
        int number;
        PushCall *call;
    };

    static PushResult result_of(int number)
    {
        return {is_ok(number) ? PushResult::Kind::kOk : PushResult::Kind::kOffline, wants_json(number), false, is_ok(number)};
    }

    wm_app *app_;
    std::vector<Late> late_;
};

int connect_to(const char *address)
{
    sockaddr_in in = {};
    in.sin_family = AF_INET;
    in.sin_port = htons(static_cast<uint16_t>(atoi(strrchr(address, ':') + 1)));
    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, reinterpret_cast<sockaddr *>(&in), sizeof in), 0);
    return fd;
}

std::string exchange(int fd, const std::string &lines)
{
    std::thread writer([fd, &lines] {
        size_t sent = 0;
        while (sent < lines.size()) {
            ssize_t now = send(fd, lines.data() + sent, lines.size() - sent, MSG_NOSIGNAL);
            if (now <= 0)
                break;
            sent += static_cast<size_t>(now);
        }
        shutdown(fd, SHUT_WR);
    });
    std::string out;
    char buffer[65536];
    for (ssize_t got; (got = recv(fd, buffer, sizeof buffer, 0)) > 0;)
        out.append(buffer, static_cast<size_t>(got));
    writer.join();
    return out;
}

struct Port {
    wm_app *app = wm_app_new();
    LateTarget target{app};
    wm_worker *worker = wm_worker_new(app, "text://127.0.0.1:0");
    std::thread thread;

    Port()
    {
        assert_true(wm::serve::setup_line_port(worker, target, 1 << 20));
        assert_int_equal(wm_worker_listen(worker), 0);
        thread = std::thread([this] { wm_app_run(app); });
    }
    ~Port()
    {
        wm_app_stop(app);
        thread.join();
        wm_app_run_once(app, 0); // the app's thread is this one again
        wm_app_free(app);
    }
};

void late_results__answers_stand_in_the_order_of_the_lines(void **)
{
    Port port;
    std::string lines, expected;
    for (int i = 0; i < kLines; i++) {
        lines += std::to_string(i) + "\n";
        expected += answer_to(i);
    }
    // The last line is answered at once, so what is before it must have been.
    int fd = connect_to(wm_worker_address(port.worker));
    std::string answers = exchange(fd, lines);
    close(fd);
    assert_int_equal(answers.size(), expected.size());
    assert_true(answers == expected);
}

void late_results__a_client_that_left_is_no_harm(void **)
{
    Port port;
    for (int i = 0; i < 50; i++) {
        int fd = connect_to(wm_worker_address(port.worker));
        assert_int_equal(send(fd, "0\n3\n1\n", 6, MSG_NOSIGNAL), 6);
        close(fd);
    }
    int fd = connect_to(wm_worker_address(port.worker));
    std::string answers = exchange(fd, "1\n3\n7\n");
    close(fd);
    assert_string_equal(answers.c_str(), "ok\nok\nfail\n");
}

void late_results__reading_pauses_at_a_limit_and_goes_on(void **)
{
    constexpr int kMost = 10000;
    Port port;
    port.target.holds = true;
    std::string lines;
    for (int i = 0; i < 3 * kMost; i++)
        lines += "0\n";
    int fd = connect_to(wm_worker_address(port.worker));
    std::string answers;
    std::thread client([&] { answers = exchange(fd, lines); });
    while (port.target.lines < kMost)
        std::this_thread::yield();
    // Lines of others are answered, and more than one turn goes by.
    for (int i = 0; i < 100; i++) {
        int other = connect_to(wm_worker_address(port.worker));
        assert_string_equal(exchange(other, "1\n").c_str(), "ok\n");
        close(other);
    }
    assert_int_equal(port.target.lines, kMost + 100);
    port.target.holds = false;
    wm_app_post(
        port.app, [](wm_app *, void *target) { static_cast<LateTarget *>(target)->settle(); }, &port.target, nullptr);
    client.join();
    close(fd);
    assert_int_equal(port.target.lines, 3 * kMost + 100);
    assert_int_equal(answers.size(), 3 * kMost * answer_to(0).size());
}

void stop__pending_answers_come_and_then_the_end(void **)
{
    Port port;
    port.target.delay_ms = 300;
    int fd = connect_to(wm_worker_address(port.worker));
    assert_int_equal(send(fd, "notify_end\n0\n3\n1\n", 17, MSG_NOSIGNAL), 17);
    while (port.target.lines < 4)
        std::this_thread::yield();
    wm_app_stop(port.app);
    std::string answers = exchange(fd, "");
    close(fd);
    assert_string_equal(answers.c_str(), ("ok\n" + answer_to(0) + answer_to(3) + answer_to(1) + "end\n").c_str());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(late_results__answers_stand_in_the_order_of_the_lines),
        cmocka_unit_test(late_results__a_client_that_left_is_no_harm),
        cmocka_unit_test(late_results__reading_pauses_at_a_limit_and_goes_on),
        cmocka_unit_test(stop__pending_answers_come_and_then_the_end),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
