// Names with values: queries and forms, cookies, media types, the header lines of a part, and their decoding.
#include "proto/http/cookies.h"
#include "proto/http/disposition.h"
#include "proto/http/form_pairs.h"
#include "proto/http/media_type.h"
#include "proto/http/percent.h"

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

struct Row {
    string_view in;
    string_view out;
};

template <class Decode> string decoded(string_view raw, Decode decode)
{
    string out(raw.size(), '#');
    out.resize(static_cast<size_t>(decode(out.data(), raw) - out.data()));
    return out;
}

/// "name=value|" for each pair, decoded, and behind them the error.
template <class Pairs> string walked(Pairs pairs)
{
    string out;
    for (wm::http::Pair raw; pairs.next(raw);)
        out.append(decoded(raw.name, Pairs::decode_name)).append("=").append(decoded(raw.value, Pairs::decode_value)).append("|");
    if constexpr (requires { pairs.wrong(); })
        out.append(pairs.wrong() ? pairs.wrong() : "");
    return out;
}

void expect(const Row &row, const string &got)
{
    if (got != row.out)
        fail_msg("of \"%.*s\" came \"%s\", not \"%.*s\"", static_cast<int>(row.in.size()), row.in.data(), got.c_str(),
                 static_cast<int>(row.out.size()), row.out.data());
}

void form_pairs__as_whatwg_url(void **)
{
    const Row rows[] = {
        {"", ""},
        {"a=1&b=2", "a=1|b=2|"},
        {"&&a=1&&&b=2&", "a=1|b=2|"},
        {"&", ""},
        {"a", "a=|"},
        {"a&b=", "a=|b=|"},
        {"=", "=|"},
        {"=1", "=1|"},
        {"a=b=c", "a=b=c|"},
        {"a==", "a==|"},
        {"a+b=c+d", "a b=c d|"},
        {"%2B=%26%3D", "+=&=|"},
        {"a%", "a%=|"},
        {"a%4", "a%4=|"},
        {"%zz=%4g", "%zz=%4g|"},
        {"%%41", "%A=|"},
        {"%e4%B8%ad", "\xe4\xb8\xad=|"},
        {"a[]=1&a[]=2&a[k]=3", "a[]=1|a[]=2|a[k]=3|"},
        {"a;b=1", "a;b=1|"},
        {"a=1?b", "a=1?b|"},
        {"a= 1 &b", "a= 1 |b=|"},
    };
    for (const Row &row : rows)
        expect(row, walked(wm::http::FormPairs(row.in)));
    expect({"%00", string_view("a\0=|", 4)}, walked(wm::http::FormPairs("a%00")));
}

void cookies__raw_from_all_fields(void **)
{
    const Row rows[] = {
        {"", ""},
        {"Host: a\r\n", ""},
        {"Cookie: a=1\r\n", "a=1|"},
        {"cookie: a=1; b=2\r\nX: c=3\r\nCOOKIE: d=4;e=5\r\n", "a=1|b=2|d=4|e=5|"},
        {"Cookie:\r\nCookie: ;; ;\r\nCookie: a=1;\r\n", "a=1|"},
        {"Cookie:  a\t= \t1 2\t ; b=\r\n", "a=1 2|b=|"},
        {"Cookie: a=\"quoted\"; b=\" x \"\r\n", "a=\"quoted\"|b=\" x \"|"},
        {"Cookie: a=%41+b\r\n", "a=%41+b|"},
        {"Cookie: alone; a=1; =nameless; =; b==\r\n", "a=1|b==|"},
        {"Cookie: a=1; a=2\r\n", "a=1|a=2|"},
        {"Cookie: a=1, b=2\r\n", "a=1, b=2|"},
        {"Cookie: a=\"x;y\"\r\n", "a=\"x|"}, // a quoted semicolon ends the value, too (RFC 6265 §5.4)
        {"X-Cookie: a=1\r\n", ""},
    };
    for (const Row &row : rows)
        expect(row, walked(wm::http::Cookies(row.in)));
}

#define PAIR "RFC 9110 §5.6.6: a parameter must be name=value, without white space around '='"
#define VALUE "RFC 9110 §5.6.6: a parameter must be name=value, the value a token or a quoted string"
#define SEPARATOR "RFC 9110 §5.6.6: parameters must be separated by ';', and values with other octets than a token's be quoted"
#define QUOTE "RFC 9110 §5.6.4: a quoted string must end with a quote"
#define TYPE "RFC 9110 §8.3.1: a media type must be type/subtype, as in text/html"

