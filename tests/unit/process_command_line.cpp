// Commands and flags: what is taken, and what is said about what is not.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "core/error.h"
#include "process/command/command_line.h"
#include "process/instance.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using wm::CommandLine;
using wm::Verb;
using Words = std::vector<const char *>;

std::string parse(CommandLine &line, Words words)
{
    words.insert(words.begin(), "chat");
    return line.parse(static_cast<int>(words.size()), words.data()) == 0 ? "" : wm::last_error();
}

CommandLine taken(const Words &words)
{
    CommandLine line;
    assert_string_equal(parse(line, words).c_str(), "");
    return line;
}

void expect_error(const Words &words, const char *expected)
{
    CommandLine line;
    assert_string_equal(parse(line, words).c_str(), expected);
}

void verbs__each_by_its_name(void **)
{
    for (Verb verb : {Verb::kStart, Verb::kStop, Verb::kRestart, Verb::kReload, Verb::kStatus, Verb::kConnections, Verb::kHelp}) {
        CommandLine line = taken({wm::verb_name(verb)});
        assert_true(line.verb == verb);
        assert_false(line.daemon || line.graceful || line.quiet || line.json);
        assert_true(line.name.empty() && line.worker.empty() && line.sort.empty());
    }
    assert_string_equal(wm::verb_name(Verb::kConnections), "connections");
    assert_string_equal(wm::verb_name(Verb::kNone), "");
}

void no_verb__is_no_error(void **)
{
    assert_true(taken({}).verb == Verb::kNone);
    CommandLine line = taken({"-d", "--json", "--worker=x"});
    assert_true(line.verb == Verb::kNone && line.daemon);
    assert_int_equal(line.parse(0, nullptr), 0);
    assert_false(line.daemon);
}

void program_name__is_never_a_command(void **)
{
    const char *const words[] = {"stop", "start"};
    CommandLine line;
    assert_int_equal(line.parse(2, words), 0);
    assert_true(line.verb == Verb::kStart);
}

void flags__before_and_after_the_verb(void **)
{
    for (const Words &words : {Words{"restart", "-d", "-g", "-q"}, Words{"-dgq", "restart"}, Words{"-g", "restart", "-qd"},
                               Words{"--daemon", "--graceful", "restart", "--quiet"}, Words{"restart", "-ddd", "-g", "-g", "-q"}}) {
        CommandLine line = taken(words);
        assert_true(line.verb == Verb::kRestart && line.daemon && line.graceful && line.quiet && !line.json);
    }
}

void flags__forgotten_by_the_next_parse(void **)
{
    CommandLine line = taken({"connections", "--json", "--name", "a", "--worker", "b", "--sort", "cid"});
    assert_true(line.json);
    assert_string_equal(parse(line, {"stop"}).c_str(), "");
    assert_true(line.verb == Verb::kStop && !line.json && line.name.empty() && line.worker.empty() && line.sort.empty());
}

void values__with_a_space_or_an_equals_sign(void **)
{
    for (const Words &words : {Words{"connections", "--name", "chat-2", "--worker", "push er", "--sort", "Send-Q"},
                               Words{"--sort=send-q", "--name=chat-2", "--worker=push er", "connections"}}) {
        CommandLine line = taken(words);
        assert_string_equal(line.name.c_str(), "chat-2");
        assert_string_equal(line.worker.c_str(), "push er");
        assert_string_equal(line.sort.c_str(), "send-q");
    }
    assert_string_equal(taken({"connections", "--worker=-x"}).worker.c_str(), "-x");
    assert_string_equal(taken({"connections", "--worker=a=b"}).worker.c_str(), "a=b");
    // A value that is a command is a value.
    CommandLine line = taken({"stop", "--name", "start"});
    assert_true(line.verb == Verb::kStop && line.name == "start");
}

void help__beside_any_command(void **)
{
    for (const Words &words : {Words{"help"}, Words{"-h"}, Words{"--help"}, Words{"start", "--help"}, Words{"-qh", "stop"},
                               Words{"help", "stop"}, Words{"stop", "help"}, Words{"stop", "--json", "-h"}})
        assert_true(taken(words).verb == Verb::kHelp);
}

void unknown_command__names_the_nearest(void **)
{
    expect_error({"statsu"}, "unknown command 'statsu': did you mean 'status'?");
    expect_error({"strat"}, "unknown command 'strat': did you mean 'start'?");
    expect_error({"STATUS"}, "unknown command 'STATUS': did you mean 'status'?");
    expect_error({"connection"}, "unknown command 'connection': did you mean 'connections'?");
    expect_error({"start", "relaod"}, "unknown command 'relaod': did you mean 'reload'?");
    expect_error({""}, "unknown command '': there are start, stop, restart, reload, status, connections and help");
    expect_error({"-"}, "unknown command '-': there are start, stop, restart, reload, status, connections and help");
    expect_error({"stauts"}, "unknown command 'stauts': did you mean 'status'?");
    expect_error({"logs"}, "unknown command 'logs': there are start, stop, restart, reload, status, connections and help");
    expect_error({"sta\nrt\x1b"}, "unknown command 'sta?rt?': did you mean 'start'?");
}

