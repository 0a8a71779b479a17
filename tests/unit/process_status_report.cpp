// The output of status.
#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <csignal>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string>
#include <sys/wait.h>

#include "process/report/status_report.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using wm::PageState;
using wm::RowState;
using wm::status_json;
using wm::status_text;

wm::ProcessFacts process(pid_t pid, const char *worker, const char *address)
{
    wm::ProcessFacts out;
    out.pid = pid;
    out.worker = worker;
    out.state = PageState::kServing;
    out.rss_bytes = 6731857; // 6.42 MiB
    out.listeners = {{worker, address, RowState::kListening, 0, 0, 0}};
    out.workers = 1;
    return out;
}

wm::StatusFacts chat()
{
    wm::StatusFacts facts;
    facts.name = "chat";
    facts.version = "0.2.0";
    facts.loop = "epoll, libevent 2.1.12-stable";
    facts.system = "Linux 6.1.0";
    facts.master = 18690;
    facts.daemon = true;
    facts.started_unix = 1795384075; // 2026-11-22 21:47:55 UTC
    facts.uptime_s = 3 * 86400 + 5 * 3600 + 59;
    facts.load[0] = 0.06;
    facts.load[1] = 0.21;
    facts.load[2] = 12.5;
    facts.workers = 2;
    facts.exits = {{"pusher", SIGKILL, 1}, {"pusher", 3 << 8, 12}};
    facts.processes = {process(18692, "pusher", "websocket://0.0.0.0:14236"), process(18693, "web", "http://0.0.0.0:8080")};
    wm::ProcessFacts &pusher = facts.processes[0];
    pusher.connections = 3;
    pusher.send_fail = 1;
    pusher.timers = 2;
    pusher.requests = 40;
    pusher.qps = 2.25;
    pusher.listeners[0].connections = 2;
    pusher.listeners[0].requests = 30;
    pusher.listeners[0].shed = 7;
    pusher.listeners.push_back({"push", "text://127.0.0.1:14237", RowState::kListening, 1, 10, 0});
    pusher.workers = 2;
    facts.processes[1].index = 1;
    facts.processes[1].requests = 2;
    facts.processes[1].qps = 120.4;
    return facts;
}

