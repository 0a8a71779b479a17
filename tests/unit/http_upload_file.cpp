// Files of forms: with a name and without, what is left of them, and what cannot be written.
#include <cerrno>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "session/http/upload_file.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

using namespace wm;

namespace {

struct Directory {
    char path[32] = "/tmp/wm-upload-XXXXXX";
    Directory() { assert_non_null(mkdtemp(path)); }
    ~Directory() { assert_int_equal(rmdir(path), 0); } // nothing is left in it
};

void check_content(UploadFile &file)
{
    char text[16] = {};
    struct stat status;
    assert_true(file.write("some ") && file.write("content") && file.rewind());
    assert_int_equal(file.size(), 12);
    assert_int_equal(read(file.fd(), text, sizeof text), 12);
    assert_string_equal(text, "some content");
    assert_int_equal(fstat(file.fd(), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(fcntl(file.fd(), F_GETFD), FD_CLOEXEC);
}

void file__without_a_name_leaves_nothing(void **)
{
    Directory directory;
    std::unique_ptr<UploadFile> file = UploadFile::make(directory.path);
    assert_non_null(file.get());
    check_content(*file);
}

void file__with_a_name_is_removed(void **)
{
    Directory directory;
    std::unique_ptr<UploadFile> file = UploadFile::make_named(directory.path);
    assert_non_null(file.get());
    check_content(*file);
    std::string path = file->path();
    assert_int_equal(path.rfind(std::string(directory.path) + "/wm-upload.", 0), 0);
    assert_int_equal(access(path.c_str(), F_OK), 0);
    file.reset();
    assert_int_equal(access(path.c_str(), F_OK), -1);
}

void file__that_was_renamed_stays(void **)
{
    Directory directory;
    std::unique_ptr<UploadFile> file = UploadFile::make_named(directory.path);
    std::string taken = std::string(directory.path) + "/taken";
    assert_int_equal(rename(file->path(), taken.c_str()), 0);
    file.reset();
    assert_int_equal(unlink(taken.c_str()), 0);
}

void file__with_one_more_name_stays(void **)
{
    Directory directory;
    std::string taken = std::string(directory.path) + "/taken";
    for (auto make : {UploadFile::make, UploadFile::make_named}) {
        std::unique_ptr<UploadFile> file = make(directory.path);
        assert_true(file->write("content"));
        assert_true(link_file(file->fd(), file->path(), taken.c_str()));
        assert_false(link_file(file->fd(), file->path(), taken.c_str()));
        assert_int_equal(errno, EEXIST);
        file.reset();
        struct stat status;
        assert_int_equal(stat(taken.c_str(), &status), 0);
        assert_true(status.st_size == 7 && status.st_nlink == 1);
        assert_int_equal(unlink(taken.c_str()), 0);
    }
}

void no_directory__is_no_file(void **)
{
    errno = 0;
    assert_null(UploadFile::make("/nonexistent/directory").get());
    assert_int_equal(errno, ENOENT);
    assert_null(UploadFile::make_named("/dev/null").get());
    assert_int_equal(errno, ENOTDIR);
}

void full_disk__fails_the_write(void **)
{
    UploadFile file(Fd(open("/dev/full", O_RDWR | O_CLOEXEC)));
    assert_false(file.write("content"));
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(file.size(), 0);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file__without_a_name_leaves_nothing),
        cmocka_unit_test(file__with_a_name_is_removed),
        cmocka_unit_test(file__that_was_renamed_stays),
        cmocka_unit_test(file__with_one_more_name_stays),
        cmocka_unit_test(no_directory__is_no_file),
        cmocka_unit_test(full_disk__fails_the_write),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