void media_types__and_their_parameters(void **)
{
    const Row rows[] = {
        {"text/html", "text/html=|"},
        {"Text/HTML;Charset=UTF-8", "text/html=|charset=UTF-8|"},
        {"text/html; charset=\"utf-8\"", "text/html=|charset=utf-8|"},
        {"text/html \t;\t charset=a ; b=c", "text/html=|charset=a|b=c|"},
        {"text/html;", "text/html=|"},
        {"text/html;;; a=b ;", "text/html=|a=b|"},
        {"a/b;c=\"\"", "a/b=|c=|"},
        {"a/b;c=\"d\\\"e\\\\f\\g\"", "a/b=|c=d\"e\\fg|"},
        {"a/b;c=\"d;e=f\"", "a/b=|c=d;e=f|"},
        {"multipart/form-data; boundary=----=_Part_1/2:3?@", "multipart/form-data=|boundary=----=_Part_1/2:3?@|"},
        {"application/vnd.api+json", "application/vnd.api+json=|"},
        {"", TYPE},
        {"text", TYPE},
        {"text/", TYPE},
        {"/html", TYPE},
        {"text /html", TYPE},
        {"text/html,text/plain", "text/html=|" SEPARATOR},
        {"text/html charset=a", "text/html=|" SEPARATOR},
        {"a/b;c", "a/b=|" PAIR},
        {"a/b;c =d", "a/b=|" PAIR},
        {"a/b;=d", "a/b=|" PAIR},
        {"a/b;c=", "a/b=|" VALUE},
        {"a/b;c= d", "a/b=|" VALUE},
        {"a/b;c=;d=e", "a/b=|" VALUE},
        {"a/b;c=\"d", "a/b=|" QUOTE},
        {"a/b;c=\"d\\\"", "a/b=|" QUOTE},
        {"a/b;c=\"", "a/b=|" QUOTE},
        {"a/b;c=\"d\"e", "a/b=|c=d|" SEPARATOR},
        {"a/b;c=d\\e", "a/b=|c=d|" SEPARATOR},
    };
    for (const Row &row : rows)
        expect(row, walked(wm::http::MediaType(row.in)));
}

/// "name|filename|type", a filename that is missing being "-"; or the error.
string read_head(string_view fields)
{
    wm::http::PartHead head;
    if (const char *wrong = wm::http::read_part_head(fields, head))
        return wrong;
    string name(head.text_size(), '#');
    name.resize(static_cast<size_t>(wm::http::decode_part_name(name.data(), head) - name.data()));
    string filename(head.text_size(), '#');
    filename.resize(static_cast<size_t>(wm::http::decode_part_filename(filename.data(), head) - filename.data()));
    return name + "|" + (head.is_file() ? filename : "-") + "|" + string(head.type);
}

#define D "Content-Disposition: form-data"
#define EXTENDED "RFC 8187 §3.2.1: filename* must be UTF-8'language'name, percent-encoded UTF-8 without control characters"
#define ONE_NAME "RFC 7578 §4.2: a part must have one name, and one filename at most"
#define ONE_FIELD "RFC 7578 §4.2: a part must have one Content-Disposition, and one Content-Type at most"

