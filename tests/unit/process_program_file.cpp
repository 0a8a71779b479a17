// What a master says of its program: the file beside its socket, refusals of another program's, and the list of those that run.
#include "instance_rig.h"
#include "process/running_list.h"

namespace {

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

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(program_file__of_a_pid_file_elsewhere_is_named_after_that),
        cmocka_unit_test(program_file__says_which_program_holds_the_pid_file),
        cmocka_unit_test(program_file__is_bounded),
        cmocka_unit_test(program_file__that_cannot_be_read_says_nothing),
        cmocka_unit_test(program_file__left_behind_or_a_link_is_replaced),
        cmocka_unit_test(program_file__that_cannot_be_written_is_an_error),
        cmocka_unit_test(program_file__is_made_again_and_that_of_another_is_left),
        cmocka_unit_test(other_program__is_named_with_both_paths),
        cmocka_unit_test(other_program__is_reached_by_a_name_with_its_hash_and_not_replaced),
        cmocka_unit_test(list__has_the_others_of_the_same_file_name),
        cmocka_unit_test(list__is_short),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
