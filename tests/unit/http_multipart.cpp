// The parser of multipart/form-data: parts as clients send them, what is refused, and that each octet is looked at once.
#include "unit/multipart_feed.h"

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

using std::string;
using std::string_view;
using wm::http::MultipartLimits;
using wm::http::MultipartParser;

struct Row {
    string_view body;
    string_view log;
};

#define FIELD "Content-Disposition: form-data; name=a\r\n"
#define PART "--b\r\n" FIELD "\r\n"
#define MARK "refused: RFC 2046 §5.1.1: a boundary must end its line, with CRLF, or with \"--\" and CRLF if it is the last"
#define EARLY "refused: RFC 2046 §5.1.1: the body ends before the last boundary, which has \"--\" behind it"
#define LINE_END "refused: a header line must end with CRLF and have no other control character (RFC 9110 §5.5)"
#define LINE "refused: a header line must be \"Name: value\", the name a token (RFC 9110 §5.1)"

void expect(string_view boundary, const Row &row, const MultipartLimits &limits = multipart_feed::kLimits)
{
    multipart_feed::Outcome outcome = multipart_feed::play_all_cuts(boundary, row.body, limits);
    if (outcome.broken || outcome.log != row.log)
        fail_msg("of\n%.*s\ncame\n%s\nand not\n%.*s", static_cast<int>(row.body.size()), row.body.data(), outcome.log.c_str(),
                 static_cast<int>(row.log.size()), row.log.data());
}

void parts__are_handed_out_however_the_body_is_cut(void **)
{
    const Row rows[] = {
        {PART "one\r\n--b--\r\n", "a: one\nend"},
        {PART "one\r\n--b--", "a: one\nend"},
        {PART "one\r\n--b\r\nContent-Disposition: form-data; name=\"c\"\r\n\r\ntwo\r\n--b--\r\n", "a: one\nc: two\nend"},
        {"--b--\r\n", "end"},
        {"\r\n--b--", "end"},
        // Without data: with the CRLF before a boundary, and without (RFC 2046 §5.1.1: body-part := headers [CRLF data]).
        {PART "\r\n--b--\r\n", "a: \nend"},
        {PART "--b--\r\n", "a: \nend"},
        // Preamble and epilogue are for readers of mail.
        {"read me\r\n" PART "one\r\n--b--\r\nno more\r\n--b\r\n", "a: one\nend"},
        {"\r\n\r\n--\r\n--c\r\n\r\n--b\r\n" FIELD "\r\none\r\n--b--", "a: one\nend"},
        {"x--b\r\n" PART "one\r\n--b--", "a: one\nend"},
        // Transport padding.
        {"--b \t\r\n" FIELD "\r\none\r\n--b  \r\n" FIELD "\r\ntwo\r\n--b-- \t \r\nrest", "a: one\na: two\nend"},
        // What only looks like a boundary.
        {PART "\r\n-\r\n--\r\n--\r\r\n--a--b\r\n --b\n--b\r--b\r\n--b--", "a: \r\n-\r\n--\r\n--\r\r\n--a--b\r\n --b\n--b\r--b\nend"},
        {PART "-\r\n--b--", "a: -\nend"},
        {PART "--\r\n--b--", "a: --\nend"},
        {PART "--a\r\n\r\n\r\n\r\n--b--", "a: --a\r\n\r\n\r\n\nend"},
        {PART "\r\r\n--b--", "a: \r\nend"},
        {PART "\r\n\r\n--b--", "a: \r\n\nend"},
    };
    for (const Row &row : rows)
        expect("b", row);
    expect("b", {string_view("--b\r\n" FIELD "\r\n\0\xff\r\n--b--", sizeof("--b\r\n" FIELD "\r\n\0\xff\r\n--b--") - 1),
                 string_view("a: \0\xff\nend", 9)});
}

