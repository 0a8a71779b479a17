// What the master keeps of the sockets that a child sends up, and what it refuses: a child's word is not trusted.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "process/master/socket_store.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

using namespace wm;

namespace {

constexpr size_t kSlot = 3;
constexpr pid_t kOld = 100, kNew = 200;
const Identity kSame;

int listening()
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(listen(fd, 5), 0); // binds to a port of its own
    return fd;
}

int listening_at(const std::string &path)
{
    struct sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, reinterpret_cast<const struct sockaddr *>(&address), sizeof address), 0);
    assert_int_equal(listen(fd, 5), 0);
    return fd;
}

bool exists(const std::string &path)
{
    struct stat status;
    return lstat(path.c_str(), &status) == 0;
}

struct Folder {
    std::string path;
    Folder()
    {
        char name[] = "/tmp/wm-store-XXXXXX";
        assert_non_null(mkdtemp(name));
        path = name;
    }
    ~Folder()
    {
        std::string command = "rm -r " + path;
        assert_int_equal(system(command.c_str()), 0);
    }
};

size_t kept(const SocketStore &store)
{
    return store.kept_for(kSlot, nullptr).size();
}

/// Bound at DIRECTORY/a/file, which leads to DIRECTORY/b/file from then on.
int bound_elsewhere(const Folder &folder)
{
    assert_int_equal(mkdir((folder.path + "/a").c_str(), 0755), 0);
    assert_int_equal(mkdir((folder.path + "/b").c_str(), 0755), 0);
    int fd = listening_at(folder.path + "/a/file");
    assert_int_equal(rename((folder.path + "/a").c_str(), (folder.path + "/c").c_str()), 0);
    assert_int_equal(symlink("b", (folder.path + "/a").c_str()), 0);
    return fd;
}

void keep__what_does_not_listen_is_refused(void **)
{
    SocketStore store;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    close(fds[1]);
    assert_false(store.keep(kSlot, "http://a:1", Fd(fds[0]), kOld, kSame));
    assert_int_equal(fcntl(fds[0], F_GETFD), -1);
    assert_false(store.keep(kSlot, "http://a:1", Fd(socket(AF_INET, SOCK_DGRAM, 0)), kOld, kSame));
    assert_false(store.keep(kSlot, "http://a:1", Fd(socket(AF_INET, SOCK_STREAM, 0)), kOld, kSame));
    assert_int_equal(kept(store), 0);
}

void keep__an_address_that_is_none_is_refused(void **)
{
    SocketStore store;
    assert_false(store.keep(kSlot, std::string("http://a\0:1", 11), Fd(listening()), kOld, kSame));
    assert_false(store.keep(kSlot, std::string(2048, 'a'), Fd(listening()), kOld, kSame));
    assert_int_equal(kept(store), 0);
}

void keep__there_is_an_end_to_it(void **)
{
    SocketStore store;
    int fd = listening();
    assert_true(store.keep(kSlot, "http://a:1", Fd(dup(fd)), kOld, kSame));
    assert_false(store.keep(kSlot, "http://a:1", Fd(fd), kOld, kSame)); // the same once more
    int more = 0;
    while (more < 1000 && store.keep(kSlot, "http://a:1", Fd(listening()), kOld, kSame))
        more++;
    assert_int_equal(kept(store), 128);
    assert_true(store.keep(kSlot + 1, "http://a:1", Fd(listening()), kOld, kSame)); // another slot's are counted by themselves
}

void file__goes_with_its_socket(void **)
{
    Folder folder;
    SocketStore store;
    assert_true(store.keep(kSlot, "unix://" + folder.path + "/file", Fd(listening_at(folder.path + "/file")), kOld, kSame));
    store.close_unadopted(kSlot, kNew);
    assert_int_equal(kept(store), 0);
    assert_false(exists(folder.path + "/file"));
}

/// The process has removed it, and what stands there now may be its next.
void file__of_a_listener_that_its_process_has_closed_stays(void **)
{
    Folder folder;
    SocketStore store;
    int fd = listening_at(folder.path + "/file");
    uint64_t id = socket_id(fd);
    assert_true(store.keep(kSlot, "unix://" + folder.path + "/file", Fd(fd), kOld, kSame));
    store.close(kSlot, id, kOld);
    assert_int_equal(kept(store), 0);
    assert_true(exists(folder.path + "/file"));
}

void file__that_is_no_socket_stays(void **)
{
    Folder folder;
    SocketStore store;
    int fd = bound_elsewhere(folder);
    uint64_t id = socket_id(fd);
    close(open((folder.path + "/b/file").c_str(), O_CREAT | O_WRONLY, 0600));
    store.keep(kSlot, "unix:///x", Fd(fd), kOld, kSame);
    store.close(kSlot, id, kOld);
    assert_true(exists(folder.path + "/b/file"));
}

/// As root, which may all: the process's own rights are what counts.
void file__that_the_process_may_not_remove_stays(void **)
{
    if (geteuid() != 0)
        return;
    Folder folder;
    SocketStore store;
    Identity nobody;
    nobody.changes = true;
    nobody.uid = nobody.gid = 65534;
    int fd = bound_elsewhere(folder);
    uint64_t id = socket_id(fd);
    Fd other(listening_at(folder.path + "/b/file"));
    store.keep(kSlot, "unix:///x", Fd(fd), kOld, nobody);
    store.close(kSlot, id, kOld);
    assert_true(exists(folder.path + "/b/file"));
    assert_int_equal(unlink((folder.path + "/b/file").c_str()), 0); // with the rights that it had before
}

void unlisten__of_the_old_process_is_not_the_successor_s(void **)
{
    SocketStore store;
    int fd = listening();
    uint64_t id = socket_id(fd);
    store.keep(kSlot, "http://a:1", Fd(fd), kOld, kSame);
    store.adopted(kSlot, id, kNew);
    store.close(kSlot, id, kOld);
    assert_int_equal(kept(store), 1);
    store.close(kSlot, id, kNew);
    assert_int_equal(kept(store), 0);
}

void successor__that_fails_leaves_what_the_old_one_has(void **)
{
    SocketStore store;
    int old = listening();
    uint64_t id = socket_id(old);
    store.keep(kSlot, "http://a:1", Fd(old), kOld, kSame);
    store.adopted(kSlot, id, kNew);
    store.keep(kSlot, "http://a:2", Fd(listening()), kNew, kSame); // no process accepts from it
    store.give_back(kSlot, kNew, kOld);
    std::vector<KeptSocket> left = store.kept_for(kSlot, nullptr);
    assert_int_equal(left.size(), 1);
    assert_string_equal(left[0].address.c_str(), "http://a:1");
    store.close(kSlot, id, kOld);
    assert_int_equal(kept(store), 0);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keep__what_does_not_listen_is_refused),
        cmocka_unit_test(keep__an_address_that_is_none_is_refused),
        cmocka_unit_test(keep__there_is_an_end_to_it),
        cmocka_unit_test(file__goes_with_its_socket),
        cmocka_unit_test(file__of_a_listener_that_its_process_has_closed_stays),
        cmocka_unit_test(file__that_is_no_socket_stays),
        cmocka_unit_test(file__that_the_process_may_not_remove_stays),
        cmocka_unit_test(unlisten__of_the_old_process_is_not_the_successor_s),
        cmocka_unit_test(successor__that_fails_leaves_what_the_old_one_has),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