void unknown_command__of_any_length(void **)
{
    CommandLine line;
    std::string word(100000, 'x');
    std::string error = parse(line, {word.c_str()});
    assert_true(error.starts_with("unknown command 'xxx"));
    assert_true(error.ends_with("...': there are start, stop, restart, reload, status, connections and help"));
}

void second_command__is_an_error(void **)
{
    expect_error({"stop", "start"}, "'start' is a second command after 'stop': one at a time");
    expect_error({"stop", "-g", "stop"}, "'stop' is a second command after 'stop': one at a time");
}

void unknown_flag__names_the_nearest(void **)
{
    expect_error({"status", "--jsno"}, "unknown flag '--jsno': did you mean '--json'?");
    expect_error({"--deamon", "start"}, "unknown flag '--deamon': did you mean '--daemon'?");
    expect_error({"--Sort=cid"}, "unknown flag '--Sort': did you mean '--sort'?");
    expect_error({"start", "--"},
                 "unknown flag '--': there are --daemon, --graceful, --quiet, --help, --json, --name, --worker, --uid and --sort");
    expect_error({"start", "--=x"},
                 "unknown flag '--': there are --daemon, --graceful, --quiet, --help, --json, --name, --worker, --uid and --sort");
}

void unknown_short_flag__names_all(void **)
{
    expect_error({"start", "-x"}, "unknown flag '-x': of one letter there are -d, -g, -q and -h");
    expect_error({"start", "-D"}, "unknown flag '-D': of one letter there are -d, -g, -q and -h");
    expect_error({"start", "-dxq"}, "unknown flag '-x' in '-dxq': of one letter there are -d, -g, -q and -h");
    expect_error({"start", "-d=1"}, "unknown flag '-d=1': of one letter there are -d, -g, -q and -h");
    expect_error({"start", "-\xc3\xa4"}, "unknown flag '-\xc3\xa4': of one letter there are -d, -g, -q and -h");
}

void long_flag_with_one_dash__is_understood(void **)
{
    expect_error({"start", "-daemon"}, "unknown flag '-daemon': did you mean '--daemon'?");
    expect_error({"stop", "-graceful"}, "unknown flag '-graceful': did you mean '--graceful'?");
    expect_error({"stop", "-name=x"}, "unknown flag '-name=x': did you mean '--name'?");
}

void flag_of_another_command__names_its_owners(void **)
{
    expect_error({"stop", "-d"}, "'stop' takes no '-d': it belongs to start, restart and status");
    expect_error({"--daemon", "reload"}, "'reload' takes no '--daemon': it belongs to start, restart and status");
    expect_error({"start", "-gq"}, "'start' takes no '-g': it belongs to stop, restart and reload");
    expect_error({"status", "--graceful"}, "'status' takes no '--graceful': it belongs to stop, restart and reload");
    expect_error({"--json", "start"}, "'start' takes no '--json': it belongs to status and connections");
    expect_error({"connections", "-d"}, "'connections' takes no '-d': it belongs to start, restart and status");
    expect_error({"status", "--worker", "x"}, "'status' takes no '--worker': it belongs to connections");
    expect_error({"status", "--sort=pid"}, "'status' takes no '--sort': it belongs to connections");
}

void status__refreshes_or_is_a_document(void **)
{
    for (const Words &words : {Words{"status", "-d", "--json"}, Words{"--json", "--daemon", "status"}})
        expect_error(words, "'status' takes '-d' or '--json', not both: '-d' fills a screen again and again, '--json' is one document");
    assert_true(taken({"status", "-dq"}).daemon);
    assert_true(taken({"status", "--json"}).json);
}

void value__missing(void **)
{
    expect_error({"stop", "--name"}, "'--name' needs a value: --name NAME");
    expect_error({"stop", "--name="}, "'--name' needs a value: --name NAME");
    expect_error({"stop", "--name", ""}, "'--name' needs a value: --name NAME");
    expect_error({"connections", "--sort"}, "'--sort' needs a value: --sort COLUMN");
    expect_error({"connections", "--worker", "--json"},
                 "'--worker' needs a value: --worker NAME, but '--json' follows; a value with '-' in "
                 "front is written --worker=NAME");
}

void value__where_none_belongs(void **)
{
    expect_error({"start", "--daemon=yes"}, "'--daemon' takes no value: --daemon alone");
    expect_error({"status", "--json="}, "'--json' takes no value: --json alone");
    expect_error({"--help=stop"}, "'--help' takes no value: --help alone");
}

void value__twice(void **)
{
    expect_error({"stop", "--name", "a", "--name=b"}, "'--name' is given twice: one value at a time");
    expect_error({"connections", "--sort=pid", "--sort=pid"}, "'--sort' is given twice: one value at a time");
}

