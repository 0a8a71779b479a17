// Declared framing: length fields of each size and order, delimiters of one byte and more; split at every byte, and the limits to the byte.
#include "proto/frame/delimiter.h"
#include "proto/frame/length_field.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace std::string_literals;
using wm::Step;
using wm::StepKind;
using wm::framed::LengthError;
using wm::framed::LengthField;

using Parse = std::function<Step(const std::string &held)>;

/// Feeds text in two pieces cut at `cut`; each whole message as it was received.
std::vector<std::string> feed(const std::string &text, size_t cut, const Parse &parse)
{
    std::vector<std::string> messages;
    std::string held;
    for (const std::string &piece : {text.substr(0, cut), text.substr(cut)}) {
        held += piece;
        while (!held.empty()) {
            Step step = parse(held);
            if (step.kind == StepKind::kFail)
                return {"fail"};
            if (step.kind == StepKind::kMore) {
                assert_int_equal(step.size, held.size());
                assert_true(step.need == 0 || step.need > held.size());
                break;
            }
            messages.push_back(held.substr(0, step.size));
            held.erase(0, step.size);
        }
    }
    return messages;
}

void assert_same_at_every_cut(const std::string &text, const std::vector<std::string> &expected, const std::function<Parse()> &make)
{
    for (size_t cut = 0; cut <= text.size(); cut++)
        assert_true(feed(text, cut, make()) == expected);
}

Step step_of(const LengthField &field, const std::string &data, uint64_t most)
{
    LengthError error = {};
    return wm::framed::step(field, data.data(), data.size(), most, error);
}

void length__of_each_size_and_order_is_read_at_every_cut(void **)
{
    struct Row {
        LengthField field;
        std::vector<std::string> messages;
    };
    const Row rows[] = {
        {{.size = 1}, {"\0"s, "\1a"s, "\3abc"s}},
        {{.size = 2}, {"\0\0"s, "\0\3abc"s}},
        {{.size = 2, .little = true}, {"\0\0"s, "\3\0abc"s, "\0\1"s + std::string(256, 'x')}},
        {{.size = 4}, {"\0\0\0\3abc"s}},
        {{.size = 4, .little = true}, {"\3\0\0\0abc"s}},
        {{.size = 8}, {"\0\0\0\0\0\0\0\3abc"s}},
        {{.size = 8, .little = true}, {"\3\0\0\0\0\0\0\0abc"s}},
        {wm::framed::kFrame, {"\0\0\0\4"s, "\0\0\0\7abc"s}},
        {{.offset = 3, .size = 2}, {"tag\0\0"s, "tag\0\2ab"s}},
        {{.offset = 2, .size = 1, .adjust = -3}, {"ab\3"s, "ab\5xy"s}}, // the whole message
        {{.offset = 0, .size = 1, .adjust = 2}, {"\0xy"s, "\1axy"s}},   // without a trailer of 2 bytes
    };
    for (const Row &row : rows) {
        std::string text;
        for (const std::string &message : row.messages)
            text += message;
        assert_same_at_every_cut(text, row.messages,
                                 [&] { return [&](const std::string &held) { return step_of(row.field, held, 1000); }; });
    }
}

void length__need_is_that_of_the_whole_message(void **)
{
    assert_int_equal(step_of(wm::framed::kFrame, "\0\0\1"s, 1000).need, 0);
    assert_int_equal(step_of(wm::framed::kFrame, "\0\0\1\0"s, 1000).need, 256);
    assert_int_equal(step_of({.offset = 1, .size = 1}, "x\7abc"s, 1000).need, 9);
}

void length__the_limit_counts_what_is_not_stripped(void **)
{
    assert_int_equal(step_of(wm::framed::kFrame, "\0\0\0\x0e"s, 10).kind, StepKind::kMore);
    assert_int_equal(step_of(wm::framed::kFrame, "\0\0\0\x0f"s, 10).kind, StepKind::kFail);
    assert_int_equal(step_of({.size = 1, .strip = 0}, "\x09"s, 10).kind, StepKind::kMore);
    assert_int_equal(step_of({.size = 1, .strip = 0}, "\x0a"s, 10).kind, StepKind::kFail);
}

void length__that_cannot_be_is_refused(void **)
{
    struct Row {
        LengthField field;
        std::string data;
        LengthError error;
    };
    const Row rows[] = {
        {wm::framed::kFrame, "\0\0\0\0"s, LengthError::kShort},
        {wm::framed::kFrame, "\0\0\0\3"s, LengthError::kShort},
        {wm::framed::kFrame, "\xff\xff\xff\xff"s, LengthError::kLong},
        {{.size = 8}, std::string(8, '\xff'), LengthError::kLong},
        {{.size = 8}, "\x7f"s + std::string(7, '\xff'), LengthError::kLong},
        {{.size = 8, .adjust = -8}, "\x80\0\0\0\0\0\0\0"s, LengthError::kLong},
        {{.size = 8, .adjust = 1 << 30}, "\x7f"s + std::string(7, '\xff'), LengthError::kLong},
        {{.size = 1, .adjust = -100}, "\0"s, LengthError::kShort},
        {{.size = 1, .strip = 5}, "\2ab"s, LengthError::kShort},
    };
    for (const Row &row : rows) {
        LengthError error = row.error == LengthError::kLong ? LengthError::kShort : LengthError::kLong;
        Step step = wm::framed::step(row.field, row.data.data(), row.data.size(), 1000, error);
        assert_int_equal(step.kind, StepKind::kFail);
        assert_int_equal(error, row.error);
    }
}

