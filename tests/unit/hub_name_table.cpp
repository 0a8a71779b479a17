// name -> entry against std::map: any bytes, growth, removal without holes in the probe rows.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "hub/name_table.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;

void random_acts_agree_with_a_map(void **)
{
    NameTable table;
    std::map<std::string, Name *> map;
    std::mt19937 random(5);
    for (int i = 0; i < 60000; i++) {
        std::string uid = "user-" + std::to_string(random() % 3000);
        if (random() % 5 == 0)
            uid = std::string(random() % 255 + 1, static_cast<char>(random()));
        auto known = map.find(uid);
        Name *found = table.find(uid);
        assert_ptr_equal(found, known == map.end() ? nullptr : known->second);
        if (!found) {
            Name *added = table.add(uid);
            assert_non_null(added);
            assert_true(added->text() == uid);
            map[uid] = added;
        } else if (random() % 2) {
            table.remove(found);
            map.erase(known);
        }
        assert_int_equal(table.size(), map.size());
    }
    for (auto &[uid, entry] : map)
        assert_ptr_equal(table.find(uid), entry);
}

void bytes_that_look_alike_are_told_apart(void **)
{
    using namespace std::string_literals;
    NameTable table;
    const std::string uids[] = {"a"s, "a\0"s, "a\0\0"s, "\0a"s, "\0"s, "12345678"s, "123456789"s, "12345678\0"s, "\xff\xfe"s};
    for (const std::string &uid : uids)
        assert_non_null(table.add(uid));
    for (const std::string &uid : uids)
        assert_true(table.find(uid)->text() == uid);
    assert_null(table.find("a\0\0\0"s));
    assert_null(table.find("1234567"s));
}

/// Bits of the hashes of four uids, which the table did not have.
uint64_t tags(NameTable &table)
{
    uint64_t tags = 0;
    for (const char *uid : {"uid1", "uid2", "uid3", "uid4"})
        tags = tags << 16 | table.add(uid)->tag;
    return tags;
}

/// The same in a process that is forked from this one.
uint64_t hash_in_child(NameTable &table)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        uint64_t hash = tags(table);
        _exit(write(ends[1], &hash, sizeof hash) == sizeof hash ? 0 : 1);
    }
    close(ends[1]);
    uint64_t hash = 0;
    assert_int_equal(read(ends[0], &hash, sizeof hash), sizeof hash);
    close(ends[0]);
    waitpid(child, nullptr, 0);
    return hash;
}

void a_table_made_before_a_fork_has_a_secret_of_its_own_in_each_process(void **)
{
    NameTable table;
    uint64_t first = hash_in_child(table), second = hash_in_child(table);
    assert_true(first != second);
    assert_true(tags(table) != first);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(random_acts_agree_with_a_map),
        cmocka_unit_test(bytes_that_look_alike_are_told_apart),
        cmocka_unit_test(a_table_made_before_a_fork_has_a_secret_of_its_own_in_each_process),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