void name__by_its_rule(void **)
{
    const std::string longest(64, 'a'), longer(65, 'a');
    for (const char *name : {"a", "A.b_c-9", "0", "_", "a..b", longest.c_str()})
        assert_string_equal(taken({"stop", "--name", name}).name.c_str(), name);
    for (const std::string name : {"..", ".a", "-a", "a/b", "../x", "a b", "a\n", "\xc3\xa4", "a:b", longer.c_str()}) {
        CommandLine line;
        std::string error = parse(line, {"stop", ("--name=" + name).c_str()});
        assert_true(error.starts_with("'--name': '"));
        assert_true(error.ends_with("' is no name: 1-64 of A-Z a-z 0-9 . _ - that do not begin with '.' or '-'"));
        assert_false(wm::is_app_name(name));
    }
    assert_false(wm::is_app_name(""));
    assert_false(wm::is_app_name(std::string("a\0b", 3)));
}

void sort__by_columns_of_the_listing(void **)
{
    for (const char *column : {"pid", "worker", "cid", "trans", "protocol", "ipv4", "ipv6", "recv-q", "send-q", "bytes-r", "bytes-w",
                               "status", "local", "foreign"}) {
        assert_true(wm::is_sort_column(column));
        assert_string_equal(taken({"connections", "--sort", column}).sort.c_str(), column);
    }
    for (const char *name : {"", "PID", "sendq", "local address", "pid "})
        assert_false(wm::is_sort_column(name));
    expect_error({"connections", "--uid=a\nb"}, "'--uid': 'a?b' has a line break");
    expect_error({"connections", "--sort", "sendq"}, "'--sort': unknown column 'sendq': did you mean 'send-q'?");
    expect_error({"connections", "--sort", "BYTES"}, "'--sort': unknown column 'BYTES': did you mean 'bytes-r'?");
    expect_error({"connections", "--sort=1"},
                 "'--sort': unknown column '1': there are pid, worker, cid, trans, protocol, ipv4, ipv6, recv-q, "
                 "send-q, bytes-r, bytes-w, status, local, foreign and uid");
}

void first_wrong_word__is_reported(void **)
{
    expect_error({"--jsn", "statsu"}, "unknown flag '--jsn': did you mean '--json'?");
    expect_error({"statsu", "--jsn"}, "unknown command 'statsu': did you mean 'status'?");
    expect_error({"--hlep", "--help"}, "unknown flag '--hlep': did you mean '--help'?");
}

void usage__fits_a_screen(void **)
{
    for (const std::string &program : {std::string("/usr/local/bin/chat"), std::string(300, 'x'), std::string()}) {
        std::string text = wm::usage(program);
        size_t lines = 0;
        for (size_t at = 0; at < text.size(); lines++) {
            size_t end = text.find('\n', at);
            assert_true(end != std::string::npos);
            assert_true(end - at <= 79);
            at = end + 1;
        }
        assert_true(lines <= 24);
    }
}

void usage__names_everything(void **)
{
    std::string text = wm::usage("/usr/local/bin/chat");
    assert_true(text.starts_with("usage: chat COMMAND [FLAGS]\n"));
    for (const char *word : {"\n  start ", "\n  stop ", "\n  restart ", "\n  reload ", "\n  status ", "\n  connections ", "-d, --daemon",
                             "-g, --graceful", "-q, --quiet", "-h, --help", "--json", "--name NAME", "--worker NAME", "--uid UID",
                             "--sort COLUMN", "exit codes: 0 done, 1 failed, 2 usage, 3 not running, 4 already running"})
        assert_non_null(strstr(text.c_str(), word));
    assert_true(wm::usage("").starts_with("usage: PROGRAM COMMAND"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(verbs__each_by_its_name),
        cmocka_unit_test(no_verb__is_no_error),
        cmocka_unit_test(program_name__is_never_a_command),
        cmocka_unit_test(flags__before_and_after_the_verb),
        cmocka_unit_test(flags__forgotten_by_the_next_parse),
        cmocka_unit_test(values__with_a_space_or_an_equals_sign),
        cmocka_unit_test(help__beside_any_command),
        cmocka_unit_test(unknown_command__names_the_nearest),
        cmocka_unit_test(unknown_command__of_any_length),
        cmocka_unit_test(second_command__is_an_error),
        cmocka_unit_test(unknown_flag__names_the_nearest),
        cmocka_unit_test(unknown_short_flag__names_all),
        cmocka_unit_test(long_flag_with_one_dash__is_understood),
        cmocka_unit_test(flag_of_another_command__names_its_owners),
        cmocka_unit_test(status__refreshes_or_is_a_document),
        cmocka_unit_test(value__missing),
        cmocka_unit_test(value__where_none_belongs),
        cmocka_unit_test(value__twice),
        cmocka_unit_test(name__by_its_rule),
        cmocka_unit_test(sort__by_columns_of_the_listing),
        cmocka_unit_test(first_wrong_word__is_reported),
        cmocka_unit_test(usage__fits_a_screen),
        cmocka_unit_test(usage__names_everything),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