bool contains(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

/// The line that begins with `start`, without its end.
std::string line_of(const std::string &text, const std::string &start)
{
    size_t at = ("\n" + text).find("\n" + start);
    assert_true(at != std::string::npos);
    return text.substr(at, text.find('\n', at) - at);
}

/// The status column of one process.
std::string status_of(const wm::ProcessFacts &facts)
{
    wm::StatusFacts all;
    all.processes = {facts};
    std::string line = line_of(status_text(all), facts.pid == 0 ? "- " : std::to_string(facts.pid));
    return line.substr(line.find('['));
}

void text__whole(void **)
{
    assert_string_equal(
        status_text(chat()).c_str(),
        R"(---------------------------------------------------GLOBAL STATUS---------------------------------------------------
libwm/0.2.0    epoll, libevent 2.1.12-stable    Linux 6.1.0
name chat   master 18690   DAEMON mode
start time:2026-11-22 21:47:55 +0000   run 3 days 5 hours   load average: 0.06, 0.21, 12.50
2 workers    2 processes
name    exit_status                   exit_count
pusher  killed by signal 9 (SIGKILL)  1
pusher  exited with status 3          12
web     0                             0
--------------------------------------------------PROCESS STATUS---------------------------------------------------
pid      memory  listening                  name    connections  send_fail  timers  total_request  qps  status
18692    6.42M   websocket://0.0.0.0:14236  pusher  3            1          2       40             2.2  [idle]
 \_      -       text://127.0.0.1:14237     push    1            -          -       10             -    [listening]
18693    6.42M   http://0.0.0.0:8080        web     0            0          0       2              120  [idle]
--------------------------------------------------PROCESS STATUS---------------------------------------------------
Summary  12.84M  -                          -       3            1          2       42             123  [Summary]
)");
}

void text__of_nothing_known(void **)
{
    std::string text = status_text({});
    assert_true(contains(text, "\nlibwm/-    -    -\n"));
    assert_true(contains(text, "\nname -   master -   foreground mode\n"));
    assert_true(contains(text, "\nstart time:-   run 0 days 0 hours   load average: 0.00, 0.00, 0.00\n"));
    assert_true(contains(text, "\n0 workers    0 processes\n"));
    assert_string_equal(line_of(text, "Summary").c_str(),
                        "Summary  -       -          -     0            0          0       0              0    [Summary]");
}

void text__impossible_numbers(void **)
{
    wm::StatusFacts facts = chat();
    facts.load[0] = -1;
    facts.load[1] = NAN;
    facts.uptime_s = -5;
    facts.started_unix = INT64_MAX;
    facts.processes[0].qps = NAN;
    facts.processes[0].requests = UINT64_MAX - 2;
    std::string text = status_text(facts);
    assert_true(contains(text, "start time:-   run 0 days 0 hours   load average: -, -, 12.50\n"));
    assert_true(contains(line_of(text, "18692"), "18446744073709551613  -    [idle]"));
    assert_true(contains(line_of(text, "Summary"), "18446744073709551615  120  [Summary]"));
}

void text__names_do_not_break_lines(void **)
{
    wm::StatusFacts facts = chat();
    facts.name = "ch\nat";
    facts.processes[0].worker = "pu\x1b[31msher";
    facts.processes[0].listeners[0].address = "unix:///run/a\r\n.sock";
    std::string text = status_text(facts);
    assert_true(contains(text, "name ch?at "));
    assert_true(contains(line_of(text, "18692"), " unix:///run/a??.sock "));
    assert_true(contains(line_of(text, "18692"), " pu?[31msher "));
}

void text__long_names_are_whole(void **)
{
    wm::StatusFacts facts = chat();
    std::string path = "unix:///" + std::string(100, 'x');
    facts.processes[1].listeners[0].address = path;
    facts.processes[1].worker = std::string(60, 'w');
    std::string line = line_of(status_text(facts), "18693");
    assert_true(contains(line, "  " + path + "  " + std::string(60, 'w') + "  "));
}

void exits__of_workers_with_and_without_processes(void **)
{
    wm::StatusFacts facts = chat();
    facts.exits.push_back({"gone", SIGSEGV | WCOREFLAG, 7});
    facts.exits.push_back({"gone", 0, 5, true});
    facts.processes.push_back(facts.processes[1]);
    std::string text = status_text(facts);
    assert_true(contains(text, "\nweb     0                                           0\n"
                               "gone    killed by signal 11 (SIGSEGV), core dumped  7\n"
                               "gone    exited with status 0, as asked              5\n-"));
    assert_true(contains(status_json(facts), R"("status":"exited with status 0","code":0,"signal":null,"asked":true,"count":5})"));
}

void certificates__have_their_end_and_what_is_to_be_done(void **)
{
    wm::StatusFacts facts = chat();
    constexpr int64_t kDay = 86400;
    facts.certificates = {{"web", "/etc/web.pem", 1801440000, 20 * kDay, ""},
                          {"web", "/etc/b.pem", 1801440000, 0, ""},
                          {"pusher", "/etc/p.pem", 1801440000, kDay, "key /etc/p.key: Permission denied"}};
    assert_true(contains(status_text(facts), "\nname    certificate   valid_until                status\n"
                                             "web     /etc/web.pem  2027-02-01 00:00:00 +0000  [20 days left]\n"
                                             "web     /etc/b.pem    2027-02-01 00:00:00 +0000  [has ended]\n"
                                             "pusher  /etc/p.pem    2027-02-01 00:00:00 +0000  "
                                             "[the new one is not in use: key /etc/p.key: Permission denied]\n-"));
    facts.certificates.erase(facts.certificates.begin() + 1);
    assert_true(contains(status_json(facts), R"("certificates":[{"worker":"web","path":"/etc/web.pem","end_unix":1801440000,"error":null},)"
                                             R"({"worker":"pusher","path":"/etc/p.pem","end_unix":1801440000,)"
                                             R"("error":"key /etc/p.key: Permission denied"}],"processes":[)"));
}

void status__by_state(void **)
{
    const struct {
        PageState state;
        int64_t busy_ms;
        bool stopped;
        const char *expected;
    } rows[] = {
        {PageState::kServing, 0, false, "[idle]"},
        {PageState::kServing, wm::kBusyMs, false, "[idle]"},
        {PageState::kServing, wm::kBusyMs + 1, false, "[busy 1s]"},
        {PageState::kServing, 12999, false, "[busy 12s]"},
        {PageState::kServing, 12999, true, "[stopped]"},
        {PageState::kFree, 0, false, "[starting]"},
        {PageState::kStarting, 0, false, "[starting]"},
        {PageState::kStarting, 5000, false, "[starting] [busy 5s]"},
        {PageState::kDraining, 0, false, "[draining]"},
        {PageState::kDraining, 5000, false, "[draining] [busy 5s]"},
        {PageState::kStopping, 0, false, "[stopping]"},
        {PageState::kStopping, 0, true, "[stopped]"},
    };
    for (const auto &row : rows) {
        wm::ProcessFacts facts = process(7, "web", "http://0.0.0.0:80");
        facts.state = row.state;
        facts.busy_ms = row.busy_ms;
        facts.stopped = row.stopped;
        assert_string_equal(status_of(facts).c_str(), row.expected);
    }
}

void status__of_its_own_listener(void **)
{
    wm::ProcessFacts facts = process(7, "web", "http://0.0.0.0:80");
    facts.listeners[0].state = RowState::kListenFailed;
    assert_string_equal(status_of(facts).c_str(), "[idle] [listen failed]");
    facts.listeners[0].state = RowState::kPaused;
    facts.busy_ms = 2000;
    assert_string_equal(status_of(facts).c_str(), "[busy 2s] [paused]");
    facts.listeners[0] = {"task", "none", RowState::kNone, 0, 0};
    facts.busy_ms = 0;
    assert_string_equal(status_of(facts).c_str(), "[idle]");
    facts.listeners.clear();
    assert_string_equal(status_of(facts).c_str(), "[idle]");
}

void waiting_for_a_restart__nothing_is_counted(void **)
{
    wm::StatusFacts facts = chat();
    facts.processes[0].pid = 0;
    facts.processes[0].restart_ms = 3249;
    facts.processes[0].listeners.resize(1);
    facts.processes[0].workers = 1;
    std::string text = status_text(facts);
    assert_string_equal(
        line_of(text, "- ").c_str(),
        "-        -       websocket://0.0.0.0:14236  pusher  -            -          -       -              -    [restart in 3.2s]");
    assert_true(contains(text, "\n2 workers    1 process\n"));
    assert_true(contains(line_of(text, "Summary"), "Summary  6.42M "));
    assert_true(contains(line_of(text, "Summary"), " 2              120  [Summary]"));

    facts.processes[0].restart_ms = 0;
    assert_string_equal(status_of(facts.processes[0]).c_str(), "[restart in 0.0s]");
    facts.processes[0].restart_ms = -1;
    assert_string_equal(status_of(facts.processes[0]).c_str(), "[restart]");
}

void no_page_yet__counts_are_unknown(void **)
{
    wm::StatusFacts facts = chat();
    facts.processes[0].state = PageState::kFree;
    facts.processes[0].listeners[0].state = RowState::kListenFailed;
    std::string text = status_text(facts);
    assert_true(contains(line_of(text, "18692"), " pusher  -            -          -       -              -    [starting]"));
    assert_false(contains(line_of(text, "18692"), "failed"));
    assert_true(contains(line_of(text, " \\_"), " push    -            -          -       -              -    -"));
    assert_true(contains(line_of(text, "Summary"), " 2              120  [Summary]"));
}

void further_listeners__rows_below_their_process(void **)
{
    wm::StatusFacts facts = chat();
    facts.processes[0].listeners.push_back({"a", "tcp://0.0.0.0:1", RowState::kListenFailed, 0, 0});
    facts.processes[0].listeners.push_back({"b", "tcp://0.0.0.0:2", RowState::kPaused, 5, 6});
    facts.processes[0].listeners.push_back({"c", "none", RowState::kNone, 0, 0});
    facts.processes[0].workers = 30;
    std::string text = status_text(facts);
    assert_true(contains(
        text, " \\_      -       tcp://0.0.0.0:1            a       0            -          -       0              -    [listen failed]\n"
              " \\_      -       tcp://0.0.0.0:2            b       5            -          -       6              -    [paused]\n"
              " \\_      -       none                       c       0            -          -       0              -    -\n"
              " \\_      workers and clients that are not listed: 25\n"
              "18693 "));
}

void slow_peers__a_row_for_each_worker_that_had_some(void **)
{
    wm::StatusFacts facts = chat();
    assert_false(contains(status_text(facts), "slow_peers"));
    facts.processes[0].listeners[0].slow = {120, 9876, 3};
    assert_true(contains(status_text(facts), "\nslow_peers  pid    dropped  replaced  closed\n"
                                             "pusher      18692  120      9876      3\n-"));
    assert_true(contains(status_json(facts), R"("dropped":120,"replaced":9876,"slow_closed":3})"));
}

void hub__a_row_for_each_process_that_is_joined_with_others(void **)
{
    wm::StatusFacts facts = chat();
    assert_false(contains(status_text(facts), "resyncs"));
    facts.processes[1].hub = {4, 3, 2, 900, 1, 5};
    assert_true(contains(status_text(facts), "hub  pid    processes  joined  outstanding  requests  suspects  resyncs\n"
                                             "web  18693  4          3       2            900       1         5\n"));
}

/// A document that is written here over several lines.
std::string one_line(std::string text)
{
    text.erase(std::remove(text.begin(), text.end(), '\n'), text.end());
    return text + "\n";
}

constexpr const char *kWholeDocument = R"json(
{"name":"chat","version":"0.2.0","loop":"epoll, libevent 2.1.12-stable","system":"Linux 6.1.0","master_pid":18690,"daemon":true,
"started_unix":1795384075,"uptime_s":277259,"load":[0.06,0.21,12.50],"workers":2,"exits":[
{"worker":"pusher","status":"killed by signal 9 (SIGKILL)","code":null,"signal":9,"asked":false,"count":1},
{"worker":"pusher","status":"exited with status 3","code":3,"signal":null,"asked":false,"count":12}],"certificates":[],"processes":[
{"pid":18692,"worker":"pusher","index":0,"status":"idle","busy_ms":0,"restart_ms":null,"rss_bytes":6731857,"connections":3,
"send_fail":1,"timers":2,"requests":40,"qps":2.25,
"hub":{"processes":4,"joined":3,"outstanding":2,"requests":900,"suspects":1,"resyncs":5},"workers":2,"listeners":[
{"name":"pusher","address":"websocket://0.0.0.0:14236","state":"listening","connections":2,"requests":30,"shed":7,"dropped":0,"replaced":0,"slow_closed":0},
{"name":"push","address":"text://127.0.0.1:14237","state":"listening","connections":1,"requests":10,"shed":0,"dropped":0,"replaced":0,"slow_closed":0}]},
{"pid":null,"worker":"web","index":0,"status":"restarting","busy_ms":null,"restart_ms":3249,"rss_bytes":null,"connections":null,
"send_fail":null,"timers":null,"requests":null,"qps":null,"hub":null,"workers":null,"listeners":[
{"name":"web","address":"http://0.0.0.0:8080","state":null,"connections":null,"requests":null,"shed":null,"dropped":null,"replaced":null,"slow_closed":null}]}],
"summary":{"processes":1,"rss_bytes":6731857,"connections":3,"send_fail":1,"timers":2,"requests":40,"qps":2.25}}
)json";

