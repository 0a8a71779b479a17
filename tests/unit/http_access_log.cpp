// How lines get into the file of an access log, and what becomes of them when it takes none.
#include "session/http/access_log.h"

#include "core/append_file.h"
#include "core/log.h"

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
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;

std::vector<std::string> warnings;

struct Rig {
    std::string folder;
    std::string path;

    Rig()
    {
        char name[] = "/tmp/wm-access-XXXXXX";
        folder = mkdtemp(name);
        path = folder + "/access.log";
        warnings.clear();
        set_log([](int32_t, const void *text, size_t len, void *) { warnings.emplace_back(static_cast<const char *>(text), len); }, nullptr,
                nullptr);
    }
    ~Rig()
    {
        set_log(nullptr, nullptr, nullptr);
        remove(path.c_str());
        remove((path + ".1").c_str());
        rmdir(folder.c_str());
    }
    AccessLog open() const { return {path, open_append(path)}; }
    std::string text(const char *behind = "") const
    {
        std::string out;
        FILE *file = fopen((path + behind).c_str(), "r");
        assert_non_null(file);
        char part[4096];
        for (size_t got; (got = fread(part, 1, sizeof part, file)) > 0;)
            out.append(part, got);
        fclose(file);
        return out;
    }
};

std::string line(char c, size_t size = 1000)
{
    return std::string(size - 1, c) + "\n";
}

void lines__wait_for_a_second_and_leave_at_once(void **)
{
    Rig rig;
    AccessLog log = rig.open();
    assert_true(log.due_ms() == Loop::kNever);
    log.add("one\n", 5000);
    log.add("two\n", 5900);
    assert_int_equal(log.due_ms(), 5000 + AccessLog::kHoldMs);
    assert_string_equal(rig.text().c_str(), "");
    log.flush(6000);
    assert_string_equal(rig.text().c_str(), "one\ntwo\n");
    assert_true(log.due_ms() == Loop::kNever);
}

void lines__leave_when_the_buffer_is_full_and_stay_whole_between_two_writers(void **)
{
    Rig rig;
    AccessLog one = rig.open(), other = rig.open();
    std::string sum;
    for (int i = 0; i < 200; i++) {
        one.add(line('a', 3001), 0);
        other.add(line('b', 2003), 0);
    }
    one.flush(0);
    other.flush(0);
    std::string text = rig.text();
    assert_int_equal(text.size(), 200 * (3001 + 2003));
    for (size_t at = 0; at < text.size();) {
        size_t end = text.find('\n', at);
        assert_true(text.substr(at, end + 1 - at) == (text[at] == 'a' ? line('a', 3001) : line('b', 2003)));
        at = end + 1;
    }
    assert_true(warnings.empty());
}

void reopen__writes_what_waits_into_the_old_file(void **)
{
    Rig rig;
    AccessLog log = rig.open();
    log.add("old\n", 0);
    assert_int_equal(rename(rig.path.c_str(), (rig.path + ".1").c_str()), 0);
    log.reopen(open_append(rig.path), 0);
    log.add("new\n", 0);
    log.close(0);
    assert_string_equal(rig.text(".1").c_str(), "old\n");
    assert_string_equal(rig.text().c_str(), "new\n");
}

void set_file_limit(rlim_t most)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = most;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

// As on a full disk: a write takes a part of the lines, and the next one nothing. It raises SIGXFSZ, which would end the test.
void full_file__keeps_the_lines_and_loses_what_the_buffer_has_no_room_for(void **)
{
    Rig rig;
    AccessLog log = rig.open();
    set_file_limit(2500);
    for (char c : {'a', 'b', 'c'})
        log.add(line(c), 0);
    log.flush(0);
    assert_int_equal(log.due_ms(), AccessLog::kRetryMs);
    assert_int_equal(warnings.size(), 1);
    assert_non_null(strstr(warnings[0].c_str(), rig.path.c_str()));
    size_t added = 0;
    for (; added < 100; added++)
        log.add(line('d'), 1); // some of them have room behind the one that waits
    log.flush(200);
    assert_int_equal(warnings.size(), 1); // not again, for a minute
    set_file_limit(RLIM_INFINITY);
    log.flush(300);
    size_t kept = AccessLog::kBuffer / 1000 - 1; // the third waits, too
    std::string expected = line('a') + line('b') + std::string(500, 'c') + "\n" + line('c');
    for (size_t i = 0; i < kept; i++)
        expected += line('d');
    assert_true(rig.text() == expected);
    log.flush(AccessLog::kWarnMs);
    assert_int_equal(warnings.size(), 2);
    std::string lost = std::to_string(added - kept) + " lines of the access log";
    assert_true(warnings[1].starts_with(lost));
}

struct Pipe {
    explicit Pipe(const Rig &rig)
    {
        assert_int_equal(mkfifo(rig.path.c_str(), 0600), 0);
        assert_true(open_append(rig.path).get() < 0); // there is no reader
        reader = open(rig.path.c_str(), O_RDONLY | O_NONBLOCK);
        fcntl(reader, F_SETPIPE_SZ, 4096);
    }
    std::string read_all() const
    {
        std::string out(1 << 20, '\0');
        ssize_t got = read(reader, out.data(), out.size());
        out.resize(got > 0 ? static_cast<size_t>(got) : 0);
        return out;
    }
    int reader;
};

void pipe__with_a_slow_reader_gets_whole_lines_and_never_blocks(void **)
{
    Rig rig;
    Pipe pipe(rig);
    AccessLog log = rig.open();
    for (int i = 0; i < 20; i++)
        log.add(line('p'), 0);
    log.flush(0);
    assert_int_equal(log.due_ms(), AccessLog::kRetryMs);
    assert_true(warnings.empty()); // nothing is lost
    std::string all;
    for (int i = 0; i < 20 && all.size() < 20000; i++) {
        all += pipe.read_all();
        assert_true(all.ends_with("\n"));
        log.flush(i);
    }
    all += pipe.read_all();
    assert_int_equal(all.size(), 20000);
    assert_true(log.due_ms() == Loop::kNever);
    close(pipe.reader);
}

void pipe__without_its_reader_costs_lines_and_no_process(void **)
{
    Rig rig;
    Pipe pipe(rig);
    AccessLog log = rig.open();
    close(pipe.reader);
    log.add("x\n", 0);
    log.flush(0); // SIGPIPE would end the test
    assert_int_equal(warnings.size(), 1);
    assert_non_null(strstr(warnings[0].c_str(), "Broken pipe"));
    log.close(1);
    assert_int_equal(warnings.size(), 2);
    assert_true(warnings[1].starts_with("1 lines of the access log"));
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines__wait_for_a_second_and_leave_at_once),
        cmocka_unit_test(lines__leave_when_the_buffer_is_full_and_stay_whole_between_two_writers),
        cmocka_unit_test(reopen__writes_what_waits_into_the_old_file),
        cmocka_unit_test(full_file__keeps_the_lines_and_loses_what_the_buffer_has_no_room_for),
        cmocka_unit_test(pipe__with_a_slow_reader_gets_whole_lines_and_never_blocks),
        cmocka_unit_test(pipe__without_its_reader_costs_lines_and_no_process),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
