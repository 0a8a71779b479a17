// Names and files of an instance, and the lock that says whether it runs.
#include "instance_rig.h"
#include "process/program.h"

namespace {

std::string name_from(const std::string &program)
{
    return of_program(program).name();
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
    assert_int_equal(name_from(std::string(500, 'x')).size(), 64);
    AppOptions options;
    options.name = "option";
    Instance instance;
    assert_int_equal(instance.resolve(options, "", {"program"}), 0);
    assert_string_equal(instance.name().c_str(), "option");
    assert_non_null(strstr(instance.pid_path().c_str(), "/option.pid"));
    assert_int_equal(instance.resolve(options, "flag", {"program"}), 0);
    assert_string_equal(instance.name().c_str(), "flag");
}

void files__without_a_name_are_named_after_the_program_and_its_place(void **)
{
    Instance one = of_program("/srv/a/start.php"), other = of_program("/srv/b/start.php");
    assert_string_equal(one.name().c_str(), "start.php");
    assert_string_equal(other.name().c_str(), "start.php");
    // Commands of a later version have to find it.
    assert_string_equal(one.pid_path().c_str(), "/run/start.php-52a74dd6.pid");
    assert_string_equal(one.program_file().c_str(), "/run/start.php-52a74dd6.program");
    assert_string_equal(one.socket_path().c_str(), "/run/start.php-52a74dd6.sock");
    assert_string_equal(one.default_log().c_str(), "/run/start.php-52a74dd6.log");
    assert_string_equal(other.pid_path().c_str(), "/run/start.php-0cd55be2.pid");
    Instance named = of_program("/srv/a/start.php", "web");
    assert_string_equal(named.pid_path().c_str(), "/run/web.pid");
    for (const char *same :
         {"/srv//a/start.php", "/srv/./a/start.php", "/srv/x/../a/start.php", "/../srv/a/start.php", "//srv/a/.//start.php"})
        assert_string_equal(of_program(same).pid_path().c_str(), one.pid_path().c_str());
}

void files__of_a_long_name_have_its_beginning_and_the_hash(void **)
{
    Instance one = of_program("/a/" + std::string(200, 'x')), other = of_program("/a/" + std::string(201, 'x'));
    assert_int_equal(one.pid_path().size(), strlen("/run/.pid") + 64);
    assert_true(one.pid_path().starts_with("/run/" + std::string(55, 'x') + "-"));
    assert_string_not_equal(one.pid_path().c_str(), other.pid_path().c_str());
}

void program__in_the_working_directory_has_its_path(void **)
{
    Folder folder;
    Inside inside(folder.path);
    make_file("start.php");
    std::string path = folder / "start.php", above = "../" + path.substr(strlen("/tmp/"));
    for (const std::string &given : {std::string("start.php"), std::string("./start.php"), std::string(".//start.php"), above, path})
        assert_string_equal(program_path(given).c_str(), path.c_str());
}

void program__keeps_the_links_of_its_path(void **)
{
    Folder folder;
    assert_int_equal(mkdir((folder / "old").c_str(), 0700), 0);
    make_file(folder / "old/start.php");
    std::string link = folder / "current", through = link + "/start.php";
    assert_int_equal(symlink("old", link.c_str()), 0);
    {
        Inside inside(link.c_str());
        assert_string_equal(program_path("start.php").c_str(), (folder / "old/start.php").c_str());
        assert_int_equal(setenv("PWD", link.c_str(), 1), 0); // as a shell has it after cd
        assert_string_equal(program_path("start.php").c_str(), through.c_str());
        assert_string_equal(program_path("./start.php").c_str(), through.c_str());
        assert_string_equal(program_path(through).c_str(), through.c_str());
        assert_int_equal(setenv("PWD", "/", 1), 0); // of a parent that did not tell
        assert_string_equal(program_path("start.php").c_str(), (folder / "old/start.php").c_str());
    }
    unlink((folder / "old/start.php").c_str());
    rmdir((folder / "old").c_str());
}

void program__that_is_not_in_the_working_directory_is_the_executable(void **)
{
    Folder folder;
    Inside inside(folder.path);
    std::string executable = this_executable(), file = executable.substr(executable.rfind('/') + 1);
    assert_int_equal(mkdir("directory", 0700), 0);
    for (const char *given : {"", "wm-serve push", "./wm-serve", "none/there", "directory", "."})
        assert_string_equal(program_path(given).c_str(), executable.c_str());
    rmdir("directory");
    make_file(file); // another file than that found in PATH
    assert_string_equal(program_path(file).c_str(), executable.c_str());
    assert_string_equal(program_path("./" + file).c_str(), (folder / file.c_str()).c_str());
    unlink(file.c_str());
    assert_int_equal(symlink(executable.c_str(), file.c_str()), 0); // PATH has "."
    assert_string_equal(program_path(file).c_str(), (folder / file.c_str()).c_str());
}

void name__that_is_no_file_name_is_refused(void **)
{
    for (const char *name : {"../x", "a/b", ".", "..", "-x", "a b", "a\nb"}) {
        Instance instance;
        assert_true(instance.resolve({}, name, {"x"}) != 0 && strstr(last_error(), "A-Z"));
    }
}

void path__that_is_too_long_or_relative_is_an_error(void **)
{
    AppOptions options;
    options.run_dir = "/" + std::string(101, 'x');
    Instance instance;
    assert_true(instance.resolve(options, "name", {"x"}) != 0 && strstr(last_error(), "at most 107"));
    options.run_dir = "relative";
    assert_true(instance.resolve(options, "name", {"x"}) != 0 && strstr(last_error(), "not absolute"));
    options.run_dir = "/run";
    options.pid_file = "relative";
    assert_true(instance.resolve(options, "name", {"x"}) != 0);
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
    assert_int_equal(status.st_mode & 0777, 0600);
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
    make_file(instance.pid_path(), std::to_string(getppid()) + "\n"); // of a process that lives, and is no master
    assert_int_equal(instance.running(), 0);
    assert_true(instance.lock() == Instance::Lock::kTaken);
    assert_true(instance.follows_killed());
    assert_int_equal(in(folder, "a").running(), getpid());
    instance.unlock();
    assert_true(instance.lock() == Instance::Lock::kTaken);
    assert_false(instance.follows_killed());
    instance.unlock();
}

/// As another user does that has the file open for reading.
Fd read_lock(const std::string &path)
{
    Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct flock lock = whole_file(F_RDLCK);
    assert_int_equal(fcntl(fd.get(), F_OFD_SETLK, &lock), 0);
    return fd;
}

void pid_file__of_an_older_version_is_replaced_also_when_it_is_locked_for_reading(void **)
{
    Folder folder;
    for (bool locked : {false, true}) {
        Instance instance = in(folder, "a");
        make_file(instance.pid_path(), "123456789\n");
        assert_int_equal(chmod(instance.pid_path().c_str(), 0644), 0);
        Fd reader(open(instance.pid_path().c_str(), O_RDONLY | O_CLOEXEC));
        Fd lock = locked ? read_lock(instance.pid_path()) : Fd();
        assert_true(instance.lock() == Instance::Lock::kTaken);
        assert_true(instance.follows_killed());
        assert_int_equal(in(folder, "a").running(), getpid());
        assert_true(in(folder, "a").lock() == Instance::Lock::kRunning);
        struct stat status;
        assert_int_equal(stat(instance.pid_path().c_str(), &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        assert_false(FileIdentity::of(reader.get()) == FileIdentity(status)); // a lock on it is in nobody's way
        instance.unlock();
        assert_int_equal(access((instance.pid_path() + ".new").c_str(), F_OK), -1);
    }
}

void pid_file__that_is_a_hard_link_leaves_the_file_alone(void **)
{
    Folder folder;
    Instance instance = in(folder, "a");
    make_file(folder / "treasure", "all of it");
    assert_int_equal(chmod((folder / "treasure").c_str(), 0600), 0);
    assert_int_equal(link((folder / "treasure").c_str(), instance.pid_path().c_str()), 0);
    assert_true(instance.lock() == Instance::Lock::kTaken);
    assert_string_equal(content_of(folder / "treasure").c_str(), "all of it");
    instance.unlock();
    unlink((folder / "treasure").c_str());
}

void restore__makes_a_pid_file_again_and_leaves_that_of_another(void **)
{
    Folder folder;
    Instance mine = in(folder, "a"), other = in(folder, "a");
    assert_true(mine.lock() == Instance::Lock::kTaken);
    assert_true(mine.restore() == Restored::kIntact);
    assert_int_equal(unlink(mine.pid_path().c_str()), 0);
    assert_int_equal(unlink(mine.program_file().c_str()), 0);
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

void pid_file__has_the_pid_and_a_newline(void **)
{
    Folder folder;
    for (const std::string &path : {folder / "a.pid", folder / "elsewhere"}) {
        Instance instance = with_pid_file(path, "x", "a", folder.path);
        make_file(path, "123456789\n/of/a/killed/master\n");
        assert_true(instance.lock() == Instance::Lock::kTaken);
        assert_string_equal(content_of(path).c_str(), (std::to_string(getpid()) + "\n").c_str());
        instance.unlock();
    }
}

void touch__keeps_all_files_young(void **)
{
    Folder folder;
    Instance instance = in(folder, "a");
    assert_true(instance.lock() == Instance::Lock::kTaken);
    make_file(instance.socket_path());
    const struct timespec old[2] = {{1, 0}, {1, 0}};
    for (const std::string &path : {instance.pid_path(), instance.program_file(), instance.socket_path()})
        assert_int_equal(utimensat(AT_FDCWD, path.c_str(), old, 0), 0);
    instance.touch();
    for (const std::string &path : {instance.pid_path(), instance.program_file(), instance.socket_path()}) {
        struct stat status;
        assert_int_equal(stat(path.c_str(), &status), 0);
        assert_true(status.st_mtime > 1);
    }
    instance.unlock();
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
        cmocka_unit_test(files__without_a_name_are_named_after_the_program_and_its_place),
        cmocka_unit_test(files__of_a_long_name_have_its_beginning_and_the_hash),
        cmocka_unit_test(program__in_the_working_directory_has_its_path),
        cmocka_unit_test(program__keeps_the_links_of_its_path),
        cmocka_unit_test(program__that_is_not_in_the_working_directory_is_the_executable),
        cmocka_unit_test(name__that_is_no_file_name_is_refused),
        cmocka_unit_test(path__that_is_too_long_or_relative_is_an_error),
        cmocka_unit_test(lock__is_seen_by_others_and_ends_with_its_holder),
        cmocka_unit_test(pid_file__left_behind_is_no_obstacle),
        cmocka_unit_test(pid_file__of_an_older_version_is_replaced_also_when_it_is_locked_for_reading),
        cmocka_unit_test(pid_file__that_is_a_hard_link_leaves_the_file_alone),
        cmocka_unit_test(restore__makes_a_pid_file_again_and_leaves_that_of_another),
        cmocka_unit_test(pid_file__has_the_pid_and_a_newline),
        cmocka_unit_test(touch__keeps_all_files_young),
        cmocka_unit_test(lock__is_not_held_by_a_child_that_forgot_it),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
