// Files are told apart by device and inode.
#include <cerrno>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <unistd.h>

#include "core/fd.h"
#include "core/file_identity.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

using namespace wm;

namespace {

void files__are_equal_by_what_they_are_not_by_name(void **)
{
    char path[] = "/tmp/wm-test-XXXXXX", other[] = "/tmp/wm-test-XXXXXX";
    Fd file(mkstemp(path)), second(mkstemp(other));
    std::string link = std::string(path) + ".link";
    assert_int_equal(symlink(path, link.c_str()), 0);
    assert_true(FileIdentity::of(file.get()) == FileIdentity::of(path));
    assert_false(FileIdentity::of(path) == FileIdentity::of(other));
    assert_false(FileIdentity::of(link) == FileIdentity::of(path));
    assert_true(FileIdentity::of_target(link) == FileIdentity::of(path));
    unlink(link.c_str());
    unlink(path);
    unlink(other);
    assert_true(FileIdentity::of(file.get()).known());
}

void no_file__equals_nothing(void **)
{
    FileIdentity none = FileIdentity::of("/nonexistent/file");
    assert_int_equal(errno, ENOENT);
    assert_false(none.known() || none == FileIdentity());
    assert_false(FileIdentity::of(-1).known());
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files__are_equal_by_what_they_are_not_by_name),
        cmocka_unit_test(no_file__equals_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
