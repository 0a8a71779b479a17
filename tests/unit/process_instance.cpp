// Names and files of an instance, the place of its program, and the lock that says whether it runs.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "core/error.h"
#include "process/instance.h"
#include "process/program.h"
#include "process/running_list.h"

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
        DIR *directory = opendir(path);
        while (const struct dirent *entry = directory ? readdir(directory) : nullptr)
            unlink((path + std::string("/") + entry->d_name).c_str());
        if (directory)
            closedir(directory);
        rmdir(path);
    }
    std::string operator/(const char *name) const { return path + std::string("/") + name; }
};

/// Works in a directory, as a shell that has no PWD there.
struct Inside {
    int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    explicit Inside(const char *path)
    {
        unsetenv("PWD");
        assert_int_equal(chdir(path), 0);
    }
    Inside(const Inside &) = delete;
    Inside &operator=(const Inside &) = delete;
    ~Inside()
    {
        unsetenv("PWD");
        assert_int_equal(fchdir(before), 0);
        close(before);
    }
};

void make_file(const std::string &path, const std::string &content = "")
{
    FILE *file = fopen(path.c_str(), "w");
    assert_non_null(file);
    fputs(content.c_str(), file);
    fclose(file);
}

std::string content_of(const std::string &path)
{
    char text[8192];
    FILE *file = fopen(path.c_str(), "r");
    assert_non_null(file);
    std::string out(text, fread(text, 1, sizeof text, file));
    fclose(file);
    return out;
}

std::string this_executable()
{
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path);
    assert_true(len > 0);
    return std::string(path, static_cast<size_t>(len));
}

Instance of_program(const std::string &program, const std::string &name = "", const std::string &run_dir = "/run")
{
    AppOptions options;
    options.run_dir = run_dir;
    Instance instance;
    assert_int_equal(instance.resolve(options, name, {program, "start", "-d"}), 0);
    return instance;
}

std::string name_from(const std::string &program)
{
    return of_program(program).name();
}

