// Server-sent events byte for byte, what is none, and what a client reads back.
#include "proto/http/event_stream.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace std::string_view_literals;
using wm::http::Event;

// The event, written into a buffer of exactly the size that was counted.
std::string written(const Event &event)
{
    size_t size = wm::http::event_size(event);
    std::unique_ptr<char[]> out(new char[size]);
    assert_int_equal(wm::http::write_event(out.get(), event), size);
    return {out.get(), size};
}

void event__as_bytes(void **)
{
    const struct {
        Event event;
        std::string_view bytes;
    } rows[] = {
        {{.data = "x"}, "data: x\n\n"},
        {{.data = ""}, "data: \n\n"},
        {{.data = "a\nb"}, "data: a\ndata: b\n\n"},
        {{.data = "a\rb"}, "data: a\ndata: b\n\n"},
        {{.data = "a\r\nb"}, "data: a\ndata: b\n\n"},
        {{.data = "a\n\rb"}, "data: a\ndata: \ndata: b\n\n"},
        {{.data = "a\r\r\n"}, "data: a\ndata: \ndata: \n\n"},
        {{.data = "\n"}, "data: \ndata: \n\n"},
        {{.data = " x: y"}, "data:  x: y\n\n"}, // one space is the client's to drop
        {{.data = "a\0b"sv}, "data: a\0b\n\n"sv},
        {{.id = "7", .type = "t", .retry_ms = 1000, .data = "x"}, "id: 7\nevent: t\nretry: 1000\ndata: x\n\n"},
        {{.id = "", .data = "x"}, "id: \ndata: x\n\n"},
        {{.retry_ms = 0}, "retry: 0\n\n"},
        {{.retry_ms = INT64_MAX}, "retry: 9223372036854775807\n\n"},
        {{.id = "only"}, "id: only\n\n"},
        {{.type = "", .data = "\xe4\xb8\xad"}, "data: \xe4\xb8\xad\n\n"},
    };
    for (const auto &row : rows) {
        assert_null(wm::http::check_event(row.event));
        assert_string_equal(written(row.event).c_str(), row.bytes.data());
        assert_int_equal(written(row.event).size(), row.bytes.size());
    }
}

void event__that_is_none(void **)
{
    const Event rows[] = {
        {},
        {.type = "t"},
        {.id = "a\nb", .data = "x"},
        {.id = "a\rb", .data = "x"},
        {.id = "a\0b"sv, .data = "x"},
        {.type = "a\nb", .data = "x"},
        {.type = "a\rb", .data = "x"},
        {.data = "\x80"},
        {.data = "\xed\xa0\x80"},
        {.data = "cut \xe4\xb8"},
        {.id = "\xff", .data = "x"},
        {.type = "\xff", .data = "x"},
    };
    for (const Event &row : rows)
        assert_non_null(wm::http::check_event(row));
}

// What a client takes the bytes for (WHATWG HTML §9.2.6): one event, of which only the data is looked at.
std::string data_of(std::string_view bytes)
{
    std::string data;
    size_t events = 0;
    while (!bytes.empty()) {
        size_t end = bytes.find('\n');
        std::string_view line = bytes.substr(0, end);
        assert_true(end != bytes.npos && line.find('\r') == line.npos);
        bytes.remove_prefix(end + 1);
        if (line.empty())
            events++;
        else if (line.starts_with("data: "))
            data.append(line.substr(6)).push_back('\n');
        else
            fail_msg("a line that is no data");
    }
    assert_int_equal(events, 1);
    data.pop_back();
    return data;
}

void event__data_arrives_with_its_lines(void **)
{
    std::mt19937 random(7);
    for (int round = 0; round < 2000; round++) {
        std::string data, expected;
        for (size_t i = random() % 12; i > 0; i--)
            data.push_back("\r\nab:"[random() % 5]);
        for (size_t i = 0; i < data.size(); i++) {
            bool second = data[i] == '\n' && i > 0 && data[i - 1] == '\r';
            if (!second)
                expected.push_back(data[i] == '\r' ? '\n' : data[i]);
        }
        assert_string_equal(data_of(written({.data = data})).c_str(), expected.c_str());
    }
}

void comment__each_line_is_one(void **)
{
    const struct {
        std::string_view text, bytes;
    } rows[] = {{"", ": \n\n"}, {"a", ": a\n\n"}, {"a\r\nb\nc", ": a\n: b\n: c\n\n"}, {"data: x", ": data: x\n\n"}};
    for (const auto &row : rows) {
        char out[64];
        assert_null(wm::http::check_comment(row.text));
        size_t size = wm::http::comment_size(row.text);
        assert_int_equal(wm::http::write_comment(out, row.text), size);
        assert_string_equal(std::string(out, size).c_str(), std::string(row.bytes).c_str());
    }
    assert_non_null(wm::http::check_comment("\xfe"));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(event__as_bytes),
        cmocka_unit_test(event__that_is_none),
        cmocka_unit_test(event__data_arrives_with_its_lines),
        cmocka_unit_test(comment__each_line_is_one),
    };
    return cmocka_run_group_tests_name("http_event_stream", tests, nullptr, nullptr);
}