void boundaries__of_all_allowed_octets_and_lengths(void **)
{
    const string longest(MultipartParser::kMaxBoundary, '-');
    for (string_view boundary : {string_view("'()+_,-./:=? x"), string_view("-"), string_view("--"), string_view(longest)}) {
        assert_true(MultipartParser::is_boundary(boundary));
        string body = "--" + string(boundary) + "\r\n" FIELD "\r\none\r\n-\r\n--\r\n---" + "\r\n--" + string(boundary) + "--\r\n";
        if (boundary.size() > 2 && boundary != longest)
            expect(boundary, {body, "a: one\r\n-\r\n--\r\n---\nend"});
        body = "--" + string(boundary) + "\r\n" FIELD "\r\none\r\n--" + string(boundary) + "--\r\n";
        expect(boundary, {body, "a: one\nend"});
    }
    const string too_long(MultipartParser::kMaxBoundary + 1, 'x');
    for (string_view boundary : {string_view(""), string_view("x "), string_view("a\r\n"), string_view("a\"b"), string_view("a;b"),
                                 string_view("\xc3\xa4"), string_view("a\0b", 3), string_view(too_long)})
        assert_false(MultipartParser::is_boundary(boundary));
}

void clients__are_understood(void **)
{
    // Chromium and Firefox, with a field whose name has a quote, and an input without a chosen file.
    expect("----WebKitFormBoundary7MA4YWxkTrZu0gW",
           {"------WebKitFormBoundary7MA4YWxkTrZu0gW\r\nContent-Disposition: form-data; name=\"say %22hi%22\"\r\n\r\nline\r\nline\r\n"
            "------WebKitFormBoundary7MA4YWxkTrZu0gW\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\"\r\n"
            "Content-Type: application/octet-stream\r\n\r\n\r\n------WebKitFormBoundary7MA4YWxkTrZu0gW--\r\n",
            "say \"hi\": line\r\nline\nf (application/octet-stream) []: \nend"});
    // curl -F 'a=1' -F 'f=@x.txt'
    expect("------------------------d74496d66958873e",
           {"--------------------------d74496d66958873e\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"
            "--------------------------d74496d66958873e\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.txt\"\r\n"
            "Content-Type: text/plain\r\n\r\nhello\n\r\n--------------------------d74496d66958873e--\r\n",
            "a: 1\nf (text/plain) [x.txt]: hello\n\nend"});
    // python-requests (urllib3 1.24): a name that is not ASCII
    expect("0f2e", {"--0f2e\r\nContent-Disposition: form-data; name=\"f\"; filename*=utf-8''%E6%97%A5.txt\r\n\r\nx\r\n--0f2e--\r\n",
                    "f [\xe6\x97\xa5.txt]: x\nend"});
    // PHP's CURLFile, and others that put the type first; names in lower case; filename before name
    expect("b", {"--b\r\ncontent-type: image/png\r\ncontent-disposition: form-data; filename=\"a;b.png\"; name=f\r\n\r\nPNG\r\n--b--\r\n",
                 "f (image/png) [a;b.png]: PNG\nend"});
    // .NET: tokens, both kinds of filenames
    expect("b", {"--b\r\nContent-Disposition: form-data; name=f; filename=x.txt; filename*=utf-8''y%20z.txt\r\n\r\nN\r\n--b--\r\n",
                 "f [y z.txt]: N\nend"});
    // Apache HttpClient: more header lines; several files of one name
    expect("b",
           {"--b\r\nContent-Disposition: form-data; name=\"f[]\"; filename=\"1\"\r\nContent-Type: text/plain; charset=UTF-8\r\n"
            "Content-Transfer-Encoding: binary\r\n\r\n1\r\n--b\r\nContent-Disposition: form-data; name=\"f[]\"; filename=\"2\"\r\n\r\n2"
            "\r\n--b--\r\n",
            "f[] (text/plain; charset=UTF-8) [1]: 1\nf[] [2]: 2\nend"});
}