void json__whole(void **)
{
    wm::StatusFacts facts = chat();
    facts.processes[1] = process(0, "web", "http://0.0.0.0:8080");
    facts.processes[1].restart_ms = 3249;
    facts.processes[0].hub = {4, 3, 2, 900, 1, 5};
    assert_string_equal(status_json(facts).c_str(), one_line(kWholeDocument).c_str());
}

void service__has_a_row_of_its_own_and_no_listener(void **)
{
    wm::StatusFacts facts = chat();
    assert_false(contains(status_json(facts), "service"));
    wm::ProcessFacts &hub = facts.processes.emplace_back();
    hub.pid = 18694;
    hub.worker = "hub";
    hub.service = true;
    hub.state = PageState::kServing;
    assert_true(contains(status_json(facts), R"({"pid":18694,"worker":"hub","index":0,"service":true,"details":{},"status":"idle",)"));
    std::string text = status_text(facts), row = text.substr(text.find("18694"));
    row.resize(row.find('\n'));
    assert_true(contains(row, " hub ") && !contains(row, "://") && row.ends_with("[idle]"));
}

constexpr const char *kEmptyDocument = R"json(
{"name":"","version":"","loop":"","system":"","master_pid":null,"daemon":false,"started_unix":null,"uptime_s":0,
"load":[null,null,0.00],"workers":0,"exits":[],"certificates":[],"processes":[],
"summary":{"processes":0,"rss_bytes":null,"connections":0,"send_fail":0,"timers":0,"requests":0,"qps":0.00}}
)json";

