// The status page of a process: up to date after each turn.
#include "shutdown_rig.h"

#include "core/status_page.h"
#include "worker/status_writer.h"

namespace {

using wm::RowState;
using wm::StatusPage;

constexpr Mode kCallbacks = {"callbacks", 0};

/// An app with a status page, whose first row is the rig's worker.
class Shown {
public:
    Shown() : rig(&state_, "text://127.0.0.1:0")
    {
        app().status->attach(&page);
        rig.turn(0);
    }

    wm::App &app() { return *wm::object(rig.app); }

    StatusPage page{};

private:
    void *state_ = const_cast<Mode *>(&kCallbacks);

public:
    Rig rig;
};

void row_counts_connections_and_requests(void **)
{
    Shown shown;
    const wm::StatusRow &row = shown.page.row[0];
    {
        Client client(shown.rig);
        shown.rig.until([&] { return row.connections == 1; });
        assert_int_equal(shown.page.connections, 1);
        client.say("one\ntwo\n");
        shown.rig.until([&] { return row.requests == 2; });
        assert_int_equal(shown.page.requests, 2);
        assert_int_equal(shown.page.in_second + shown.page.in_second_before, 2);
    }
    shown.rig.until([&] { return row.connections == 0; });
    assert_int_equal(row.requests, 2);
}

void row_shows_what_its_worker_does(void **)
{
    Shown shown;
    wm_worker *worker = shown.rig.worker;
    const wm::StatusRow &row = shown.page.row[0];
    assert_true(row.state == RowState::kListening);
    assert_string_equal(row.address, wm_worker_address(worker));
    std::string bound = row.address;
    wm_worker_pause_accept(worker);
    shown.rig.turn(0);
    assert_true(row.state == RowState::kPaused);
    wm_worker_resume_accept(worker);
    shown.rig.turn(0);
    assert_true(row.state == RowState::kListening);
    wm_worker_unlisten(worker);
    shown.rig.turn(0);
    assert_true(row.state == RowState::kNone);
    assert_string_equal(row.address, "text://127.0.0.1:0");
    assert_int_equal(wm_worker_listen(worker), 0);
    shown.rig.turn(0);
    assert_true(row.state == RowState::kListening);
    assert_string_equal(row.address, wm_worker_address(worker));
}

void row_shows_a_new_name(void **)
{
    Shown shown;
    assert_string_equal(shown.page.row[0].name, "none");
    assert_int_equal(wm_worker_set_str(shown.rig.worker, "name", "line"), 0);
    shown.rig.turn(0);
    assert_string_equal(shown.page.row[0].name, "line");
    assert_int_equal(shown.page.version % 2, 0);
}

void rows_are_those_of_the_workers_there_are(void **)
{
    Shown shown;
    assert_int_equal(shown.page.rows, 1);
    wm_worker *taken = wm_worker_new(shown.rig.app, wm_worker_address(shown.rig.worker));
    shown.rig.turn(0);
    assert_int_equal(shown.page.rows, 2);
    assert_true(shown.page.row[1].state == RowState::kNone);
    assert_true(wm_worker_listen(taken) < 0);
    shown.rig.turn(0);
    assert_true(shown.page.row[1].state == RowState::kListenFailed);
    wm_worker_free(taken);
    shown.rig.turn(0);
    shown.rig.turn(0);
    assert_int_equal(shown.page.rows, 1);
    assert_int_equal(shown.page.workers, 1);
    Client client(shown.rig);
    client.say("to the one that is left\n");
    shown.rig.until([&] { return shown.page.row[0].requests == 1; });
}

void rows_end_where_the_page_does(void **)
{
    Shown shown;
    for (size_t i = 0; i < StatusPage::kRows; i++)
        assert_non_null(wm_worker_new(shown.rig.app, nullptr));
    shown.rig.turn(0);
    assert_int_equal(shown.page.rows, StatusPage::kRows);
    assert_int_equal(shown.page.workers, StatusPage::kRows + 1);
}

void page_shows_a_timer_and_the_end(void **)
{
    Shown shown;
    wm_timer_add(
        shown.rig.app, kLong, 0, [](wm_timer, void *) {}, nullptr, nullptr);
    shown.rig.turn(0);
    assert_int_equal(shown.page.timers, 1);
    assert_true(shown.page.state == wm::PageState::kServing);
    shown.rig.drain(0, 0);
    shown.rig.until_stopped();
    assert_true(shown.page.state == wm::PageState::kDraining);
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(row_counts_connections_and_requests),
        cmocka_unit_test(row_shows_what_its_worker_does),
        cmocka_unit_test(row_shows_a_new_name),
        cmocka_unit_test(rows_are_those_of_the_workers_there_are),
        cmocka_unit_test(rows_end_where_the_page_does),
        cmocka_unit_test(page_shows_a_timer_and_the_end),
    };
    return cmocka_run_group_tests_name("worker_status_writer", tests, nullptr, nullptr);
}