void length__is_written_as_it_is_read(void **)
{
    for (uint32_t size : {1u, 2u, 4u, 8u})
        for (bool little : {false, true})
            for (int64_t adjust : {int64_t{0}, -int64_t{size}, int64_t{3}})
                for (size_t len : {size_t{3}, size_t{100}, size_t{250}}) {
                    LengthField field = {.size = size, .little = little, .adjust = adjust, .strip = size};
                    char out[LengthField::kMaxSize];
                    assert_int_equal(wm::framed::write_length(field, len, out), size);
                    std::string message = std::string(out, size) + std::string(len, 'x');
                    Step step = step_of(field, message, 1000);
                    assert_int_equal(step.kind, StepKind::kMessage);
                    assert_int_equal(step.size, message.size());
                }
}

void length__over_its_field_is_not_written(void **)
{
    char out[LengthField::kMaxSize];
    assert_int_equal(wm::framed::write_length({.size = 1}, 255, out), 1);
    assert_int_equal(wm::framed::write_length({.size = 1}, 256, out), 0);
    assert_int_equal(wm::framed::write_length({.size = 2, .adjust = -2}, 65533, out), 2);
    assert_int_equal(wm::framed::write_length({.size = 2, .adjust = -2}, 65534, out), 0);
    assert_int_equal(wm::framed::write_length(wm::framed::kFrame, UINT32_MAX - 4, out), 4);
    assert_int_equal(wm::framed::write_length(wm::framed::kFrame, uint64_t{UINT32_MAX} - 3, out), 0);
    assert_int_equal(wm::framed::write_length({.size = 1, .adjust = 5}, 4, out), 0); // would be negative
    assert_int_equal(wm::framed::write_length({.size = 8}, UINT64_MAX, out), 0);
}

void delimiter__of_one_byte_and_more_ends_messages_at_every_cut(void **)
{
    struct Row {
        std::string delimiter;
        std::vector<std::string> messages;
    };
    const Row rows[] = {
        {"|", {"a|", "|", "bcd|"}},         {"\0"s, {"a\0"s, "\0"s}}, {"\r\n", {"a\r\n", "\r\n", "b\rc\n\r\r\n"}},
        {"aab", {"aaaab", "aab", "caab"}}, // begins again inside itself
        {"END", {"xENEND", "END", "EEND"}},
    };
    for (const Row &row : rows) {
        std::string text;
        for (const std::string &message : row.messages)
            text += message;
        assert_same_at_every_cut(text + "E", row.messages, [&] {
            return [&row, searched = uint32_t{0}](const std::string &held) mutable {
                return wm::framed::step(row.delimiter, held.data(), held.size(), 100, searched);
            };
        });
    }
}

void delimiter__the_limit_counts_without_it(void **)
{
    auto kind_of = [](std::string_view delimiter, const std::string &data) {
        uint32_t searched = 0;
        return wm::framed::step(delimiter, data.data(), data.size(), 5, searched).kind;
    };
    assert_int_equal(kind_of("|", "12345|"), StepKind::kMessage);
    assert_int_equal(kind_of("|", "123456|"), StepKind::kFail);
    assert_int_equal(kind_of("|", "12345"), StepKind::kMore);
    assert_int_equal(kind_of("|", "123456"), StepKind::kFail);
    assert_int_equal(kind_of("--", "12345--"), StepKind::kMessage);
    assert_int_equal(kind_of("--", "123456-"), StepKind::kFail);
    assert_int_equal(kind_of("--", "12345-"), StepKind::kMore);
    assert_int_equal(kind_of("--", "123456--"), StepKind::kFail);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(length__of_each_size_and_order_is_read_at_every_cut),
        cmocka_unit_test(length__need_is_that_of_the_whole_message),
        cmocka_unit_test(length__the_limit_counts_what_is_not_stripped),
        cmocka_unit_test(length__that_cannot_be_is_refused),
        cmocka_unit_test(length__is_written_as_it_is_read),
        cmocka_unit_test(length__over_its_field_is_not_written),
        cmocka_unit_test(delimiter__of_one_byte_and_more_ends_messages_at_every_cut),
        cmocka_unit_test(delimiter__the_limit_counts_without_it),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
