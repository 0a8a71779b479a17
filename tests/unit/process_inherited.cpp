// Descriptors by number and name: what WM_FDS and LISTEN_FDS say.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <unistd.h>

#include "process/child_plan.h"
#include "process/inherited.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

using namespace wm;

namespace {

int open_null()
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(fd > 2);
    return fd;
}

void set_listen(const char *pid, const char *count, const char *names)
{
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", count, 1);
    if (names)
        setenv("LISTEN_FDNAMES", names, 1);
    else
        unsetenv("LISTEN_FDNAMES");
}

bool is_close_on_exec(int fd)
{
    return fcntl(fd, F_GETFD) & FD_CLOEXEC;
}

void fds__any_name_comes_back(void **)
{
    int one = open_null(), other = open_null();
    std::vector<NamedFd> fds = {{one, "listen:http://[::1]:80"}, {other, "listen:unix:///a;b%3B%25=c"}};
    std::vector<NamedFd> back = parse_fds(format_fds(fds).c_str());
    assert_int_equal(back.size(), 2);
    for (size_t i = 0; i < back.size(); i++) {
        assert_int_equal(back[i].fd, fds[i].fd);
        assert_string_equal(back[i].name.c_str(), fds[i].name.c_str());
    }
    close(one);
    close(other);
}

void fds__what_is_none_is_left_out(void **)
{
    int fd = open_null();
    close(fd);
    assert_int_equal(parse_fds((std::to_string(fd) + "=closed").c_str()).size(), 0);
    for (const char *text : {"", ";", ";;;", "x", "=", "=name", "0=stdin", "2=stderr", "-1=x", "999999999999=x", "7"})
        assert_int_equal(parse_fds(text).size(), 0);
    assert_int_equal(parse_fds(nullptr).size(), 0);
}

void activation__is_another_process_s(void **)
{
    set_listen("1", "1", nullptr);
    assert_int_equal(activated_fds().size(), 0);
    assert_null(getenv("LISTEN_FDS"));
    assert_null(getenv("LISTEN_PID"));
}

void activation__names_belong_to_descriptors_in_order(void **)
{
    int three = dup2(open_null(), 3), four = dup2(open_null(), 4);
    set_listen(std::to_string(getpid()).c_str(), "2", "web:");
    std::vector<NamedFd> fds = activated_fds();
    assert_int_equal(fds.size(), 2);
    assert_int_equal(fds[0].fd, three);
    assert_string_equal(fds[0].name.c_str(), "web");
    assert_int_equal(fds[1].fd, four);
    assert_string_equal(fds[1].name.c_str(), "");
    assert_true(is_close_on_exec(3) && is_close_on_exec(4));
    assert_null(getenv("LISTEN_FDNAMES"));
}

void activation__a_count_that_is_none_gives_nothing(void **)
{
    for (const char *count : {"", "-5", "0", "x"}) {
        set_listen(std::to_string(getpid()).c_str(), count, "a:b");
        assert_int_equal(activated_fds().size(), 0);
    }
}

void plan__crosses_the_environment_unchanged(void **)
{
    ChildPlan plan;
    plan.place = 3;
    plan.index = 7;
    plan.page = 12;
    plan.master = 4711;
    plan.name = "two words; and %";
    plan.console_level = 2;
    plan.others = 1;
    plan.channel = open_null();
    plan.pages = open_null();
    plan.output = open_null();
    plan.sockets = {{open_null(), "http://127.0.0.1:80", false}, {open_null(), "unix:///x;y", true}};
    plan.access_logs = {{open_null(), "/var/log/a;b=c.log"}};
    for (const std::string &variable : plan.environment())
        setenv(variable.substr(0, variable.find('=')).c_str(), variable.substr(variable.find('=') + 1).c_str(), 1);
    ChildPlan back;
    assert_true(back.from_environment());
    assert_int_equal(back.place, 3);
    assert_int_equal(back.index, 7);
    assert_int_equal(back.page, 12);
    assert_int_equal(back.master, 4711);
    assert_int_equal(back.console_level, 2);
    assert_int_equal(back.others, 1);
    assert_string_equal(back.name.c_str(), plan.name.c_str());
    assert_int_equal(back.channel, plan.channel);
    assert_int_equal(back.pages, plan.pages);
    assert_int_equal(back.output, plan.output);
    assert_int_equal(back.log, -1);
    assert_int_equal(back.sockets.size(), 2);
    assert_string_equal(back.sockets[1].address.c_str(), "unix:///x;y");
    assert_true(back.sockets[1].shared && !back.sockets[0].shared);
    assert_int_equal(back.access_logs.size(), 1);
    assert_int_equal(back.access_logs[0].fd, plan.access_logs[0].fd);
    assert_string_equal(back.access_logs[0].path.c_str(), "/var/log/a;b=c.log");
    assert_null(getenv("WM_FDS"));
    assert_null(getenv("WM_CHILD"));
    assert_false(ChildPlan().from_environment());
}

void plan__an_environment_that_is_none_is_no_child(void **)
{
    for (const char *text : {"", "x", "1 2 3", "1 2 3 4", "a b c d e f"}) {
        setenv("WM_CHILD", text, 1);
        assert_false(ChildPlan().from_environment());
    }
    setenv("WM_CHILD", "0 0 0 1 0 web", 1); // and no channel
    unsetenv("WM_FDS");
    assert_false(ChildPlan().from_environment());
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fds__any_name_comes_back),
        cmocka_unit_test(fds__what_is_none_is_left_out),
        cmocka_unit_test(activation__is_another_process_s),
        cmocka_unit_test(activation__names_belong_to_descriptors_in_order),
        cmocka_unit_test(activation__a_count_that_is_none_gives_nothing),
        cmocka_unit_test(plan__crosses_the_environment_unchanged),
        cmocka_unit_test(plan__an_environment_that_is_none_is_no_child),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