void json__of_nothing_known(void **)
{
    wm::StatusFacts facts;
    facts.load[0] = NAN;
    facts.load[1] = -1;
    assert_string_equal(status_json(facts).c_str(), one_line(kEmptyDocument).c_str());
}

void json__bytes_of_names_are_escaped(void **)
{
    wm::StatusFacts facts = chat();
    facts.name = "a\"\\\n\xff";
    facts.exits[0].worker = "\x01";
    facts.processes[0].listeners[1].address = "unix:///\xe2\x82";
    std::string text = status_json(facts);
    assert_true(contains(text, R"({"name":"a\"\\\u000a)"
                               "\xef\xbf\xbd\","));
    assert_true(contains(text, R"({"worker":"\u0001",)"));
    assert_true(contains(text, "\"unix:///\xef\xbf\xbd\","));
    assert_int_equal(text.find('\n'), text.size() - 1);
}

void json__states_and_how_a_worker_ended(void **)
{
    wm::StatusFacts facts = chat();
    facts.exits = {{"web", 0xffff, 1}};
    facts.processes[0].busy_ms = 12300;
    facts.processes[0].listeners[0].state = RowState::kListenFailed;
    facts.processes[0].listeners[1].state = RowState::kNone;
    facts.processes[1].stopped = true;
    std::string text = status_json(facts);
    assert_true(contains(text, R"({"worker":"web","status":"continued","code":null,"signal":null,"asked":false,"count":1})"));
    assert_true(contains(text, R"("status":"busy","busy_ms":12300,)"));
    assert_true(contains(text, R"("state":"listen failed",)"));
    assert_true(contains(text, R"("state":null,)"));
    assert_true(contains(text, R"("status":"stopped","busy_ms":0,)"));
}

