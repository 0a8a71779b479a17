// Hub::take with what another process may say: nothing of it is checked before.
#include "hub/hub.h"
#include "wm/wm.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm;

/// A hub with one connection, which has the uid "u" and is in the group "g".
class Rig {
public:
    Rig()
    {
        wm_worker *worker = wm_worker_new(app_, "text://127.0.0.1:0");
        assert_int_equal(wm_worker_listen(worker), 0);
        assert_int_equal(wm_app_run_once(app_, 0), 0);
        int ends[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
        conn_ = wm_worker_adopt(worker, ends[0]);
        assert_int_not_equal(conn_, 0);
        peer_ = ends[1];
        assert_int_equal(wm_hub_bind(handle(), "u", 1, conn_), 0);
        assert_int_equal(wm_hub_join(handle(), "g", 1, conn_), 0);
    }
    Rig(const Rig &) = delete;
    Rig &operator=(const Rig &) = delete;
    ~Rig()
    {
        close(peer_);
        wm_app_free(app_);
    }

    wm_hub *handle() { return hub_; }
    int64_t take(router::Op op, uint32_t code, std::string_view name, std::string_view extra = {}, std::string_view payload = {})
    {
        router::Request request;
        request.op = op;
        request.code = code;
        request.flags = 0xff;
        request.hub = 7;
        request.name = name;
        request.extra = extra;
        request.payload = payload;
        return object(hub_)->take(request);
    }
    std::string heard()
    {
        assert_int_equal(wm_app_flush(app_), 0);
        char text[64];
        ssize_t len = recv(peer_, text, sizeof text, 0);
        return {text, len > 0 ? static_cast<size_t>(len) : 0};
    }

private:
    wm_app *app_ = wm_app_new();
    wm_hub *hub_ = wm_hub_new(app_);
    wm_conn conn_ = 0;
    int peer_ = -1;
};

using router::Op;

void requests_of_each_op_are_taken(void **)
{
    Rig rig;
    assert_int_equal(rig.take(Op::kSend, 0, "u", {}, "send"), 1);
    assert_int_equal(rig.take(Op::kBroadcast, 0, {}, {}, "broadcast"), 1);
    assert_int_equal(rig.take(Op::kBroadcast, 0, {}, "u", "not to u"), 0);
    assert_int_equal(rig.take(Op::kBroadcast, 0, {}, "v", " to u"), 1);
    assert_int_equal(rig.take(Op::kGroupSend, 0, "g", {}, "group"), 1);
    assert_int_equal(rig.take(Op::kGroupSend, 0, "g", "u", "not to u"), 0);
    assert_int_equal(rig.take(Op::kPublish, 0, "t", {}, "publish"), 0);
    assert_int_equal(rig.take(Op::kQuery, 0, "u"), 1);
    assert_int_equal(rig.take(Op::kJoin, 0, "u", "h"), 1);
    assert_int_equal(rig.take(Op::kGroupSend, 0, "h", {}, "joined"), 1);
    assert_int_equal(rig.take(Op::kLeave, 0, "u", "h"), 1);
    assert_int_equal(rig.take(Op::kGroupSend, 0, "h", {}, "left"), 0);
    assert_true(rig.heard() == "send\nbroadcast\n to u\ngroup\njoined\n");
    assert_int_equal(rig.take(Op::kKick, 0, "u"), 1);
    assert_int_equal(rig.take(Op::kQuery, 0, "u"), 0);
}

void what_no_call_says_is_refused(void **)
{
    Rig rig;
    const std::string longest(256, 'g'), reason(124, 'r');
    assert_int_equal(rig.take(Op::kKick, 1005, "u"), WM_EINVAL);
    assert_int_equal(rig.take(Op::kKick, UINT32_MAX, "u"), WM_EINVAL);
    assert_int_equal(rig.take(Op::kKick, 1000, "u", reason), WM_EINVAL);
    assert_int_equal(rig.take(Op::kKick, 1000, "u", "\xff"), WM_EINVAL);
    assert_int_equal(rig.take(Op::kJoin, 0, "u", ""), WM_EINVAL);
    assert_int_equal(rig.take(Op::kJoin, 0, "u", longest), WM_EINVAL);
    for (int op : {0, 1, 2, 3, 4, 15, 24, 255})
        assert_int_equal(rig.take(Op{static_cast<uint8_t>(op)}, 0, "u"), WM_EINVAL);
    assert_int_equal(rig.take(Op::kQuery, 0, "u"), 1);
}

void what_is_unknown_is_not_here(void **)
{
    Rig rig;
    const std::string longest(65535, 'u');
    for (const std::string &name : {std::string(), longest, std::string("\0", 1)}) {
        assert_int_equal(rig.take(Op::kSend, 0, name, {}, "x"), 0);
        assert_int_equal(rig.take(Op::kGroupSend, 0, name, name, "x"), 0);
        assert_int_equal(rig.take(Op::kPublish, 0, name, name, "x"), 0);
        assert_int_equal(rig.take(Op::kQuery, 0, name), 0);
        assert_int_equal(rig.take(Op::kKick, 0, name), 0);
        assert_int_equal(rig.take(Op::kJoin, 0, name, "g"), 0);
        assert_int_equal(rig.take(Op::kLeave, 0, name, name), 0);
    }
    // Flags that this version does not know have no effect.
    assert_int_equal(rig.take(Op::kSend, 0x7ffffff0, "u", {}, "known"), 1);
    assert_true(rig.heard() == "known\n");
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(requests_of_each_op_are_taken),
        cmocka_unit_test(what_no_call_says_is_refused),
        cmocka_unit_test(what_is_unknown_is_not_here),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
