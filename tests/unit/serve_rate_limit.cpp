// Rates with bursts, of pages and of addresses.
#include "wm-serve/connect_rates.h"
#include "wm-serve/rate_limit.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using wm::serve::ConnectRates;
using wm::serve::parse_rate;
using wm::serve::RateLimit;

constexpr int64_t kSecond = 1000000;

void rate__has_two_numbers_or_one(void **)
{
    RateLimit rate;
    assert_true(parse_rate("20/100", rate) && rate.per_second() == 20 && rate.burst() == 100);
    assert_true(parse_rate("7", rate) && rate.per_second() == 7 && rate.burst() == 35);
    assert_true(parse_rate("1000000", rate) && rate.burst() == RateLimit::kMost);
    assert_true(parse_rate("off", rate) && !rate.limits());
    for (const char *text : {"", "/", "0", "20/", "/5", "20/0", "-1", "+1", "1.5", " 1", "1 ", "20/100/1", "1000001", "1/1000001", "OFF",
                             "99999999999999999999"})
        assert_false(parse_rate(text, rate));
}

void bucket__allows_a_burst_and_then_the_rate(void **)
{
    RateLimit rate(20, 100);
    int64_t full = 0, now = 5 * kSecond;
    int taken = 0;
    while (rate.take(now, full))
        taken++;
    assert_int_equal(taken, 100);
    assert_false(rate.take(now + kSecond / 20 - 1, full));
    assert_true(rate.take(now + kSecond / 20, full));
    assert_false(rate.take(now + kSecond / 20, full));
    now += 60 * kSecond; // more than it holds
    for (taken = 0; rate.take(now, full);)
        taken++;
    assert_int_equal(taken, 100);
    for (taken = 0; taken < 1000; taken++)
        assert_true(rate.take(now += kSecond / 20, full));
}

int taken_by(ConnectRates &rates, const std::string &ip, int64_t now_us)
{
    int taken = 0;
    while (taken < 1000 && rates.take(ip, now_us))
        taken++;
    return taken;
}

void addresses__each_has_its_rate(void **)
{
    ConnectRates rates;
    assert_int_equal(taken_by(rates, "192.0.2.1", kSecond), 1000); // no limit
    rates.setup(5);
    assert_int_equal(taken_by(rates, "192.0.2.1", kSecond), 5);
    assert_int_equal(taken_by(rates, "192.0.2.2", kSecond), 5);
    assert_int_equal(taken_by(rates, "::ffff:192.0.2.1", kSecond), 0); // the same
    assert_int_equal(taken_by(rates, "192.0.2.1", kSecond + 200000), 1);
    assert_int_equal(taken_by(rates, "2001:db8::1", kSecond), 5);
    assert_int_equal(taken_by(rates, "2001:db8::ffff:1", kSecond), 0); // of one /64
    assert_int_equal(taken_by(rates, "2001:db8:0:1::1", kSecond), 5);
    assert_int_equal(taken_by(rates, "::1", kSecond), 5);
    assert_int_equal(taken_by(rates, "127.0.0.1", kSecond), 5);
    assert_int_equal(taken_by(rates, "", kSecond), 1000);
}

void addresses__more_than_there_are_places__let_in_and_none_is_lost_to_another_key(void **)
{
    ConnectRates rates;
    rates.setup(5);
    auto address = [](size_t i) {
        return "10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255);
    };
    for (size_t i = 0; i < 4 * ConnectRates::kMaxAddresses; i++)
        assert_true(rates.take(address(i), kSecond));
    // One that has used up its bucket stays while others, which have not, come and go.
    assert_int_equal(taken_by(rates, "192.0.2.1", kSecond), 5);
    for (size_t i = 0; i < ConnectRates::kMaxAddresses; i++)
        rates.take(address(i + 8 * ConnectRates::kMaxAddresses), kSecond);
    assert_int_equal(taken_by(rates, "192.0.2.1", kSecond), 0);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(rate__has_two_numbers_or_one),
        cmocka_unit_test(bucket__allows_a_burst_and_then_the_rate),
        cmocka_unit_test(addresses__each_has_its_rate),
        cmocka_unit_test(addresses__more_than_there_are_places__let_in_and_none_is_lost_to_another_key),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
