// The memory that a process may use, by the files of control groups.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

#include "core/memory_limit.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

using namespace wm;

namespace {

/// A directory with files, removed at its end.
class Root {
public:
    Root()
    {
        char path[] = "/tmp/wm-test-XXXXXX";
        assert_non_null(mkdtemp(path));
        path_ = path;
    }
    Root(const Root &) = delete;
    Root &operator=(const Root &) = delete;
    ~Root() { std::filesystem::remove_all(path_); }

    Root &with(const std::string &file, const std::string &text)
    {
        std::filesystem::path path = path_ + file;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << text;
        return *this;
    }
    int64_t limit() const { return cgroup_memory_limit(path_); }

private:
    std::string path_;
};

constexpr int64_t kNone = INT64_MAX;

void version_2__the_least_limit_of_the_groups_above(void **)
{
    Root root;
    root.with("/proc/self/cgroup", "0::/a/b\n");
    assert_int_equal(root.limit(), kNone);
    root.with("/sys/fs/cgroup/a/b/memory.max", "max\n");
    assert_int_equal(root.limit(), kNone);
    root.with("/sys/fs/cgroup/a/memory.max", "314572800\n");
    assert_int_equal(root.limit(), 314572800);
    root.with("/sys/fs/cgroup/a/b/memory.max", "1048576\n");
    assert_int_equal(root.limit(), 1048576);
    root.with("/sys/fs/cgroup/memory.max", "4096\n");
    assert_int_equal(root.limit(), 4096);
}

void version_2__in_a_container_the_group_is_the_root(void **)
{
    Root root;
    root.with("/proc/self/cgroup", "0::/\n").with("/sys/fs/cgroup/memory.max", "1000\n");
    assert_int_equal(root.limit(), 1000);
    root.with("/proc/self/cgroup", "0::/../outside\n");
    assert_int_equal(root.limit(), 1000);
}

void version_1__the_controller_memory_alone(void **)
{
    Root root;
    root.with("/proc/self/cgroup", "5:cpu,cpuacct:/c\n4:memory:/m/n\n0::/\n").with("/sys/fs/cgroup/memory/c/memory.limit_in_bytes", "1\n");
    assert_int_equal(root.limit(), kNone);
    root.with("/sys/fs/cgroup/memory/m/n/memory.limit_in_bytes", "9223372036854771712\n");
    assert_int_equal(root.limit(), 9223372036854771712);
    root.with("/sys/fs/cgroup/memory/m/memory.limit_in_bytes", "2000\n");
    assert_int_equal(root.limit(), 2000);
}

void files__that_say_nothing_are_no_limit(void **)
{
    Root root;
    assert_int_equal(root.limit(), kNone);
    root.with("/proc/self/cgroup", "nothing\n0:\n::\n0::no slash\n").with("/sys/fs/cgroup/memory.max", "");
    assert_int_equal(root.limit(), kNone);
    for (const char *text : {"0\n", "-5\n", "12x\n", "x\n", "99999999999999999999999\n"}) {
        root.with("/sys/fs/cgroup/memory.max", text);
        assert_int_equal(root.limit(), kNone);
    }
}

void process__has_some_memory(void **)
{
    assert_true(memory_limit() > 1 << 20);
    assert_true(memory_limit() <= int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGE_SIZE));
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_2__the_least_limit_of_the_groups_above),
        cmocka_unit_test(version_2__in_a_container_the_group_is_the_root),
        cmocka_unit_test(version_1__the_controller_memory_alone),
        cmocka_unit_test(files__that_say_nothing_are_no_limit),
        cmocka_unit_test(process__has_some_memory),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
