// The file in memory that carries keys from the master to a child.
#include <cerrno>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

#include "process/key_file.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

wm::TlsBundle bundle()
{
    wm::TlsBundle out;
    out.identities.push_back({"", "/etc/cert.pem", "/etc/key.pem", "CERT", std::string("KEY\0KEY", 7)});
    out.identities.push_back({"b.example", "/etc/b.pem", "/etc/b.pem", "B", "B"});
    out.passphrase = "open sesame";
    out.ca_path = "/etc/ca.pem";
    out.ca = "CA";
    return out;
}

wm::TicketKeys tickets()
{
    wm::TicketKeys out;
    memset(&out, 7, sizeof out);
    return out;
}

void carries_keys_and_tickets(void **)
{
    wm::Fd file = wm::make_key_file(tickets(), bundle());
    assert_true(static_cast<bool>(file));
    for (int i = 0; i < 2; i++) { // readers do not move the offset for each other
        wm::TicketKeys keys;
        wm::TlsBundle got;
        assert_true(wm::read_key_file(file.get(), keys, got));
        wm::TicketKeys wanted = tickets();
        assert_memory_equal(&keys, &wanted, sizeof keys);
        assert_int_equal(got.identities.size(), 2);
        assert_string_equal(got.identities[0].key_path.c_str(), "/etc/key.pem");
        assert_true(got.identities[0].key == std::string("KEY\0KEY", 7));
        assert_string_equal(got.identities[1].name.c_str(), "b.example");
        assert_string_equal(got.passphrase.c_str(), "open sesame");
        assert_string_equal(got.ca.c_str(), "CA");
    }
}

void nobody_can_change_it(void **)
{
    wm::Fd file = wm::make_key_file(tickets(), bundle());
    assert_int_equal(pwrite(file.get(), "x", 1, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(file.get(), 0), -1);
    assert_int_equal(errno, EPERM);
}

void another_file_is_none(void **)
{
    wm::TicketKeys keys;
    wm::TlsBundle got;
    wm::Fd file(memfd_create("other", MFD_CLOEXEC));
    assert_false(wm::read_key_file(file.get(), keys, got));
    char zeros[sizeof keys + 2] = {};
    assert_int_equal(write(file.get(), zeros, sizeof zeros), sizeof zeros);
    assert_false(wm::read_key_file(file.get(), keys, got));
    assert_false(wm::read_key_file(-1, keys, got));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(carries_keys_and_tickets),
        cmocka_unit_test(nobody_can_change_it),
        cmocka_unit_test(another_file_is_none),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
