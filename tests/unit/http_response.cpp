// The heads of responses, byte for byte, and what header lines a host may give.
#include "proto/http/response_writer.h"

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using namespace std::string_literals;
using wm::http::ResponseHead;

constexpr std::string_view kDate = "Sun, 06 Nov 1994 08:49:37 GMT";

// The head, written into a buffer of exactly the promised size.
std::string written(const ResponseHead &head)
{
    size_t bound = wm::http::head_bound(head.fields.size());
    std::unique_ptr<char[]> out(new char[bound]);
    size_t size = wm::http::write_head(out.get(), head);
    assert_true(size <= bound);
    return {out.get(), size};
}

void expect_head(const ResponseHead &head, const char *expected)
{
    assert_string_equal(written(head).c_str(), expected);
}

void head__of_an_ordinary_response(void **)
{
    ResponseHead head;
    head.date = kDate;
    head.content_length = 12;
    head.default_type = true;
    expect_head(head, "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                      "Content-Type: text/html;charset=utf-8\r\nContent-Length: 12\r\n\r\n");
    head.fields = "content-type: text/plain\r\nX: y\r\n";
    head.status = 404;
    expect_head(head, "HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 12\r\n"
                      "content-type: text/plain\r\nX: y\r\n\r\n");
}

// The head, made to close in a buffer of exactly the promised size.
std::string closing(const std::string &head)
{
    size_t bound = wm::http::closing_bound(head.size());
    std::unique_ptr<char[]> out(new char[bound]);
    size_t size = wm::http::write_closing(out.get(), head);
    assert_true(size <= bound);
    return {out.get(), size};
}

void closing__says_what_a_head_that_closes_says(void **)
{
    for (int number : {0, 1, 2, 3}) {
        ResponseHead head;
        head.date = {};
        head.minor = number % 2;
        head.says_keep_alive = number > 1;
        head.fields = "X: Connection: keep-alive\r\nY: z\r\n";
        std::string kept = written(head);
        head.keep_alive = false;
        assert_string_equal(closing(kept).c_str(), written(head).c_str());
    }
}

void head__connection_by_version(void **)
{
    ResponseHead head;
    expect_head(head, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    head.minor = 0;
    expect_head(head, "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n");
    head.minor = 1;
    head.says_keep_alive = true;
    expect_head(head, "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n");
    head.fields = "Upgrade: h2c\r\n";
    expect_head(head, "HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nContent-Length: 0\r\nUpgrade: h2c\r\n\r\n");
    head.fields = {};
    head.keep_alive = false;
    expect_head(head, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    head.minor = 0;
    expect_head(head, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    head.minor = 1;
    head.says_keep_alive = false;
    expect_head(head, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    head.fields = "connection: close\r\n";
    expect_head(head, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nconnection: close\r\n\r\n");
}

// RFC 9110 §7.8: the sender of Upgrade also sends the connection option.
void head__upgrade_is_a_connection_option(void **)
{
    ResponseHead head;
    head.fields = "Upgrade: h2c\r\n";
    expect_head(head, "HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nContent-Length: 0\r\nUpgrade: h2c\r\n\r\n");
    assert_string_equal(closing(written(head)).c_str(),
                        "HTTP/1.1 200 OK\r\nConnection: close\r\nConnection: Upgrade\r\nContent-Length: 0\r\nUpgrade: h2c\r\n\r\n");
    head.minor = 0;
    expect_head(head, "HTTP/1.1 200 OK\r\nConnection: keep-alive, Upgrade\r\nContent-Length: 0\r\nUpgrade: h2c\r\n\r\n");
    assert_string_equal(closing(written(head)).c_str(),
                        "HTTP/1.1 200 OK\r\nConnection: close, Upgrade\r\nContent-Length: 0\r\nUpgrade: h2c\r\n\r\n");
    head.keep_alive = false;
    expect_head(head, "HTTP/1.1 200 OK\r\nConnection: close, Upgrade\r\nContent-Length: 0\r\nUpgrade: h2c\r\n\r\n");
    head.fields = "Upgrade: h2c\r\nConnection: close\r\n";
    expect_head(head, "HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nContent-Length: 0\r\nUpgrade: h2c\r\nConnection: close\r\n\r\n");
}

void head__length_only_where_it_may_stand(void **)
{
    ResponseHead head;
    head.content_length = UINT64_MAX;
    expect_head(head, "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n");
    head.with_length = false;
    expect_head(head, "HTTP/1.1 200 OK\r\n\r\n");
    head.with_length = true;
    head.default_type = true;
    head.status = 304;
    expect_head(head, "HTTP/1.1 304 Not Modified\r\n\r\n");
    head.status = 204;
    expect_head(head, "HTTP/1.1 204 No Content\r\n\r\n");
    head.status = 205;
    expect_head(head, "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n");
}

void head__unknown_status_has_an_empty_reason(void **)
{
    ResponseHead head;
    head.status = 299;
    expect_head(head, "HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n");
    head.status = 999;
    expect_head(head, "HTTP/1.1 999 \r\nContent-Length: 0\r\n\r\n");
}

void head__the_longest_fits_its_bound(void **)
{
    ResponseHead head;
    head.date = kDate;
    head.content_length = UINT64_MAX;
    head.default_type = true;
    head.minor = 0;
    head.fields = "Upgrade:\r\n";
    for (head.status = 200; head.status < 1000; head.status++)
        assert_true(written(head).size() <= wm::http::head_bound(head.fields.size()));
}

void reason__registered(void **)
{
    assert_true(wm::http::reason_phrase(413) == "Content Too Large");
    assert_true(wm::http::reason_phrase(422) == "Unprocessable Content");
    assert_true(wm::http::reason_phrase(431) == "Request Header Fields Too Large");
    assert_true(wm::http::reason_phrase(511) == "Network Authentication Required");
    int known = 0;
    for (int status = -1; status < 1100; status++)
        known += wm::http::reason_phrase(status).empty() ? 0 : 1;
    assert_int_equal(known, 59); // 102 and 103 among them
    for (int status : {0, 100, 306, 418, 199, 600})
        assert_true(wm::http::reason_phrase(status).empty());
}

void date__as_the_c_library_says(void **)
{
    char out[wm::http::kDateSize];
    assert_int_equal(wm::http::format_date(784111777, out), wm::http::kDateSize);
    assert_memory_equal(out, kDate.data(), kDate.size());
    // A step without a common factor with day, month or year, over all years that fit.
    for (int64_t when = 0; when <= 253402300799; when += 3000017) {
        wm::http::format_date(static_cast<time_t>(when), out);
        time_t time = static_cast<time_t>(when);
        tm broken{};
        gmtime_r(&time, &broken);
        char expected[64];
        assert_int_equal(strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S GMT", &broken), wm::http::kDateSize);
        assert_memory_equal(out, expected, wm::http::kDateSize);
    }
}

void date__out_of_range_is_clamped(void **)
{
    char out[wm::http::kDateSize];
    wm::http::format_date(-1, out);
    assert_memory_equal(out, "Thu, 01 Jan 1970 00:00:00 GMT", wm::http::kDateSize);
    wm::http::format_date(253402300800, out);
    assert_memory_equal(out, "Fri, 31 Dec 9999 23:59:59 GMT", wm::http::kDateSize);
}

void check_fields__accepts(void **)
{
    for (std::string_view fields :
         {"", "A: b\r\n", "A:\r\n", "A:b\r\nC: d\te\r\n", "Set-Cookie: a\r\nSet-Cookie: b\r\n", "X: \xe4\xb8\xad\r\n", "Dates: x\r\n"}) {
        bool wants_close = true;
        assert_null(wm::http::check_fields(fields, wants_close));
        assert_false(wants_close);
    }
    for (std::string_view fields : {"Connection: close\r\n", "A: b\r\nconnection:\t CLOSE \r\nC: d\r\n"}) {
        bool wants_close = false;
        assert_null(wm::http::check_fields(fields, wants_close));
        assert_true(wants_close);
    }
}

void check_fields__refuses(void **)
{
    for (const std::string &fields : {"A"s,
                                      "A: b"s,
                                      "A: b\r"s,
                                      "A: b\n"s,
                                      "A: b\r\n\r\n"s,
                                      "A: b\r\nC"s,
                                      ": b\r\n"s,
                                      "A : b\r\n"s,
                                      " A: b\r\n"s,
                                      "A: b\r\n c\r\n"s,
                                      "A: b\nC: d\r\n"s,
                                      "A: b\rC: d\r\n"s,
                                      "A: \0\r\n"s,
                                      "A: \x7f\r\n"s,
                                      "A\0: b\r\n"s,
                                      "\r\n"s,
                                      "(A): b\r\n"s,
                                      "Content-Length: 1\r\n"s,
                                      "content-length: 1\r\n"s,
                                      "Transfer-Encoding: chunked\r\n"s,
                                      "DATE: x\r\n"s,
                                      "Connection: keep-alive\r\n"s,
                                      "Connection: close, upgrade\r\n"s,
                                      "Connection:\r\n"s,
                                      "Connection: close\r\nConnection: close\r\n"s}) {
        bool wants_close = false;
        if (wm::http::check_fields(fields, wants_close) == nullptr)
            fail_msg("taken: %s", fields.c_str());
    }
}

void head__chunked_where_there_is_content(void **)
{
    ResponseHead head;
    head.with_length = false;
    head.chunked = true;
    expect_head(head, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int status : {204, 205, 304}) {
        head.status = status;
        assert_true(written(head).find("Transfer-Encoding") == std::string::npos);
    }
}

void interim__is_a_head_of_its_own(void **)
{
    char out[256];
    const std::string fields = "Link: </a>\r\n";
    size_t size = wm::http::write_interim(out, 103, fields);
    assert_true(size <= wm::http::interim_bound(fields.size()));
    assert_string_equal(std::string(out, size).c_str(), "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    size = wm::http::write_interim(out, 199, {});
    assert_string_equal(std::string(out, size).c_str(), "HTTP/1.1 199 \r\n\r\n");
    assert_null(wm::http::check_interim_fields(fields));
    assert_non_null(wm::http::check_interim_fields("Connection: close\r\n"));
    assert_non_null(wm::http::check_interim_fields("Content-Length: 1\r\n"));
    assert_non_null(wm::http::check_interim_fields("A: b\n"));
}

void chunk_size__is_hexadecimal(void **)
{
    const struct {
        size_t size;
        const char *text;
    } rows[] = {{1, "1\r\n"}, {15, "f\r\n"}, {16, "10\r\n"}, {4096, "1000\r\n"}, {SIZE_MAX, "ffffffffffffffff\r\n"}};
    for (const auto &row : rows) {
        char out[wm::http::kMaxChunkSize];
        assert_string_equal(std::string(out, wm::http::write_chunk_size(out, row.size)).c_str(), row.text);
    }
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(head__of_an_ordinary_response),
        cmocka_unit_test(head__connection_by_version),
        cmocka_unit_test(head__upgrade_is_a_connection_option),
        cmocka_unit_test(head__length_only_where_it_may_stand),
        cmocka_unit_test(head__chunked_where_there_is_content),
        cmocka_unit_test(interim__is_a_head_of_its_own),
        cmocka_unit_test(chunk_size__is_hexadecimal),
        cmocka_unit_test(head__unknown_status_has_an_empty_reason),
        cmocka_unit_test(head__the_longest_fits_its_bound),
        cmocka_unit_test(closing__says_what_a_head_that_closes_says),
        cmocka_unit_test(reason__registered),
        cmocka_unit_test(date__as_the_c_library_says),
        cmocka_unit_test(date__out_of_range_is_clamped),
        cmocka_unit_test(check_fields__accepts),
        cmocka_unit_test(check_fields__refuses),
    };
    return cmocka_run_group_tests_name("http_response", tests, nullptr, nullptr);
}
