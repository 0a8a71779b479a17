// Answers of the line port: in the order of the lines, whichever result comes first.
#include <algorithm>
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "wm-serve/answers.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using Answers = wm::serve::Answers<bool>;

void known_answers_leave_at_once(void **)
{
    Answers answers;
    std::string out;
    auto send = [&out](bool ok) { out += ok ? 'o' : 'f'; };
    answers.add(true, send);
    answers.add(false, send);
    assert_string_equal(out.c_str(), "of");
    assert_int_equal(answers.size(), 0);
}

void a_late_one_holds_those_behind_it(void **)
{
    Answers answers;
    std::string out;
    auto send = [&out](bool ok) { out += ok ? 'o' : 'f'; };
    Answers::Ticket first = answers.reserve();
    answers.add(true, send);
    Answers::Ticket third = answers.reserve();
    answers.add(false, send);
    answers.resolve(third, true, send);
    assert_string_equal(out.c_str(), "");
    assert_int_equal(answers.size(), 4);
    answers.resolve(first, false, send);
    assert_string_equal(out.c_str(), "foof");
    assert_int_equal(answers.size(), 0);
}

void any_order_of_results_gives_the_order_of_the_lines(void **)
{
    std::mt19937 random(2);
    for (int round = 0; round < 300; round++) {
        Answers answers;
        std::string out, expected;
        auto send = [&out](bool ok) { out += ok ? 'o' : 'f'; };
        std::vector<std::pair<Answers::Ticket, bool>> late;
        for (int line = 0; line < 60; line++) {
            bool ok = random() % 2;
            expected += ok ? 'o' : 'f';
            if (random() % 2)
                late.push_back({answers.reserve(), ok});
            else
                answers.add(ok, send);
            if (!late.empty() && random() % 3 == 0) {
                std::swap(late[random() % late.size()], late.back());
                answers.resolve(late.back().first, late.back().second, send);
                late.pop_back();
            }
            assert_true(expected.compare(0, out.size(), out) == 0);
        }
        std::shuffle(late.begin(), late.end(), random);
        for (auto &[ticket, ok] : late)
            answers.resolve(ticket, ok, send);
        assert_true(out == expected);
        assert_int_equal(answers.size(), 0);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(known_answers_leave_at_once),
        cmocka_unit_test(a_late_one_holds_those_behind_it),
        cmocka_unit_test(any_order_of_results_gives_the_order_of_the_lines),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
