// The file of a unix socket in a directory of another user, who replaces it at the moment of each call that takes its path.
#include "core/error.h"
#include "core/fd.h"
#include "net/listener.h"

#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include <cmocka.h>
}

using namespace wm;

namespace {

/// Holds a socket's path, and a file elsewhere that nothing may touch.
struct Scene {
    std::string root, path, stolen, treasure;

    Scene()
    {
        char text[] = "/tmp/wm-file-XXXXXX";
        assert_non_null(mkdtemp(text));
        root = text;
        path = root + "/d/s";
        stolen = root + "/d/stolen";
        treasure = root + "/treasure";
        assert_int_equal(mkdir((root + "/d").c_str(), 0755), 0);
        Fd file(open(treasure.c_str(), O_WRONLY | O_CREAT, 0600));
        assert_true(static_cast<bool>(file));
    }
    Scene(const Scene &) = delete;
    Scene &operator=(const Scene &) = delete;
    ~Scene()
    {
        for (const std::string &name : {path, stolen, treasure})
            unlink(name.c_str());
        rmdir((root + "/d").c_str());
        rmdir(root.c_str());
    }

    void steal() const
    {
        unlink(stolen.c_str());
        rename(path.c_str(), stolen.c_str());
        assert_int_equal(symlink(treasure.c_str(), path.c_str()), 0);
    }
    mode_t mode() const
    {
        struct stat status;
        assert_int_equal(stat(treasure.c_str(), &status), 0);
        return status.st_mode & ALLPERMS;
    }
    uid_t owner() const
    {
        struct stat status;
        assert_int_equal(stat(treasure.c_str(), &status), 0);
        return status.st_uid;
    }
};

const Scene *thief = nullptr; ///< steals when a call takes a path
int thefts = 0;

void strike()
{
    if (!thief)
        return;
    thefts++;
    thief->steal();
}

} // namespace

// In place of the C library's, for the library as for the test.

extern "C" int chmod(const char *path, mode_t mode) noexcept
{
    strike();
    return static_cast<int>(syscall(SYS_fchmodat, AT_FDCWD, path, mode));
}

extern "C" int fchownat(int at, const char *path, uid_t uid, gid_t gid, int flags) noexcept
{
    strike();
    return static_cast<int>(syscall(SYS_fchownat, at, path, uid, gid, flags));
}

namespace {

constexpr ListenOptions kOptions = {16, false, false, false, 0666};

Address address_of(const Scene &scene)
{
    Address address;
    assert_int_equal(address.parse(("unix://" + scene.path).c_str()), 0);
    return address;
}

void mode__is_set_on_the_socket_and_never_through_a_link(void **)
{
    Scene scene;
    Listener listener;
    mode_t before = umask(0077); // so that the mode has to be set again
    thefts = 0;
    thief = &scene;
    int result = listener.open(address_of(scene), kOptions);
    thief = nullptr;
    umask(before);
    assert_int_equal(thefts, 1);
    assert_int_equal(result, 0);
    assert_int_equal(scene.mode(), 0600);
    struct stat status;
    assert_int_equal(lstat(scene.stolen.c_str(), &status), 0);
    assert_int_equal(status.st_mode & ALLPERMS, 0666);
    listener.close(); // and what stands there now stays
    assert_int_equal(lstat(scene.path.c_str(), &status), 0);
    assert_true(S_ISLNK(status.st_mode));
}

void owner__is_set_on_the_socket_and_on_nothing_in_its_place(void **)
{
    if (geteuid() != 0)
        return; // only root gives files away
    Scene scene;
    Listener listener;
    assert_int_equal(listener.open(address_of(scene), kOptions), 0);
    thief = &scene;
    assert_int_equal(listener.give_file(65534, 65534), 0);
    thief = nullptr;
    struct stat status;
    assert_int_equal(lstat(scene.stolen.c_str(), &status), 0);
    assert_int_equal(status.st_uid, 65534);
    assert_int_equal(lstat(scene.path.c_str(), &status), 0);
    assert_int_equal(status.st_uid, 0);
    // A hard link to a file of root's, where the kernel lets the thief make one.
    unlink(scene.path.c_str());
    assert_int_equal(link(scene.treasure.c_str(), scene.path.c_str()), 0);
    assert_int_equal(listener.give_file(65534, 65534), WM_EACCES);
    assert_int_equal(scene.owner(), 0);
}

void link__of_another_user_on_the_way_is_not_followed(void **)
{
    if (geteuid() != 0)
        return; // no other user's link can be made
    Scene scene;
    std::string through = scene.root + "/link";
    assert_int_equal(symlink("d", through.c_str()), 0);
    Address address;
    assert_int_equal(address.parse(("unix://" + through + "/s").c_str()), 0);
    Listener own;
    assert_int_equal(own.open(address, kOptions), 0);
    own.close();
    assert_int_equal(access(scene.path.c_str(), F_OK), -1);
    assert_int_equal(lchown(through.c_str(), 65534, 65534), 0);
    Listener other;
    assert_true(other.open(address, kOptions) < 0);
    assert_non_null(strstr(last_error(), "Too many levels of symbolic links"));
    assert_int_equal(access(scene.path.c_str(), F_OK), -1);
    unlink(through.c_str());
}

/// Replaces what is at the path by a link, and that by nothing, as fast as it can.
[[noreturn]] void steal_for_ever(const Scene &scene)
{
    for (;;) {
        unlink(scene.stolen.c_str());
        rename(scene.path.c_str(), scene.stolen.c_str());
        if (symlink(scene.treasure.c_str(), scene.path.c_str()) == 0 || errno == EEXIST)
            unlink(scene.path.c_str());
    }
}

void race__with_a_thief_changes_nothing_elsewhere(void **)
{
    Scene scene;
    mode_t before = umask(0077);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        steal_for_ever(scene);
    int opened = 0;
    for (int i = 0; i < 3000; i++) {
        Listener listener;
        opened += listener.open(address_of(scene), kOptions) == 0;
        listener.give_file(65534, 65534);
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    umask(before);
    assert_true(opened > 0);
    assert_int_equal(scene.mode(), 0600);
    assert_int_equal(scene.owner(), geteuid());
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mode__is_set_on_the_socket_and_never_through_a_link),
        cmocka_unit_test(owner__is_set_on_the_socket_and_on_nothing_in_its_place),
        cmocka_unit_test(link__of_another_user_on_the_way_is_not_followed),
        cmocka_unit_test(race__with_a_thief_changes_nothing_elsewhere),
    };
    return cmocka_run_group_tests_name("net_listener_file", tests, nullptr, nullptr);
}