Instance in(const Folder &folder, const char *name)
{
    return of_program("x", name, folder.path);
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

/// of_program() with option pid_file.
Instance with_pid_file(const std::string &pid_file, const std::string &program, const std::string &name, const std::string &run_dir)
{
    AppOptions options;
    options.run_dir = run_dir;
    options.pid_file = pid_file;
    Instance instance;
    assert_int_equal(instance.resolve(options, name, {program, "start", "-d"}), 0);
    return instance;
}

void program_file__of_a_pid_file_elsewhere_is_named_after_that(void **)
{
    Instance one = with_pid_file("/srv/my.pid", "/srv/a/start.php", "", "/run");
    assert_string_equal(one.pid_path().c_str(), "/srv/my.pid");
    assert_string_equal(one.program_file().c_str(), "/run/my.pid-f1b8e23c.program");
    assert_string_equal(one.socket_path().c_str(), "/run/start.php-52a74dd6.sock");
    assert_string_equal(with_pid_file("/srv/my.pid", "x", "web", "/run").program_file().c_str(), one.program_file().c_str());
    assert_string_not_equal(with_pid_file("/run/my.pid", "x", "web", "/run").program_file().c_str(), one.program_file().c_str());
    assert_string_equal(with_pid_file("/run/web.pid", "x", "web", "/run").program_file().c_str(), "/run/web.program");
    std::string path = with_pid_file("/srv/" + std::string(250, 'x'), "x", "web", "/run").program_file();
    assert_int_equal(path.size(), strlen("/run/.program") + 64);
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

void program_file__says_which_program_holds_the_pid_file(void **)
{
    Folder folder;
    Instance instance = of_program("/srv/a b/\n\x1b\\ü\xff.php", "a", folder.path);
    mode_t mask = umask(0777);
    assert_true(instance.lock() == Instance::Lock::kTaken);
    umask(mask);
    std::string wanted = "/srv/a b/\\x0a\\x1b\\x5cü\\xff.php\n/srv/a b/\\x0a\\x1b\\x5cü\\xff.php start -d\n";
    assert_string_equal(content_of(instance.program_file()).c_str(), wanted.c_str());
    struct stat status;
    assert_int_equal(lstat(instance.program_file().c_str(), &status), 0);
    assert_int_equal(status.st_mode, S_IFREG | 0644);
    Holder holder = of_program("x", "a", folder.path).holder();
    assert_int_equal(holder.pid, getpid());
    assert_string_equal(holder.program.c_str(), "/srv/a b/\\x0a\\x1b\\x5cü\\xff.php");
    instance.unlock();
    assert_int_equal(access(instance.program_file().c_str(), F_OK), -1);
    assert_int_equal(rmdir(folder.path), 0); // nothing is left
}

void program_file__is_bounded(void **)
{
    std::string text = program_text("/x", std::vector<std::string>(5000, std::string(5000, '\n')));
    assert_int_equal(text.size(), strlen("/x\n") + 1024 + strlen("...\n"));
    Folder folder;
    Instance instance = of_program("/" + std::string(100000, '\1'), "a", folder.path);
    assert_int_equal(instance.program().size(), kMaxProgram);
    assert_true(instance.lock() == Instance::Lock::kTaken);
    assert_string_equal(instance.holder().program.c_str(), instance.program().c_str());
    instance.unlock();
}

void program_file__that_cannot_be_read_says_nothing(void **)
{
    Folder folder;
    Instance instance = of_program("/srv/a/start.php", "a", folder.path);
    std::string path = instance.program_file();
    assert_true(instance.lock() == Instance::Lock::kTaken);
    make_file(path, "/\x1b[2Jx\n"); // of a peer, shown as such
    assert_string_equal(instance.holder().program.c_str(), "/?[2Jx");
    make_file(path, "/no/line");
    assert_string_equal(instance.holder().program.c_str(), "");
    assert_int_equal(unlink(path.c_str()), 0);
    for (int kind = 0; kind < 3; kind++) {
        if (kind == 1)
            assert_int_equal(mkfifo(path.c_str(), 0644), 0);
        if (kind == 2) {
            make_file(folder / "other", "/srv/b/start.php\n\n");
            assert_int_equal(symlink("other", path.c_str()), 0);
        }
        Holder holder = instance.holder();
        assert_int_equal(holder.pid, getpid());
        assert_string_equal(holder.program.c_str(), "");
        assert_string_equal(of_program("/srv/b/start.php", "a", folder.path).other_program(holder, true).c_str(), "");
        unlink(path.c_str());
    }
    instance.unlock();
}

void program_file__left_behind_or_a_link_is_replaced(void **)
{
    Folder folder;
    Instance instance = of_program("/srv/a/start.php", "a", folder.path);
    std::string path = instance.program_file(), victim = folder / "victim";
    make_file(victim, "precious");
    for (bool link : {false, true}) {
        for (const std::string &each : {path, path + ".new"}) {
            if (link)
                assert_int_equal(symlink("victim", each.c_str()), 0);
            else
                make_file(each, "/srv/b/start.php\nstart\n");
        }
        assert_int_equal(instance.holder().pid, 0);
        assert_true(instance.lock() == Instance::Lock::kTaken);
        assert_string_equal(content_of(path).c_str(), "/srv/a/start.php\n/srv/a/start.php start -d\n");
        assert_int_equal(access((path + ".new").c_str(), F_OK), -1);
        instance.unlock();
    }
    assert_string_equal(content_of(victim).c_str(), "precious");
}

void program_file__that_cannot_be_written_is_an_error(void **)
{
    Folder folder;
    Instance instance = in(folder, "a");
    assert_int_equal(mkdir(instance.program_file().c_str(), 0700), 0);
    assert_true(instance.lock() == Instance::Lock::kFailed);
    assert_non_null(strstr(last_error(), ("cannot write the program file " + instance.program_file() + ": Is a directory").c_str()));
    assert_int_equal(rmdir(instance.program_file().c_str()), 0);
    assert_int_equal(rmdir(folder.path), 0); // nothing is left
}

void program_file__is_made_again_and_that_of_another_is_left(void **)
{
    Folder folder, elsewhere;
    for (const std::string &pid_file : {folder / "a.pid", elsewhere / "a.pid"}) {
        Instance mine = with_pid_file(pid_file, "/srv/a/start.php", "a", folder.path),
                 other = with_pid_file(pid_file, "x", "a", folder.path);
        assert_true(mine.lock() == Instance::Lock::kTaken);
        unlink(mine.program_file().c_str());
        assert_true(mine.restore() == Restored::kIntact);
        assert_string_equal(other.holder().program.c_str(), "/srv/a/start.php");
        unlink(mine.program_file().c_str());
        unlink((folder / "a.pid").c_str());
        assert_int_equal(rmdir(folder.path), 0);
        assert_true(mine.restore() == (pid_file == folder / "a.pid" ? Restored::kMadeAgain : Restored::kIntact));
        assert_string_equal(other.holder().program.c_str(), "/srv/a/start.php");
        unlink(pid_file.c_str());
        assert_true(other.lock() == Instance::Lock::kTaken);
        assert_true(mine.restore() == Restored::kLost);
        mine.unlock();
        assert_string_equal(mine.holder().program.c_str(), other.program().c_str());
        other.unlock();
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

void other_program__is_named_with_both_paths(void **)
{
    Folder folder;
    Instance instance = of_program("/srv/a/start.php", "web", folder.path);
    assert_true(instance.lock() == Instance::Lock::kTaken);
    Holder holder = instance.holder();
    assert_string_equal(of_program("/srv/x/../a/start.php", "web").other_program(holder, true).c_str(), "");
    std::string text = of_program("/srv/b/start.php", "web").other_program(holder, false);
    std::string wanted = "the name belongs to /srv/a/start.php (pid " + std::to_string(getpid()) +
                         "), and this is /srv/b/start.php: nothing was done; --name tells them apart";
    assert_string_equal(text.c_str(), wanted.c_str());
    assert_string_equal(of_program("/srv/b/start.php", "web").other_program(Holder(), true).c_str(), "");
    instance.unlock();
    std::string path = folder / "my";
    instance = with_pid_file(path, "/srv/a/start.php", "", folder.path);
    assert_true(instance.lock() == Instance::Lock::kTaken);
    Instance other = with_pid_file(path, "/srv/b/start.php", "", folder.path);
    text = other.other_program(other.holder(), false);
    assert_true(text.starts_with("the pid file " + path + " is held by /srv/a/start.php (pid "));
    assert_non_null(strstr(text.c_str(), ", and this is /srv/b/start.php: nothing was done; each program needs a pid_file of its own"));
    instance.unlock();
}

void other_program__is_reached_by_a_name_with_its_hash_and_not_replaced(void **)
{
    Holder holder;
    holder.pid = 1;
    holder.program = "/srv/a/start.php";
    Instance other = of_program("/srv/b/start.php", "start.php-52a74dd6");
    assert_string_equal(other.other_program(holder, false).c_str(), "");
    assert_string_not_equal(other.other_program(holder, true).c_str(), "");
    assert_string_not_equal(of_program("/srv/b/start.php", "start.php-0cd55be2").other_program(holder, false).c_str(), "");
    AppOptions options;
    options.name = "start.php-52a74dd6";
    Instance by_option;
    assert_int_equal(by_option.resolve(options, "", {"/srv/b/start.php"}), 0);
    assert_string_not_equal(by_option.other_program(holder, false).c_str(), "");
}

void list__has_the_others_of_the_same_file_name(void **)
{
    Folder folder;
    Instance mine = of_program("/srv/a/start.php", "", folder.path), other = of_program("/srv/b/start.php", "", folder.path);
    Instance named = of_program("/srv/a/start.php", "web", folder.path), unlike = of_program("/srv/a/stop.php", "", folder.path);
    assert_string_equal(list_running(mine).c_str(), "");
    for (Instance *instance : {&mine, &named, &unlike})
        assert_true(instance->lock() == Instance::Lock::kTaken);
    make_file(other.pid_path(), std::to_string(getpid()) + "\n"); // of a killed master: not locked
    make_file(other.program_file(), "/srv/b/start.php\nstart\n");
    std::string pid = " (pid " + std::to_string(getpid()) + "): --name ", head = "running instances of start.php:\n";
    assert_string_equal(list_running(mine).c_str(), (head + "  /srv/a/start.php" + pid + "web\n").c_str());
    assert_true(other.lock() == Instance::Lock::kTaken);
    std::string first = "  /srv/a/start.php" + pid + "start.php-52a74dd6\n", second = "  /srv/b/start.php" + pid + "start.php-0cd55be2\n";
    assert_string_equal(list_running(named).c_str(), (head + first + second).c_str());
    for (Instance *instance : {&mine, &other, &named, &unlike})
        instance->unlock();
}

void list__is_short(void **)
{
    Folder folder;
    std::vector<Instance> running;
    for (int i = 0; i < 12; i++) {
        running.push_back(of_program("/srv/a/start.php", "n" + std::to_string(i), folder.path));
        assert_true(running.back().lock() == Instance::Lock::kTaken);
    }
    std::string text = list_running(of_program("/srv/a/start.php", "", folder.path));
    assert_true(text.ends_with("--name n7\n  and 2 more\n"));
    for (Instance &instance : running)
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
        cmocka_unit_test(restore__makes_a_pid_file_again_and_leaves_that_of_another),
        cmocka_unit_test(program_file__of_a_pid_file_elsewhere_is_named_after_that),
        cmocka_unit_test(pid_file__has_the_pid_and_a_newline),
        cmocka_unit_test(program_file__says_which_program_holds_the_pid_file),
        cmocka_unit_test(program_file__is_bounded),
        cmocka_unit_test(program_file__that_cannot_be_read_says_nothing),
        cmocka_unit_test(program_file__left_behind_or_a_link_is_replaced),
        cmocka_unit_test(program_file__that_cannot_be_written_is_an_error),
        cmocka_unit_test(program_file__is_made_again_and_that_of_another_is_left),
        cmocka_unit_test(touch__keeps_all_files_young),
        cmocka_unit_test(other_program__is_named_with_both_paths),
        cmocka_unit_test(other_program__is_reached_by_a_name_with_its_hash_and_not_replaced),
        cmocka_unit_test(list__has_the_others_of_the_same_file_name),
        cmocka_unit_test(list__is_short),
        cmocka_unit_test(lock__is_not_held_by_a_child_that_forgot_it),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
