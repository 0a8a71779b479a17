// Sec-WebSocket-Extensions (RFC 6455 §9.1) and the agreement on permessage-deflate (RFC 7692 §7.1): offers, answers, what is declined and
// what is malformed.
#include "proto/websocket/extensions.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace wm::websocket;

constexpr DeflateWish kShared = {true, 15}, kOwn = {false, 15}, kSmall = {false, 10};
constexpr const char *kNone = "", *kMalformed = "malformed";

/// The answer to a request's lines, without the name of its field.
std::string answer_to(const std::string &fields, const DeflateWish &wish)
{
    std::string bytes = fields; // of exactly its size, for the sanitizer
    DeflateTerms terms;
    if (!choose_deflate(bytes, wish, terms))
        return kMalformed;
    if (!terms.agreed())
        return kNone;
    char room[kMaxExtensionAnswer];
    std::string line(room, write_deflate_answer(room, terms));
    const std::string field = "Sec-WebSocket-Extensions: permessage-deflate";
    assert_true(line.starts_with(field) && line.ends_with("\r\n"));
    return "yes" + line.substr(field.size(), line.size() - field.size() - 2);
}

std::string offer(const std::string &value)
{
    return "Sec-WebSocket-Extensions: " + value + "\r\n";
}

struct Row {
    const char *value;
    const char *shared;
    const char *own;
};

constexpr const char *kResets = "yes; server_no_context_takeover; client_no_context_takeover";

void check(const Row &row)
{
    std::string shared = answer_to(offer(row.value), kShared), own = answer_to(offer(row.value), kOwn);
    if (shared != row.shared || own != row.own)
        fail_msg("%s: shared «%s», own «%s»", row.value, shared.c_str(), own.c_str());
}

void offers_that_a_server_accepts(void **)
{
    const Row rows[] = {
        {"permessage-deflate", kResets, "yes"},
        {"PerMessage-Deflate", kResets, "yes"},
        {"permessage-deflate; client_max_window_bits", kResets, "yes"},
        {"permessage-deflate;client_max_window_bits=15", kResets, "yes"},
        {"permessage-deflate; client_max_window_bits=9",
         "yes; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=9", "yes; client_max_window_bits=9"},
        {"permessage-deflate; client_max_window_bits=8",
         "yes; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=8", "yes; client_max_window_bits=8"},
        {"permessage-deflate; server_no_context_takeover", kResets, "yes; server_no_context_takeover"},
        {"permessage-deflate; client_no_context_takeover", kResets, "yes; client_no_context_takeover"},
        {"permessage-deflate; SERVER_NO_CONTEXT_TAKEOVER", kResets, "yes; server_no_context_takeover"},
        {"permessage-deflate; server_max_window_bits=15",
         "yes; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=15", "yes; server_max_window_bits=15"},
        {"permessage-deflate; server_max_window_bits=8",
         "yes; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=8", "yes; server_max_window_bits=8"},
        {"permessage-deflate; server_max_window_bits = \"1\\0\" ;client_max_window_bits=\"12\"",
         "yes; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=12",
         "yes; server_max_window_bits=10; client_max_window_bits=12"},
        // the first that can be accepted
        {"x-webkit-deflate-frame, permessage-deflate", kResets, "yes"},
        {"permessage-deflate; server_max_window_bits=7, permessage-deflate; client_no_context_takeover", kResets,
         "yes; client_no_context_takeover"},
        {"permessage-deflate; unknown=1, x; a=\"b\"; c, permessage-deflate; server_no_context_takeover", kResets,
         "yes; server_no_context_takeover"},
        {"permessage-deflate; client_no_context_takeover, permessage-deflate; server_no_context_takeover", kResets,
         "yes; client_no_context_takeover"},
        {",, permessage-deflate ,", kResets, "yes"},
    };
    for (const Row &row : rows)
        check(row);
}