void expect_rate(int64_t second, uint32_t in_second, uint32_t before, int64_t now_ms, double expected)
{
    assert_true(std::fabs(wm::requests_per_second(second, in_second, before, now_ms) - expected) < 1e-9);
}

void requests_per_second__over_the_last_thousand_ms(void **)
{
    expect_rate(100, 0, 500, 100000, 500); // a second has just begun: all of the one before
    expect_rate(100, 100, 500, 100250, 475);
    expect_rate(100, 100, 500, 100999, 100.5);
    expect_rate(100, 100, 500, 101000, 100); // nothing since: it is the one before now
    expect_rate(100, 100, 500, 101750, 25);
    expect_rate(100, 100, 500, 102000, 0);
    expect_rate(100, 100, 500, INT64_MAX, 0);
    expect_rate(0, 0, 0, 123456789, 0);
}

void requests_per_second__steady_is_steady(void **)
{
    // 1000 a second, asked at any time of a second: in_second grows as the share of the one before shrinks.
    for (uint32_t ms = 0; ms < 1000; ms++)
        expect_rate(100, ms, 1000, 100000 + ms, 1000);
}

void requests_per_second__clock_read_before_the_page(void **)
{
    expect_rate(101, 3, 500, 100999, 503);
    expect_rate(INT64_MAX, UINT32_MAX, UINT32_MAX, 0, 2.0 * UINT32_MAX);
}

} // namespace

int main()
{
    setenv("TZ", "UTC", 1);
    tzset();
    const CMUnitTest tests[] = {
        cmocka_unit_test(text__whole),
        cmocka_unit_test(text__of_nothing_known),
        cmocka_unit_test(text__impossible_numbers),
        cmocka_unit_test(text__names_do_not_break_lines),
        cmocka_unit_test(text__long_names_are_whole),
        cmocka_unit_test(exits__of_workers_with_and_without_processes),
        cmocka_unit_test(certificates__have_their_end_and_what_is_to_be_done),
        cmocka_unit_test(status__by_state),
        cmocka_unit_test(status__of_its_own_listener),
        cmocka_unit_test(waiting_for_a_restart__nothing_is_counted),
        cmocka_unit_test(no_page_yet__counts_are_unknown),
        cmocka_unit_test(slow_peers__a_row_for_each_worker_that_had_some),
        cmocka_unit_test(hub__a_row_for_each_process_that_is_joined_with_others),
        cmocka_unit_test(further_listeners__rows_below_their_process),
        cmocka_unit_test(json__whole),
        cmocka_unit_test(service__has_a_row_of_its_own_and_no_listener),
        cmocka_unit_test(json__of_nothing_known),
        cmocka_unit_test(json__bytes_of_names_are_escaped),
        cmocka_unit_test(json__states_and_how_a_worker_ended),
        cmocka_unit_test(requests_per_second__over_the_last_thousand_ms),
        cmocka_unit_test(requests_per_second__steady_is_steady),
        cmocka_unit_test(requests_per_second__clock_read_before_the_page),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
