// Conditional requests: each field, its comparison, and their precedence (RFC 9110 §13.1, §13.2.2).
#include "proto/http/conditions.h"

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

constexpr int64_t kModified = 784111777; // Sun, 06 Nov 1994 08:49:37 GMT
constexpr int64_t kNow = 1790000000;

#define AT "Sun, 06 Nov 1994 08:49:37 GMT\r\n"
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT\r\n"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT\r\n"

struct Row {
    const char *fields;
    int read;  ///< the status of a GET
    int write; ///< of a POST
};

void expect(const char *etag, const Row &row)
{
    std::string fields = row.fields; // of exactly its size, for the sanitizer
    wm::http::Validators present = {etag, kModified, kNow};
    int read = wm::http::evaluate_conditions(fields, present, true), write = wm::http::evaluate_conditions(fields, present, false);
    if (read != row.read || write != row.write)
        fail_msg("%s with ETag %s: %d and %d, expected %d and %d", row.fields, etag, read, write, row.read, row.write);
}

void a_strong_tag(void **)
{
    const Row rows[] = {
        {"", 0, 0},
        {"Host: a\r\n", 0, 0},
        // If-Match: strong
        {"If-Match: \"x\"\r\n", 0, 0},
        {"if-match: \"x\"\r\n", 0, 0},
        {"If-Match: *\r\n", 0, 0},
        {"If-Match: \"y\"\r\n", 412, 412},
        {"If-Match: W/\"x\"\r\n", 412, 412},
        {"If-Match: \"X\"\r\n", 412, 412},
        {"If-Match: \"y\", \"x\"\r\n", 0, 0},
        {"If-Match: \"y\",,\t\"x\" ,\r\n", 0, 0},
        {"If-Match: \"y\"\r\nIf-Match: \"x\"\r\n", 0, 0},
        {"If-Match: \"a,b\", \"x\"\r\n", 0, 0},
        {"If-Match: \"a, \"x\"\r\n", 412, 412},
        {"If-Match:\r\n", 412, 412},
        {"If-Match: x\r\n", 412, 412},
        {"If-Match: \"x\r\n", 412, 412},
        {"If-Match: 'x'\r\n", 412, 412},
        {"If-Match: w/\"x\"\r\n", 412, 412},
        {"If-Match: *, \"x\"\r\n", 412, 412},
        // If-Unmodified-Since
        {"If-Unmodified-Since: " AT, 0, 0},
        {"If-Unmodified-Since: " AFTER, 0, 0},
        {"If-Unmodified-Since: " BEFORE, 412, 412},
        {"If-Unmodified-Since: Sunday, 06-Nov-94 08:49:36 GMT\r\n", 412, 412},
        {"If-Unmodified-Since: Sun Nov  6 08:49:36 1994\r\n", 412, 412},
        {"If-Unmodified-Since: yesterday\r\n", 0, 0},
        {"If-Unmodified-Since: " BEFORE "If-Unmodified-Since: " BEFORE, 0, 0},
        // If-None-Match: weak
        {"If-None-Match: \"x\"\r\n", 304, 412},
        {"If-None-Match: W/\"x\"\r\n", 304, 412},
        {"If-None-Match: *\r\n", 304, 412},
        {"If-None-Match: \"y\"\r\n", 0, 0},
        {"If-None-Match: \"\"\r\n", 0, 0},
        {"If-None-Match: \"y\", W/\"x\"\r\n", 304, 412},
        {"If-None-Match: \"y\" \"x\"\r\n", 304, 412},
        {"If-None-Match: y, \"x\"\r\n", 0, 0},
        {"If-None-Match:\r\n", 0, 0},
        // If-Modified-Since: of GET and HEAD alone
        {"If-Modified-Since: " AT, 304, 0},
        {"If-Modified-Since: " AFTER, 304, 0},
        {"If-Modified-Since: " BEFORE, 0, 0},
        {"If-Modified-Since: 0\r\n", 0, 0},
        {"If-Modified-Since: " AT "If-Modified-Since: " AT, 0, 0},
        // precedence
        {"If-Unmodified-Since: " BEFORE "If-Match: \"x\"\r\n", 0, 0},
        {"If-Unmodified-Since: " AT "If-Match: \"y\"\r\n", 412, 412},
        {"If-Modified-Since: " AT "If-None-Match: \"y\"\r\n", 0, 0},
        {"If-Modified-Since: " BEFORE "If-None-Match: \"x\"\r\n", 304, 412},
        {"If-None-Match: \"x\"\r\nIf-Match: \"y\"\r\n", 412, 412},
        {"If-None-Match: \"x\"\r\nIf-Match: \"x\"\r\n", 304, 412},
        {"If-Modified-Since: " AT "If-Unmodified-Since: " BEFORE, 412, 412},
        {"If-Modified-Since: " AT "If-Unmodified-Since: " AT, 304, 0},
    };
    for (const Row &row : rows)
        expect("\"x\"", row);
}

