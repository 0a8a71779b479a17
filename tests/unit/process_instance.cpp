// Names and files of an instance, and the lock that says whether it runs.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "process/instance.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

using namespace wm;

namespace {

struct Folder {
    char path[64] = "/tmp/wm-instance-XXXXXX";
    Folder() { assert_non_null(mkdtemp(path)); }
    ~Folder()
    {
        for (const char *name : {"/a.pid", "/b.pid"})
            unlink((path + std::string(name)).c_str());
        rmdir(path);
    }
};

std::string name_from(const char *program)
{
    Instance instance;
    assert_int_equal(instance.resolve({}, "", program), 0);
    return instance.name();
}

Instance in(const Folder &folder, const char *name)
{
    AppOptions options;
    options.run_dir = folder.path;
    Instance instance;
    assert_int_equal(instance.resolve(options, name, "x"), 0);
    return instance;
}

void name__comes_from_the_program_where_nothing_else_says_one(void **)
{
    assert_string_equal(name_from("/usr/bin/my-server").c_str(), "my-server");
    assert_string_equal(name_from("push.php").c_str(), "push.php");
    assert_string_equal(name_from("wm-serve push").c_str(), "wm-serve_push");
    assert_string_equal(name_from("").c_str(), "wm");
    assert_string_equal(name_from("/bin/").c_str(), "wm");
    assert_string_equal(name_from(".hidden").c_str(), "wm.hidden");
    assert_string_equal(name_from("-").c_str(), "wm-");
    assert_int_equal(name_from(std::string(500, 'x').c_str()).size(), 64);
    AppOptions options;
    options.name = "option";
    Instance instance;
    assert_int_equal(instance.resolve(options, "", "program"), 0);
    assert_string_equal(instance.name().c_str(), "option");
    assert_int_equal(instance.resolve(options, "flag", "program"), 0);
    assert_string_equal(instance.name().c_str(), "flag");
}

void name__that_is_no_file_name_is_refused(void **)
{
    for (const char *name : {"../x", "a/b", ".", "..", "-x", "a b", "a\nb"}) {
        Instance instance;
        assert_true(instance.resolve({}, name, "x") != 0 && strstr(last_error(), "A-Z"));
    }
}

void path__that_is_too_long_or_relative_is_an_error(void **)
{
    AppOptions options;
    options.run_dir = "/" + std::string(101, 'x');
    Instance instance;
    assert_true(instance.resolve(options, "name", "x") != 0 && strstr(last_error(), "at most 107"));
    options.run_dir = "relative";
    assert_true(instance.resolve(options, "name", "x") != 0 && strstr(last_error(), "not absolute"));
    options.run_dir = "/run";
    options.pid_file = "relative";
    assert_true(instance.resolve(options, "name", "x") != 0);
    assert_string_equal(last_error(), "pid_file 'relative' is not absolute");
}

void lock__is_seen_by_others_and_ends_with_its_holder(void **)
{
    Folder folder;
    Instance mine = in(folder, "a"), other = in(folder, "a"), beside = in(folder, "b");
    assert_int_equal(mine.running(), 0);
    assert_true(mine.lock() == Instance::Lock::kTaken);
    assert_int_equal(other.running(), getpid());
    assert_true(other.lock() == Instance::Lock::kRunning);
    assert_int_equal(beside.running(), 0);
    assert_true(beside.lock() == Instance::Lock::kTaken);
    struct stat status;
    assert_int_equal(stat(mine.pid_path().c_str(), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0644);
    mine.unlock();
    assert_int_equal(other.running(), 0);
    assert_int_equal(access(mine.pid_path().c_str(), F_OK), -1);
    assert_true(other.lock() == Instance::Lock::kTaken);
    beside.unlock();
    other.unlock();
}

void pid_file__left_behind_is_no_obstacle(void **)
{
    Folder folder;
    Instance instance = in(folder, "a");
    FILE *file = fopen(instance.pid_path().c_str(), "w");
    assert_non_null(file);
    fprintf(file, "%d\n", static_cast<int>(getppid())); // of a process that lives, and is no master
    fclose(file);
    assert_int_equal(instance.running(), 0);
    assert_true(instance.lock() == Instance::Lock::kTaken);
    assert_true(instance.follows_killed());
    assert_int_equal(in(folder, "a").running(), getpid());
    instance.unlock();
    assert_true(instance.lock() == Instance::Lock::kTaken);
    assert_false(instance.follows_killed());
    instance.unlock();
}

void restore__makes_a_pid_file_again_and_leaves_that_of_another(void **)
{
    Folder folder;
    Instance mine = in(folder, "a"), other = in(folder, "a");
    assert_true(mine.lock() == Instance::Lock::kTaken);
    assert_true(mine.restore() == Restored::kIntact);
    assert_int_equal(unlink(mine.pid_path().c_str()), 0);
    assert_int_equal(rmdir(folder.path), 0);
    assert_int_equal(other.running(), 0);
    assert_true(mine.restore() == Restored::kMadeAgain);
    assert_int_equal(other.running(), getpid());
    assert_true(other.lock() == Instance::Lock::kRunning);
    assert_int_equal(unlink(mine.pid_path().c_str()), 0);
    assert_true(other.lock() == Instance::Lock::kTaken);
    assert_true(mine.restore() == Restored::kLost);
    assert_non_null(strstr(last_error(), "another process"));
    mine.unlock();
    assert_true(other.restore() == Restored::kIntact);
    other.unlock();
}

/// A child that has let go of its copy does not hold the lock for a master that has died.
void lock__is_not_held_by_a_child_that_forgot_it(void **)
{
    Folder folder;
    Instance instance = in(folder, "a");
    int go[2];
    assert_int_equal(pipe(go), 0);
    pid_t master = fork();
    if (master == 0) {
        if (instance.lock() != Instance::Lock::kTaken)
            _exit(1);
        if (fork() == 0) {
            instance.forget();
            char byte;
            close(go[1]);
            ssize_t got = read(go[0], &byte, 1);
            _exit(got < 0);
        }
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(master, &status, 0), master);
    assert_int_equal(status, 0);
    for (int i = 0; i < 5000 && instance.running() != 0; i++)
        usleep(1000); // the child may not have come to it yet
    assert_int_equal(instance.running(), 0);
    close(go[0]);
    close(go[1]);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name__comes_from_the_program_where_nothing_else_says_one),
        cmocka_unit_test(name__that_is_no_file_name_is_refused),
        cmocka_unit_test(path__that_is_too_long_or_relative_is_an_error),
        cmocka_unit_test(lock__is_seen_by_others_and_ends_with_its_holder),
        cmocka_unit_test(pid_file__left_behind_is_no_obstacle),
        cmocka_unit_test(restore__makes_a_pid_file_again_and_leaves_that_of_another),
        cmocka_unit_test(lock__is_not_held_by_a_child_that_forgot_it),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