void offers_that_a_server_declines(void **)
{
    const char *const values[] = {
        "x-other",
        "permessage-deflate-x",
        "permessage-bzip2; client_max_window_bits",
        "permessage-deflate; unknown",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover=true",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=08",
        "permessage-deflate; server_max_window_bits=1",
        "permessage-deflate; server_max_window_bits=150",
        "permessage-deflate; server_max_window_bits=15.0",
        "permessage-deflate; server_max_window_bits=1000000000000000000000000000000015",
        "permessage-deflate; client_max_window_bits=0",
        "permessage-deflate; client_max_window_bits=+9",
        "permessage-deflate; client_max_window_bits=-9",
        // a parameter twice (RFC 7692 §7.1)
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
        "permessage-deflate; client_max_window_bits; client_max_window_bits",
    };
    for (const char *value : values)
        check({value, kNone, kNone});
    assert_string_equal(answer_to("Host: a\r\n", kOwn).c_str(), kNone);
    assert_string_equal(answer_to(offer(""), kOwn).c_str(), kNone);
}

void lists_that_break_the_grammar(void **)
{
    const char *const values[] = {
        "permessage-deflate;",
        "permessage-deflate; ;client_max_window_bits",
        "permessage-deflate; client_max_window_bits=",
        "permessage-deflate; client_max_window_bits=\"\"",
        "permessage-deflate; client_max_window_bits=\"10",
        "permessage-deflate; client_max_window_bits=\"10\\",
        "permessage-deflate; client_max_window_bits=\"1 0\"",
        "permessage-deflate; x=\"a,b\"",
        "permessage-deflate; =10",
        "permessage-deflate client_max_window_bits",
        "permessage-deflate; a=b=c",
        "=permessage-deflate",
        "\"permessage-deflate\"",
        "permessage-deflate, ;",
        "x; y=\xc3\xa4, permessage-deflate",
    };
    for (const char *value : values)
        check({value, kMalformed, kMalformed});
}

void several_lines_are_one_list(void **)
{
    std::string two = offer("x-other; a=1") + "Host: a\r\n" + "sec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n";
    assert_string_equal(answer_to(two, kOwn).c_str(), "yes");
    assert_string_equal(answer_to(two + offer("permessage-deflate;"), kOwn).c_str(), kMalformed);
    std::string many;
    for (size_t i = 0; i < kMaxOffers; i++)
        many += "permessage-deflate; no, ";
    assert_string_equal(answer_to(offer(many + "x"), kOwn).c_str(), kNone);
    assert_string_equal(answer_to(offer(many + "permessage-deflate"), kOwn).c_str(), kNone);
    assert_string_equal(answer_to(offer(many.substr(25) + "permessage-deflate"), kOwn).c_str(), "yes");
}

void own_windows_are_limited_where_the_client_allows_it(void **)
{
    const struct {
        const char *value, *answer;
    } rows[] = {
        {"permessage-deflate", "yes; server_max_window_bits=10"},
        {"permessage-deflate; client_max_window_bits", "yes; server_max_window_bits=10; client_max_window_bits=10"},
        {"permessage-deflate; client_max_window_bits=9; server_max_window_bits=12",
         "yes; server_max_window_bits=10; client_max_window_bits=9"},
        {"permessage-deflate; server_max_window_bits=9", "yes; server_max_window_bits=9"},
    };
    for (const auto &row : rows)
        assert_string_equal(answer_to(offer(row.value), kSmall).c_str(), row.answer);
    // What serves all connections is as large as any.
    assert_string_equal(answer_to(offer("permessage-deflate; client_max_window_bits"), {true, 10}).c_str(),
                        "yes; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10");
}

void what_a_client_asks_for(void **)
{
    assert_string_equal(deflate_offer(kShared).c_str(), "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
                                                        "client_no_context_takeover; client_max_window_bits\r\n");
    assert_string_equal(deflate_offer(kOwn).c_str(), "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n");
    assert_string_equal(deflate_offer(kSmall).c_str(),
                        "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10; client_max_window_bits=10\r\n");
    for (const DeflateWish &wish : {kShared, kOwn, kSmall}) {
        std::string answer = answer_to(deflate_offer(wish), wish);
        DeflateTerms terms;
        assert_null(check_deflate_answer(offer("permessage-deflate" + answer.substr(3)), &wish, terms));
        assert_int_equal(terms.server_bits, wish.window_bits);
        assert_int_equal(terms.client_bits, wish.window_bits);
        assert_int_equal(terms.server_resets, wish.resets);
        assert_int_equal(terms.client_resets, wish.resets);
    }
}