void a_weak_tag__never_matches_strongly(void **)
{
    const Row rows[] = {
        {"If-Match: W/\"x\"\r\n", 412, 412},      {"If-Match: \"x\"\r\n", 412, 412},      {"If-Match: *\r\n", 0, 0},
        {"If-None-Match: W/\"x\"\r\n", 304, 412}, {"If-None-Match: \"x\"\r\n", 304, 412}, {"If-None-Match: W/\"y\"\r\n", 0, 0},
    };
    for (const Row &row : rows)
        expect("W/\"x\"", row);
}

void if_range(void **)
{
    const struct {
        const char *fields;
        const char *etag;
        int64_t now;
        bool applies;
    } rows[] = {
        {"", "\"x\"", kNow, true},
        {"If-Range: \"x\"\r\n", "\"x\"", kNow, true},
        {"If-Range: \"y\"\r\n", "\"x\"", kNow, false},
        {"If-Range: W/\"x\"\r\n", "\"x\"", kNow, false},
        {"If-Range: W/\"x\"\r\n", "W/\"x\"", kNow, false},
        {"If-Range: \"x\"\r\n", "W/\"x\"", kNow, false},
        {"If-Range: *\r\n", "\"x\"", kNow, false},
        {"If-Range: \"x\", \"y\"\r\n", "\"x\"", kNow, false},
        {"If-Range: \"x\"\r\nIf-Range: \"x\"\r\n", "\"x\"", kNow, false},
        {"If-Range:\r\n", "\"x\"", kNow, false},
        {"If-Range: " AT, "\"x\"", kNow, true},
        {"If-Range: Sun Nov  6 08:49:37 1994\r\n", "\"x\"", kNow, true},
        {"If-Range: " BEFORE, "\"x\"", kNow, false},
        {"If-Range: " AFTER, "\"x\"", kNow, false},   // a date is compared exactly
        {"If-Range: " AT, "\"x\"", kModified, false}, // this second is not over
        {"If-Range: " AT, "\"x\"", kModified + 1, true},
        {"If-Range: soon\r\n", "\"x\"", kNow, false},
    };
    for (const auto &row : rows)
        if (wm::http::range_applies(row.fields, {row.etag, kModified, row.now}) != row.applies)
            fail_msg("%s with ETag %s", row.fields, row.etag);
}

void entity_tags(void **)
{
    for (const char *tag : {"\"\"", "\"x\"", "W/\"\"", "W/\"x\"", "\"a,b\"", "\"\\\"", "\"\xff\"", "\"!#~\""})
        assert_true(wm::http::is_entity_tag(tag));
    for (const char *text :
         {"", "x", "\"", "\"x", "x\"", "\"x\"y", " \"x\"", "\"x\" ", "w/\"x\"", "W/", "W/x", "W\"x\"", "\"a b\"", "\"\x7f\"", "\"\t\""})
        assert_false(wm::http::is_entity_tag(text));
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_strong_tag),
        cmocka_unit_test(a_weak_tag__never_matches_strongly),
        cmocka_unit_test(if_range),
        cmocka_unit_test(entity_tags),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
