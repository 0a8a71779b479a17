// The ends of tokens: in their order, each once, and bounded by the pages that are open.
#include "wm-serve/due_queue.h"
#include "wm-serve/page_ends.h"
#include "wm/wm.h"

#include <ctime>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
}

namespace {

using wm::serve::DueQueue;
using wm::serve::PageEnds;

/// Connections whose other end is kept here.
class Pages {
public:
    Pages() : app_(wm_app_new()), worker_(wm_worker_new(app_, "text://127.0.0.1:0")) { wm_app_run_once(app_, 0); }
    ~Pages()
    {
        for (int fd : others_)
            close(fd);
        wm_app_free(app_);
    }

    wm_app *app() const { return app_; }
    wm_conn open()
    {
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        others_.push_back(pair[1]);
        wm_conn conn = wm_worker_adopt(worker_, pair[0]);
        assert_true(conn != 0);
        return conn;
    }
    /// Ends a connection, and sees it gone.
    void end(wm_conn conn)
    {
        wm_conn_destroy(conn);
        while (wm_conn_worker(conn))
            wm_app_run_once(app_, 0);
        close(others_.back());
        others_.pop_back();
    }
    template <class Condition> void run_until(Condition condition)
    {
        while (!condition())
            wm_app_run_once(app_, 1000);
    }

private:
    wm_app *app_;
    wm_worker *worker_;
    std::vector<int> others_;
};

/// time() may be some milliseconds late.
int64_t now_s()
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

void note(wm_conn conn, void *user)
{
    static_cast<std::vector<wm_conn> *>(user)->push_back(conn);
}

void ends__come_in_their_order_without_those_that_have_left(void **)
{
    Pages pages;
    std::vector<wm_conn> ended;
    PageEnds ends;
    ends.setup(pages.app(), note, &ended);
    int64_t now = now_s();
    wm_conn later = pages.open(), last = pages.open(), first = pages.open(), never = pages.open(), gone = pages.open();
    assert_true(ends.add(last, now + 2) && ends.add(never, now + 3600) && ends.add(later, now - 5) && ends.add(gone, now - 7) &&
                ends.add(first, now - 10));
    pages.end(gone);
    pages.run_until([&ended] { return ended.size() >= 4; });
    assert_true(now_s() >= now + 2);
    // One that has closed is named as well: closing it again does nothing.
    assert_true(ended == std::vector<wm_conn>({first, gone, later, last}));
    assert_int_equal(ends.size(), 1);
}

void ends__of_pages_that_leave_are_bounded(void **)
{
    Pages pages;
    std::vector<wm_conn> ended;
    PageEnds ends;
    ends.setup(pages.app(), note, &ended);
    constexpr size_t kStay = 10;
    for (size_t i = 0; i < kStay; i++)
        assert_true(ends.add(pages.open(), now_s() + 3600));
    for (int i = 0; i < 5000; i++) {
        wm_conn conn = pages.open();
        assert_true(ends.add(conn, now_s() + 60));
        pages.end(conn);
        assert_true(ends.size() <= PageEnds::kSlack + 2 * (kStay + 1));
    }
    assert_true(ended.empty());
}

void due_queue__names_those_that_still_wait(void **)
{
    Pages pages;
    static wm_conn done;
    std::vector<wm_conn> expired;
    DueQueue queue;
    queue.setup(
        pages.app(), 20, [](wm_conn conn, void *) { return conn != done; }, note, &expired);
    wm_conn first = pages.open(), second = pages.open(), third = pages.open(), gone = pages.open();
    for (wm_conn conn : {first, second, third, gone})
        assert_true(queue.add(conn));
    pages.end(gone);
    done = second;
    queue.drop(); // the first still waits
    pages.run_until([&expired] { return expired.size() == 2; });
    assert_true(expired == std::vector<wm_conn>({first, third}));
    wm_conn fourth = pages.open();
    assert_true(queue.add(fourth)); // its timer has gone meanwhile
    pages.run_until([&expired] { return expired.size() == 3; });
    assert_true(expired.back() == fourth);
}

void due_queue__of_those_that_leave_is_bounded(void **)
{
    Pages pages;
    std::vector<wm_conn> expired;
    DueQueue queue;
    queue.setup(
        pages.app(), 3600 * 1000, [](wm_conn, void *) { return true; }, note, &expired);
    constexpr size_t kStay = 10;
    for (size_t i = 0; i < kStay; i++)
        assert_true(queue.add(pages.open()));
    for (int i = 0; i < 5000; i++) {
        wm_conn conn = pages.open();
        assert_true(queue.add(conn));
        pages.end(conn);
        assert_true(queue.size() <= DueQueue::kSlack + 2 * (kStay + 1));
    }
    assert_true(expired.empty());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(ends__come_in_their_order_without_those_that_have_left),
        cmocka_unit_test(ends__of_pages_that_leave_are_bounded),
        cmocka_unit_test(due_queue__names_those_that_still_wait),
        cmocka_unit_test(due_queue__of_those_that_leave_is_bounded),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
