/**
 * @file
 * A judge of pushes (hub_load/judge.h) with three pages, for tests by example.
 */
#ifndef WM_TESTS_HUB_LOAD_COURT_H
#define WM_TESTS_HUB_LOAD_COURT_H

#include "support/hub_load/judge.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <vector>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace hub_load {

/// Pages 0 and 1 of uid 0, page 2 of uid 1; uid 2 has none.
struct Court {
    explicit Court(bool kills = false, bool open = true) : Court(rules(kills), open) {}
    Court(const Rules &rules, bool open) : judge(rules, report, [this](uint32_t page) { asked.push_back(page); })
    {
        for (uint32_t uid : {0u, 0u, 1u})
            judge.add_page(uid);
        for (uint32_t page = 0; open && page < 3; page++)
            come(page);
    }

    static Rules rules(bool kills)
    {
        Rules rules;
        rules.kills = kills;
        return rules;
    }

    void come(uint32_t page)
    {
        judge.named(page, 1000);
        judge.pong(page);
    }
    /// All pages that were asked answer.
    void pongs()
    {
        for (std::vector<uint32_t> pages; !asked.empty();) {
            pages.swap(asked);
            for (uint32_t page : pages)
                judge.pong(page);
            pages.clear();
        }
    }
    void lose(uint32_t page)
    {
        judge.ended(page, 1006, "");
        std::erase(asked, page);
    }
    void wait(int64_t ms)
    {
        now += ms;
        judge.set_time(now);
        judge.tick();
    }
    PushId ok(uint32_t uid, uint32_t connections)
    {
        PushId id = judge.sent(uid);
        Answer answer;
        answer.ok = true;
        answer.connections = connections;
        judge.answered(id, answer);
        return id;
    }
    void fail_with(PushId id, const char *why)
    {
        Answer answer;
        answer.why = why;
        judge.answered(id, answer);
    }
    /// Exactly one violation, of that kind.
    void assert_wrong(Wrong expected)
    {
        for (size_t kind = 0; kind < static_cast<size_t>(Wrong::kCount); kind++)
            assert_int_equal(report.count(static_cast<Wrong>(kind)), kind == static_cast<size_t>(expected));
        assert_true(report.violated());
    }
    void assert_right()
    {
        if (report.violated())
            print_error("%s\n", report.json().c_str());
        assert_false(report.violated());
    }

    Report report;
    std::vector<uint32_t> asked;
    Judge judge;
    int64_t now = 0;
};

} // namespace hub_load

#endif
