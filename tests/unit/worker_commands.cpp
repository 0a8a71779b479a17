// Commands of other threads that were made for something that no longer exists when they arrive.
#include "api/guard.h"
#include "hub/hub.h"
#include "wm/wm.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

using namespace wm;

namespace {

struct Result {
    int calls = 0;
    wm_hub *hub = nullptr;
    int32_t status = 0;
};

void on_done(wm_hub *hub, int32_t status, int64_t, void *user)
{
    Result &result = *static_cast<Result *>(user);
    result.calls++;
    result.hub = hub;
    result.status = status;
}

/// A thread has made its command when the app is freed, and posts it when another app has the index.
void command_for_a_hub__does_not_reach_that_of_a_later_app(void **)
{
    wm_app *first = wm_app_new();
    uint32_t index = object(first)->index();
    Result result;
    Command late = object(wm_hub_new(first))->command(Hub::request(router::Op::kQuery, 0, "u"), {on_done, &result, nullptr});
    wm_app_free(first);
    wm_app *second = wm_app_new();
    assert_int_equal(object(second)->index(), index);
    assert_non_null(wm_hub_new(second));
    assert_int_equal(post_command(index, late, "u", ""), WM_QUEUED);
    assert_int_equal(wm_app_run_once(second, 0), 0);
    assert_int_equal(result.calls, 1);
    assert_null(result.hub);
    assert_int_equal(result.status, WM_ECLOSED);
    wm_app_free(second);
}

void command_for_a_hub__does_not_reach_a_later_one_at_its_address(void **)
{
    wm_app *app = wm_app_new();
    Result result;
    wm_hub *freed = wm_hub_new(app);
    Command late = object(freed)->command(Hub::request(router::Op::kQuery, 0, "u"), {on_done, &result, nullptr});
    object(freed)->~Hub();
    Hub *later = new (freed) Hub(*object(app)); // at that very address
    assert_int_equal(post_command(object(app)->index(), late, "u", ""), WM_QUEUED);
    assert_int_equal(wm_app_run_once(app, 0), 0);
    assert_int_equal(result.calls, 1);
    assert_null(result.hub);
    assert_int_equal(result.status, WM_ECLOSED);
    assert_ptr_equal(handle(later), freed);
    wm_app_free(app);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_for_a_hub__does_not_reach_that_of_a_later_app),
        cmocka_unit_test(command_for_a_hub__does_not_reach_a_later_one_at_its_address),
    };
    return cmocka_run_group_tests_name("worker_commands", tests, nullptr, nullptr);
}
