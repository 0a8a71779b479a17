// Wait statuses and signals in words.
#include <csetjmp>
#include <csignal>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "process/report/exit_status.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

void expect(int wait_status, const char *expected)
{
    assert_string_equal(wm::describe_exit(wait_status).c_str(), expected);
}

void exits__by_code(void **)
{
    expect(0, "exited with status 0");
    expect(W_EXITCODE(3, 0), "exited with status 3");
    expect(W_EXITCODE(255, 0), "exited with status 255");
    assert_string_equal(wm::describe_exit(W_EXITCODE(3, 0), true).c_str(), "exited with status 3, as asked");
    assert_string_equal(wm::describe_exit(SIGKILL, true).c_str(), "killed by signal 9 (SIGKILL)");
}

void signals__with_name_and_core(void **)
{
    expect(SIGKILL, "killed by signal 9 (SIGKILL)");
    expect(SIGTERM, "killed by signal 15 (SIGTERM)");
    expect(SIGSEGV | WCOREFLAG, "killed by signal 11 (SIGSEGV), core dumped");
    expect(SIGRTMIN + 3, ("killed by signal " + std::to_string(SIGRTMIN + 3) + " (SIGRTMIN+3)").c_str());
}

void signals__without_name_are_numbers_once(void **)
{
    expect(77, "killed by signal 77");
    expect(126, "killed by signal 126");
}

void no_end__is_named_as_what_it_is(void **)
{
    expect(W_STOPCODE(SIGSTOP), "stopped by signal 19 (SIGSTOP)");
    expect(W_STOPCODE(77), "stopped by signal 77");
    expect(0xffff, "continued");
    expect(0x00ff, "wait status 255");
}

void statuses_of_real_children(void **)
{
    for (int end : {7, -SIGUSR1}) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            if (end < 0)
                raise(-end);
            _exit(end);
        }
        int status = 0;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        expect(status, end < 0 ? "killed by signal 10 (SIGUSR1)" : "exited with status 7");
    }
}

void signal_name__of_every_number(void **)
{
    const struct {
        int number;
        const char *expected;
    } rows[] = {
        {SIGHUP, "SIGHUP"},
        {SIGKILL, "SIGKILL"},
        {SIGABRT, "SIGABRT"},
        {SIGRTMIN, "SIGRTMIN"},
        {SIGRTMIN + 1, "SIGRTMIN+1"},
        {SIGRTMAX, "SIGRTMIN+30"},
        {SIGRTMAX + 1, "signal 65"},
        {32, "signal 32"},
        {0, "signal 0"},
        {-1, "signal -1"},
        {77, "signal 77"},
        {INT32_MAX, "signal 2147483647"},
        {INT32_MIN, "signal -2147483648"},
    };
    for (const auto &row : rows)
        assert_string_equal(wm::signal_name(row.number).c_str(), row.expected);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(exits__by_code),
        cmocka_unit_test(signals__with_name_and_core),
        cmocka_unit_test(signals__without_name_are_numbers_once),
        cmocka_unit_test(no_end__is_named_as_what_it_is),
        cmocka_unit_test(statuses_of_real_children),
        cmocka_unit_test(signal_name__of_every_number),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
