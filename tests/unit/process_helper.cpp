// The library's own programs: which file is run, and what it gets of the process that starts it.
#include "process/helper.h"

#include <cerrno>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

constexpr const char *kName = "wm-hub";
constexpr uid_t kOther = 12345;

int exit_code_of(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/// A copy of this program as it would be installed, with a helper.
struct Installation {
    Installation()
    {
        char name[] = "/tmp/wm-helper-XXXXXX";
        assert_non_null(mkdtemp(name));
        root = name;
        std::filesystem::create_directories(root / "bin");
        std::filesystem::create_directories(root / "libexec/wm");
        std::filesystem::copy_file("/proc/self/exe", root / "bin/program");
        std::filesystem::copy_file("/bin/true", folder() / kName);
        for (const auto &path : {folder(), folder() / kName})
            assert_int_equal(chmod(path.c_str(), 0755), 0);
    }
    ~Installation() { std::filesystem::remove_all(root); }

    std::filesystem::path folder() const { return root / "libexec/wm"; }
    bool finds() const
    {
        pid_t child = fork();
        if (child == 0) {
            execl((root / "bin/program").c_str(), "program", "find", nullptr);
            _exit(2);
        }
        int code = exit_code_of(child);
        assert_int_not_equal(code, 2);
        return code == 0;
    }

    std::filesystem::path root;
};

void a_helper_that_others_can_write_is_not_run(void **)
{
    Installation installed;
    assert_true(installed.finds());
    for (const auto &path : {installed.folder(), installed.folder() / kName})
        for (mode_t mode : {mode_t{0775}, mode_t{0757}}) {
            assert_int_equal(chmod(path.c_str(), mode), 0);
            assert_false(installed.finds());
            assert_int_equal(chmod(path.c_str(), 0755), 0);
        }
    assert_true(installed.finds());
    assert_int_equal(chmod((installed.folder() / kName).c_str(), 0644), 0);
    assert_false(installed.finds());
}

void a_helper_of_another_user_is_not_run(void **)
{
    if (geteuid() != 0)
        skip();
    Installation installed;
    for (const auto &path : {installed.folder(), installed.folder() / kName}) {
        assert_int_equal(chown(path.c_str(), kOther, kOther), 0);
        assert_false(installed.finds());
        assert_int_equal(chown(path.c_str(), 0, 0), 0);
    }
    assert_true(installed.finds());
    for (const auto &path : {installed.root / "bin/program", installed.folder() / kName})
        assert_int_equal(chown(path.c_str(), kOther, kOther), 0);
    assert_true(installed.finds()); // of who owns the code
}

/// As an older kernel does, or the filter of a container.
void refuse_close_range()
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof program / sizeof *program, program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0)
        _exit(3);
}

void run_helper(bool refused)
{
    pid_t child = fork();
    if (child == 0) {
        int fd = open("/dev/null", O_RDONLY);
        if (dup2(fd, 40) != 40 || dup2(fd, 41) != 41)
            _exit(4);
        if (refused)
            refuse_close_range();
        const char *script = "test ! -e /proc/self/fd/40 && test -e /proc/self/fd/41 && test \"$A$TZ\" = bUTC";
        wm::exec_helper("/bin/sh", {"sh", "-c", script}, {"A=b"}, {41});
        _exit(5);
    }
    assert_int_equal(exit_code_of(child), 0);
}

void a_helper_gets_what_it_is_given_alone(void **)
{
    setenv("TZ", "UTC", 1);
    run_helper(false);
    run_helper(true);
}

} // namespace

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "find") == 0)
        return wm::find_helper(kName).empty() ? 1 : 0;
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_helper_that_others_can_write_is_not_run),
        cmocka_unit_test(a_helper_of_another_user_is_not_run),
        cmocka_unit_test(a_helper_gets_what_it_is_given_alone),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
