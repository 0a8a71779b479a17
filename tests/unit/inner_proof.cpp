// The proof of the inner port: its value, and the lines that carry it.
#include "shared/inner_proof.h"

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

using wm::auth_line;
using wm::AuthLine;
using wm::Prover;
using wm::read_auth_answer;
using wm::read_auth_line;

const std::string kDigits(64, 'a');

void proof__is_what_any_other_implementation_makes(void **)
{
    // printf 'wm-push inner 1 client\0%064d\0%064d' 1 2 | openssl dgst -sha256 -mac HMAC -macopt key:correct-horse-battery-staple
    std::string one = std::string(63, '0') + "1", two = std::string(63, '0') + "2", secret = "correct-horse-battery-staple";
    assert_string_equal(wm::make_proof(secret, Prover::kClient, one, two).c_str(),
                        "f72067262ae159c3123a087609547e83c2c7c17c88c2e3c77a962df3a329172a");
    assert_string_equal(wm::make_proof(secret, Prover::kServer, one, two).c_str(),
                        "def6fdbb4a43f0f73ef7ede5f25ac9111d6e1cb16d2d7b07fa3bf29d7c89392c");
    assert_string_not_equal(wm::make_proof(secret, Prover::kClient, two, one).c_str(),
                            wm::make_proof(secret, Prover::kClient, one, two).c_str());
}

void nonce__is_new_each_time(void **)
{
    std::string first = wm::make_nonce(), second = wm::make_nonce();
    assert_int_equal(first.size(), wm::kProofDigits);
    assert_true(first != second);
    assert_true(first.find_first_not_of("0123456789abcdef") == std::string::npos);
}

void texts__are_equal_or_not(void **)
{
    assert_true(wm::equal_in_constant_time("", "") && wm::equal_in_constant_time("abc", "abc"));
    assert_false(wm::equal_in_constant_time("abc", "abd") || wm::equal_in_constant_time("abc", "ab") ||
                 wm::equal_in_constant_time("", "a") || wm::equal_in_constant_time(std::string("a\0b", 3), std::string("a\0c", 3)));
}

void line__has_a_nonce_or_a_proof(void **)
{
    std::string line = auth_line("nonce", kDigits);
    assert_string_equal(line.c_str(), (R"({"wm":{"cmd":"auth","nonce":")" + kDigits + "\"}}").c_str());
    assert_true(read_auth_line(line).nonce == kDigits && read_auth_line(line).mac.empty());
    line = auth_line("mac", kDigits);
    assert_true(read_auth_line(line).mac == kDigits && read_auth_line(line).nonce.empty());
    line = " { \"wm\" : { \"nonce\" : \"" + kDigits + "\" , \"cmd\" : \"auth\" } } \r";
    assert_true(read_auth_line(line).nonce == kDigits);
}

void line__of_any_other_form_is_none(void **)
{
    std::string good = R"("nonce":")" + kDigits + "\"";
    for (const std::string &text : {std::string(),
                                    std::string("x"),
                                    std::string("{}"),
                                    "{\"wm\":{" + good + "}}",
                                    R"({"wm":{"cmd":"auth"}})" + std::string(),
                                    "{" + good + "}",
                                    R"({"cmd":"auth",)" + good + "}",
                                    R"({"wm":{"cmd":"auth",)" + good + "},\"a\":1}",
                                    R"({"wm":{"cmd":"auth",)" + good + "}}x",
                                    R"({"wm":{"cmd":"auth",)" + good + "}",
                                    R"({"wm":{"cmd":"auth",)" + good + ",\"a\":1}}",
                                    R"({"wm":{"cmd":"Auth",)" + good + "}}",
                                    R"({"wm":[{"cmd":"auth",)" + good + "}]}",
                                    R"({"wm":{"cmd":"auth","nonce":[")" + kDigits + "\"]}}",
                                    R"({"wm":{"cmd":"auth",)" + good + R"(},"wm":{}})",
                                    R"({"wm":{"cmd":"auth","nonce":"\u0061)" + kDigits.substr(1) + "\"}}",
                                    auth_line("nonce", kDigits.substr(1)),
                                    auth_line("nonce", kDigits + "a"),
                                    auth_line("nonce", std::string(64, 'A')),
                                    auth_line("nonce", kDigits.substr(1) + "g"),
                                    auth_line("Nonce", kDigits)}) {
        AuthLine line = read_auth_line(text);
        assert_true(line.nonce.empty() && line.mac.empty());
    }
}

void answer__has_what_is_asked_for(void **)
{
    std::string answer = R"(ok {"nonce":")" + kDigits + "\"}";
    assert_true(read_auth_answer(answer, "nonce") == kDigits);
    assert_true(read_auth_answer(answer, "mac").empty());
    assert_true(read_auth_answer(answer + "\r", "nonce") == kDigits);
    for (const std::string &text : {std::string("ok"), std::string("fail"), "fail" + answer.substr(2), answer.substr(3), answer + "x",
                                    answer.substr(0, answer.size() - 1), R"(ok {"nonce":"\u0061)" + kDigits.substr(1) + "\"}"})
        assert_true(read_auth_answer(text, "nonce").empty());
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(proof__is_what_any_other_implementation_makes),
        cmocka_unit_test(nonce__is_new_each_time),
        cmocka_unit_test(texts__are_equal_or_not),
        cmocka_unit_test(line__has_a_nonce_or_a_proof),
        cmocka_unit_test(line__of_any_other_form_is_none),
        cmocka_unit_test(answer__has_what_is_asked_for),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