void part_heads__names_and_filenames(void **)
{
    const Row rows[] = {
        {D ";name=a\r\n", "a|-|"},
        {D "; name=\"a\"\r\n", "a|-|"},
        {D "; name=\"\"\r\n", "|-|"},
        {"content-disposition: FORM-DATA; NAME=a; FileName=b\r\nCONTENT-TYPE: Text/Plain \r\n", "a|b|Text/Plain"},
        {D "; filename=\"b\"; x=y; name=\"a\"\r\n", "a|b|"},
        {D "; name=a; filename=\"\"\r\n", "a||"},
        {D "; name=\"a b;c=d\"\r\n", "a b;c=d|-|"},
        {D "; name=\"\xe4\xb8\xad\"; filename=\"\xff\"\r\n", "\xe4\xb8\xad|\xff|"},
        // What clients write for a quote, and for a backslash.
        {D "; name=\"a\\\"b\"; filename=\"a%22b\"\r\n", "a\"b|a\"b|"},
        {D "; name=\"a\\\\\"; filename=\"C:\\new\\x\\\\y.txt\"\r\n", "a\\|C:\\new\\x\\y.txt|"},
        {D "; name=\"100%25 %0d%0A%2\"; filename=%22\r\n", "100%25 %0d%0A%2|%22|"},
        {D "; name=\"../../etc/passwd\"\r\n", "../../etc/passwd|-|"},
        // filename* (RFC 6266 §4.3)
        {D "; name=a; filename*=UTF-8''%e4%b8%ad%20x\r\n", "a|\xe4\xb8\xad x|"},
        {D "; name=a; filename=\"b\"; filename*=utf-8'de'c\r\n", "a|c|"},
        {D "; name=a; filename*=utf-8''c; filename=\"=?utf-8?B?Yw==?=\"\r\n", "a|c|"},
        {D "; name=a; filename*=utf-8''\r\n", "a||"},
        {D "; name=a; filename*=UTF-8''%c3\r\n", EXTENDED},
        {D "; name=a; filename*=UTF-8''%ff\r\n", EXTENDED},
        {D "; name=a; filename*=UTF-8''a%00\r\n", EXTENDED},
        {D "; name=a; filename*=UTF-8''a%0a\r\n", EXTENDED},
        {D "; name=a; filename*=UTF-8''a%7f\r\n", EXTENDED},
        {D "; name=a; filename*=UTF-8''a%2\r\n", EXTENDED},
        {D "; name=a; filename*=UTF-8'a\r\n", EXTENDED},
        {D "; name=a; filename*=ISO-8859-1''a\r\n", EXTENDED},
        {D "; name=a; filename*=\"UTF-8''a\"\r\n", EXTENDED},
        {"", "RFC 7578 §4.2: a part must have a Content-Disposition"},
        {"X: y\r\n", "RFC 7578 §4.2: a part must have a Content-Disposition"},
        {"Content-Disposition:\r\n", "RFC 7578 §4.2: the Content-Disposition of a part must be form-data"},
        {"Content-Disposition: attachment; name=a\r\n", "RFC 7578 §4.2: the Content-Disposition of a part must be form-data"},
        {D "\r\n", "RFC 7578 §4.2: the Content-Disposition of a part must have a name"},
        {D "; filename=a\r\n", "RFC 7578 §4.2: the Content-Disposition of a part must have a name"},
        {D "; name=a; name=b\r\n", ONE_NAME},
        {D "; name=a; NAME=\"a\"\r\n", ONE_NAME},
        {D "; name=a; filename=\"\"; filename=b\r\n", ONE_NAME},
        {D "; name=a\r\n" D "; name=b\r\n", ONE_FIELD},
        {D "; name=a\r\nContent-Type:\r\nContent-Type: a/b\r\n", ONE_FIELD},
        {D "; name=\"a\r\n", QUOTE},
        {D "; name=\"a\\\"\r\n", QUOTE},
        {D "; name\r\n", PAIR},
        {D "; name=a filename=b\r\n", SEPARATOR},
    };
    for (const Row &row : rows)
        expect(row, read_head(row.in));
}

void paths__are_decoded_but_for_plus(void **)
{
    const Row rows[] = {
        {"", ""}, {"/", "/"}, {"/a%20b+c", "/a b+c"}, {"/%2e%2E%2f", "/../"}, {"/%e4%b8%ad", "/\xe4\xb8\xad"}, {"/%25%32%35", "/%25"},
    };
    for (const Row &row : rows)
        expect(row, decoded(row.in, wm::http::decode_path));
    char out[16];
    for (string_view bad : {string_view("/%"), string_view("/%4"), string_view("/%4g"), string_view("/%00"), string_view("/\0", 2)})
        assert_null(wm::http::decode_path(out, bad));
}

} // namespace

int main()
{
    const CMUnitTest tests[] = {
        cmocka_unit_test(form_pairs__as_whatwg_url),         cmocka_unit_test(cookies__raw_from_all_fields),
        cmocka_unit_test(media_types__and_their_parameters), cmocka_unit_test(part_heads__names_and_filenames),
        cmocka_unit_test(paths__are_decoded_but_for_plus),
    };
    return cmocka_run_group_tests_name("http_form", tests, nullptr, nullptr);
}