void bodies__that_break_a_rule_are_refused(void **)
{
    const Row rows[] = {
        {"", EARLY},
        {"no boundary at all", EARLY},
        {"-", EARLY},
        {"--b", EARLY},
        {"--b\r\n", EARLY},
        {"--b-", EARLY},
        {PART "data", "a: data" EARLY},
        {PART "data\r\n", "a: data" EARLY},
        {PART "data\r\n--b", "a: data\n" EARLY},
        {PART "data\r\n--b\r\n", "a: data\n" EARLY},
        {PART "data\r\n--b--\r", "a: data\n" EARLY},
        {"--b\r\n" FIELD, EARLY},
        {"--b\n" FIELD "\r\n", MARK},
        {"--bx\r\n" FIELD "\r\n", MARK},
        {"--b x\r\n" FIELD "\r\n", MARK},
        {"--b\rx", MARK},
        {"--b-x", MARK},
        {"--b--x", MARK},
        {"--b--\rx", MARK},
        {PART "one\r\n--bx\r\n", "a: one\n" MARK},
        {"--b\r\nContent-Disposition: form-data; name=a\n\r\n", "refused: RFC 2046 §5.1.1: LF without CR in the header lines of a part"},
        {"--b\r\n\n", "refused: RFC 2046 §5.1.1: LF without CR in the header lines of a part"},
        {"--b\r\nContent-Disposition: form-data; name=\ra\r\n\r\n", LINE_END},
        {"--b\r\nX: a\001\r\n" FIELD "\r\n", LINE_END},
        {"--b\r\n" FIELD " folded\r\n\r\n", LINE},
        {"--b\r\nno colon\r\n\r\n", LINE},
        {"--b\r\nX : y\r\n\r\n", LINE},
        {"--b\r\n: y\r\n\r\n", LINE},
        {"--b\r\n\r\ndata\r\n--b--", "refused: RFC 7578 §4.2: a part must have a Content-Disposition"},
        {"--b\r\nContent-Type: text/plain\r\n\r\n", "refused: RFC 7578 §4.2: a part must have a Content-Disposition"},
    };
    for (const Row &row : rows)
        expect("b", row);
}

void limits__are_at_what_they_say(void **)
{
    const string head = FIELD "\r\n";
    const string body = "--b\r\n" + head + "1\r\n--b\r\n" + head + "2\r\n--b--";
    expect("b", {body, "a: 1\na: 2\nend"}, {2, head.size()});
    expect("b", {body, "a: 1\nrefused: RFC 7578 §4.3: more parts than max_parts"}, {1, head.size()});
    expect("b", {body, "refused: RFC 7578 §4.8: the header lines of a part are longer than max_part_header_bytes"}, {2, head.size() - 1});
    MultipartParser parser("b");
    assert_int_equal(parser.step(body.data(), body.size(), {2, head.size() - 1}).kind, wm::http::MultipartStep::kFail);
    assert_int_equal(parser.limit(), head.size() - 1);
}

void bombs__are_refused_early(void **)
{
    string many;
    for (int i = 0; i < 1'000'000; i++)
        many += "--b\r\n" FIELD "\r\n\r\n";
    multipart_feed::Outcome outcome = multipart_feed::play("b", string_view(many).substr(0, 1 << 16));
    assert_int_equal(outcome.parts, 1024);
    assert_string_equal(outcome.log.substr(outcome.log.rfind("refused")).c_str(), "refused: RFC 7578 §4.3: more parts than max_parts");
    // The parser has not read on: it takes the whole in as many steps.
    MultipartParser parser("b");
    size_t used = 0;
    size_t steps = 0;
    for (;; steps++) {
        wm::http::MultipartStep step = parser.step(many.data() + used, many.size() - used, multipart_feed::kLimits);
        used += step.size;
        if (step.kind == wm::http::MultipartStep::kFail)
            break;
    }
    assert_int_equal(steps, 2 * 1024);
    assert_int_equal(used, 1024 * (sizeof("--b\r\n" FIELD "\r\n\r\n") - 1) + 3);

    const string header = "--b\r\nX: " + string(1 << 20, 'x') + "\r\n" FIELD "\r\n\r\n--b--";
    outcome = multipart_feed::dribble("b", string_view(header).substr(0, 16 * 1024));
    assert_string_equal(outcome.log.c_str(), "refused: RFC 7578 §4.8: the header lines of a part are longer than max_part_header_bytes");
    assert_true(outcome.kept <= multipart_feed::kLimits.max_part_header_bytes);
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(parts__are_handed_out_however_the_body_is_cut),
        cmocka_unit_test(boundaries__of_all_allowed_octets_and_lengths),
        cmocka_unit_test(clients__are_understood),
        cmocka_unit_test(bodies__that_break_a_rule_are_refused),
        cmocka_unit_test(limits__are_at_what_they_say),
        cmocka_unit_test(bombs__are_refused_early),
    };
    return cmocka_run_group_tests_name("http_multipart", tests, nullptr, nullptr);
}