void answers_that_a_client_takes(void **)
{
    const struct {
        const char *value;
        DeflateWish wish;
        DeflateTerms terms;
    } rows[] = {
        {"permessage-deflate", kOwn, {15, 15, false, false}},
        {"permessage-deflate; server_no_context_takeover", kOwn, {15, 15, true, false}},
        {"permessage-deflate; client_no_context_takeover; server_max_window_bits=8", kOwn, {8, 15, false, true}},
        {"permessage-deflate; client_max_window_bits=\"8\"", kOwn, {15, 8, false, false}},
        {"permessage-deflate; server_no_context_takeover", kShared, {15, 15, true, true}},
        {"permessage-deflate; server_max_window_bits=9; client_max_window_bits=10", kSmall, {9, 10, false, false}},
    };
    for (const auto &row : rows) {
        DeflateTerms terms;
        assert_null(check_deflate_answer(offer(row.value), &row.wish, terms));
        assert_int_equal(terms.server_bits, row.terms.server_bits);
        assert_int_equal(terms.client_bits, row.terms.client_bits);
        assert_int_equal(terms.server_resets, row.terms.server_resets);
        assert_int_equal(terms.client_resets, row.terms.client_resets);
    }
    DeflateTerms terms;
    assert_null(check_deflate_answer("Upgrade: websocket\r\n", &kOwn, terms));
    assert_false(terms.agreed());
    assert_null(check_deflate_answer("Upgrade: websocket\r\n", nullptr, terms));
}

void answers_that_end_a_client_s_handshake(void **)
{
    const struct {
        const char *value;
        const DeflateWish *wish;
        const char *text;
    } rows[] = {
        {"permessage-deflate", nullptr, "none was asked for"},
        {"", nullptr, "none was asked for"},
        {"x-other", &kOwn, "not asked for"},
        {"permessage-deflate, x-other", &kOwn, "not asked for"},
        {"permessage-deflate, permessage-deflate", &kOwn, "twice"},
        {"permessage-deflate; unknown", &kOwn, "unknown"},
        {"permessage-deflate; client_max_window_bits", &kOwn, "bad value"},
        {"permessage-deflate; server_max_window_bits=7", &kOwn, "bad value"},
        {"permessage-deflate; server_max_window_bits=16", &kOwn, "bad value"},
        {"permessage-deflate; server_no_context_takeover=0", &kOwn, "bad value"},
        {"permessage-deflate; server_no_context_takeover; server_no_context_takeover", &kOwn, "twice"},
        {"permessage-deflate;", &kOwn, "malformed"},
        {"permessage-deflate", &kShared, "server_no_context_takeover"},
        {"permessage-deflate", &kSmall, "server_max_window_bits"},
        {"permessage-deflate; server_max_window_bits=11", &kSmall, "server_max_window_bits"},
        {"permessage-deflate; server_max_window_bits=10; client_max_window_bits=11", &kSmall, "client_max_window_bits"},
    };
    for (const auto &row : rows) {
        DeflateTerms terms;
        const char *wrong = check_deflate_answer(offer(row.value), row.wish, terms);
        if (!wrong || !strstr(wrong, row.text))
            fail_msg("%s: %s", row.value, wrong ? wrong : "taken");
    }
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offers_that_a_server_accepts),
        cmocka_unit_test(offers_that_a_server_declines),
        cmocka_unit_test(lists_that_break_the_grammar),
        cmocka_unit_test(several_lines_are_one_list),
        cmocka_unit_test(own_windows_are_limited_where_the_client_allows_it),
        cmocka_unit_test(what_a_client_asks_for),
        cmocka_unit_test(answers_that_a_client_takes),
        cmocka_unit_test(answers_that_end_a_client_s_handshake),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
