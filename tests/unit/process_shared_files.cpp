// Files in memory that a child can write to, as the master reads them: a child that lies does it no harm.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <sys/mman.h>
#include <unistd.h>

#include "core/fd.h"
#include "process/connection_file.h"
#include "process/master/status_pages.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

using namespace wm;

namespace {

void pages__cannot_be_taken_from_below_the_master(void **)
{
    StatusPages pages;
    assert_true(pages.open(2));
    assert_int_equal(ftruncate(pages.fd(), 0), -1);
    assert_int_equal(ftruncate(pages.fd(), 1 << 20), -1);
    assert_non_null(StatusPages::map(pages.fd(), 1));
}

/// It would be as much memory of the master's.
void listing__a_hole_is_not_read(void **)
{
    Fd file(memfd_create("test", MFD_CLOEXEC));
    ConnectionRecord record = {};
    record.id = 7;
    ConnectionFileWriter(file.get()).add(record);
    assert_int_equal(read_connections(file.get()).size(), 1);
    assert_int_equal(ftruncate(file.get(), off_t{1} << 50), 0);
    assert_in_range(read_connections(file.get()).size(), 1, (2 << 20) / sizeof record);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages__cannot_be_taken_from_below_the_master),
        cmocka_unit_test(listing__a_hole_is_not_read),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
