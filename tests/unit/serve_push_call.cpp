// A line whose hub calls are pending: one answer when all results are there, of one uid and of many.
#include "wm-serve/page_port.h"
#include "wm-serve/push_call.h"
#include "wm/wm.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using wm::PushLine;
using wm::serve::PushCall;
using wm::serve::PushResult;
using Kind = wm::serve::PushResult::Kind;

struct Call final : PushCall {
    std::optional<PushResult> result;
    std::string text;

    void done(PushResult known) override
    {
        assert_false(result.has_value());
        result = known;
        text = json(known);
    }
};

/// An app with a hub, and connections that are bound to uids.
class Hub {
public:
    Hub()
    {
        assert_int_equal(wm_worker_set_int(worker_, "max_send_buffer", 65536), 0);
        wm_app_run_once(app_, 0); // it starts
    }
    ~Hub()
    {
        wm_app_free(app_);
        for (int fd : peers_)
            close(fd);
    }

    void bind(std::string_view uid)
    {
        int ends[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        peers_.push_back(ends[1]);
        wm_conn conn = wm_worker_adopt(worker_, ends[0]);
        assert_int_not_equal(conn, 0);
        assert_int_equal(wm_hub_bind(hub_, uid.data(), uid.size(), conn), 0);
    }

    /// Runs a line on another thread, where every call is pending, and then the loop until its answer is there.
    void run(Call &call, const std::string &line)
    {
        std::thread other([&] { assert_int_equal(run_here(call, line).kind, Kind::kPending); });
        other.join();
        assert_false(call.result.has_value());
        while (!call.result)
            wm_app_run_once(app_, 1000);
    }

    PushResult run_here(Call &call, const std::string &line)
    {
        PushLine parsed;
        wm::scan_push_line(line.data(), line.size(), parsed);
        if (parsed.plain && !call.explain)
            return call.push(hub_, parsed.uid, line);
        return call.run(hub_, pages_, parsed, line);
    }

    void fill_queues(std::string_view uid)
    {
        std::string message(60000, 'x');
        int64_t taken = 1;
        while (taken > 0) {
            assert_int_equal(
                wm_hub_send(hub_, uid.data(), uid.size(), message.data(), message.size(), 0, &taken, nullptr, nullptr, nullptr), 0);
            wm_app_flush(app_);
        }
    }

private:
    wm_app *app_ = wm_app_new();
    wm_hub *hub_ = wm_hub_new(app_);
    wm_worker *worker_ = wm_worker_new(app_, "text://127.0.0.1:0");
    wm::serve::PagePort pages_;
    std::vector<int> peers_;
};

void assert_answer(Hub &hub, const std::string &line, Kind kind, bool json, const std::string &text, bool explain = false)
{
    Call call;
    call.explain = explain;
    hub.run(call, line);
    assert_int_equal(call.result->kind, kind);
    assert_int_equal(call.result->json, json);
    assert_string_equal(call.text.c_str(), text.c_str());
}

constexpr const char *kOffline = R"("why":"offline","detail":"no page of that uid is connected")";

void push_call__of_one_uid(void **)
{
    Hub hub;
    hub.bind("a");
    hub.bind("a");
    std::string offline = std::string("{") + kOffline + "}";
    assert_answer(hub, R"({"uid":"a"})", Kind::kOk, false, R"({"connections":2})");
    assert_answer(hub, R"({"uid":"b"})", Kind::kOffline, false, offline);
    assert_answer(hub, R"({"uid":"a","wm":{"reply":"json"}})", Kind::kOk, true, R"({"connections":2})");
    assert_answer(hub, R"({"uid":"b","wm":{"reply":"json"}})", Kind::kOffline, true, offline);
    assert_answer(hub, R"({"uid":"a"})", Kind::kOk, false, R"({"connections":2})", true);
    assert_answer(hub, R"({"uid":"b"})", Kind::kOffline, true, offline, true);
    assert_answer(hub, R"({"wm":{"cmd":"online","uid":"a","reply":"json"}})", Kind::kOk, true, R"({"connections":2})");
}

void push_call__of_a_list_answers_once_when_all_are_there(void **)
{
    Hub hub;
    hub.bind("a");
    hub.bind("b");
    hub.bind("b");
    std::string uids = R"("uids":{"a":{"connections":1},"nobody":{)" + std::string(kOffline) + R"(},"b":{"connections":2}}})";
    assert_answer(hub, R"({"uid":["a","nobody","b","a"],"wm":{"reply":"json"}})", Kind::kOk, true, R"({"connections":3,)" + uids);
    Call call;
    hub.run(call, R"({"uid":["nobody","b"]})");
    assert_int_equal(call.result->kind, Kind::kOk);
    assert_int_equal(call.weight(), 2);
    assert_answer(hub, R"({"uid":["x"],"wm":{"reply":"json"}})", Kind::kOffline, true,
                  "{" + std::string(kOffline) + R"(,"uids":{"x":{)" + kOffline + "}}}");
}

void push_call__tells_full_from_offline(void **)
{
    Hub hub;
    hub.bind("slow");
    hub.fill_queues("slow");
    std::string full = R"("why":"full","detail":"no page took it: they read too slowly, and their queues are full")";
    assert_answer(hub, R"({"uid":"slow","wm":{"reply":"json"}})", Kind::kFull, true, "{" + full + "}");
    assert_answer(hub, R"({"uid":["b","slow"]})", Kind::kFull, true,
                  "{" + full + R"(,"uids":{"b":{)" + kOffline + R"(},"slow":{)" + full + "}}}", true);
    assert_answer(hub, R"({"uid":"slow"})", Kind::kOffline, false, std::string("{") + kOffline + "}"); // nobody asked why
}

void push_call__of_groups_and_kicks(void **)
{
    Hub hub;
    hub.bind("a");
    hub.bind("b");
    assert_answer(hub, R"({"wm":{"cmd":"join","uid":["a","b"],"group":"g"}})", Kind::kOk, false,
                  R"({"connections":2,"uids":{"a":{"connections":1},"b":{"connections":1}}})");
    assert_answer(hub, R"({"wm":{"cmd":"push","group":"g","except":"a","reply":"json"},"data":1})", Kind::kOk, true,
                  R"({"connections":1})");
    assert_answer(hub, R"({"wm":{"cmd":"leave","uid":"b","group":"g"}})", Kind::kOk, false, R"({"connections":1})");
    assert_answer(hub, R"({"wm":{"cmd":"push","group":"g","except":"a","reply":"json"},"data":1})", Kind::kOffline, true,
                  R"({"why":"offline","detail":"no page took it: none is in that group, or they read too slowly"})");
    assert_answer(hub, R"({"wm":{"cmd":"kick","uid":"a","code":4000,"reply":"json"}})", Kind::kOk, true, R"({"connections":1})");
    assert_answer(hub, R"({"wm":{"cmd":"online","uid":"a"}})", Kind::kOffline, false, std::string("{") + kOffline + "}");
}

/// What the hub says where processes are silent.
void push_result__of_every_status(void **)
{
    using Verb = PushLine::Kind;
    struct Row {
        Verb verb;
        int32_t status;
        int64_t connections;
        Kind kind;
        const char *members;
    };
    const Row rows[] = {
        {Verb::kPush, WM_PARTIAL, 2, Kind::kOk, R"("connections":2,"partial":true)"},
        {Verb::kPush, WM_ETIMEDOUT, 0, Kind::kUnknown,
         R"("why":"unknown","detail":"a process of the server has not answered in time: a page may have it","maybe":true)"},
        {Verb::kKick, WM_ETIMEDOUT, 0, Kind::kUnknown,
         R"("why":"unknown","detail":"a process of the server has not answered in time: it may have been done","maybe":true)"},
        {Verb::kGroup, WM_EENGINE, 0, Kind::kUnknown,
         R"("why":"unknown","detail":"a process of the server cannot be asked now, and nothing was sent to it; try again")"},
        {Verb::kPush, WM_EFULL, 0, Kind::kUnknown,
         R"("why":"unknown","detail":"the server has too much to do, and nothing was sent; try again")"},
        {Verb::kPush, WM_EMSGSIZE, 0, Kind::kLarge,
         R"("why":"large","detail":"the server cannot send so much at once: push less, or a link to it")"},
        {Verb::kBroadcast, 0, 0, Kind::kOffline, R"("why":"offline","detail":"no page is connected")"},
    };
    for (const Row &row : rows) {
        PushResult result = wm::serve::result_of(row.verb, row.status, row.connections);
        std::string members;
        wm::serve::append_result(members, result);
        assert_int_equal(result.kind, row.kind);
        assert_string_equal(members.c_str(), row.members);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(push_call__of_one_uid),
        cmocka_unit_test(push_call__of_a_list_answers_once_when_all_are_there),
        cmocka_unit_test(push_call__tells_full_from_offline),
        cmocka_unit_test(push_call__of_groups_and_kicks),
        cmocka_unit_test(push_result__of_every_status),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
