// Media types: extensions of names, our own table, and a text in the format of /etc/mime.types.
#include "proto/http/media_types.h"

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

using wm::http::MediaTypes;

void expect(const char *found, const char *wanted)
{
    if (wanted == nullptr)
        assert_null(found);
    else if (found == nullptr)
        fail_msg("nothing found, expected %s", wanted);
    else
        assert_string_equal(found, wanted);
}

void extensions(void **)
{
    const struct {
        const char *path, *extension;
    } rows[] = {{"index.html", "html"},
                {"/a.b/c.TXT", "TXT"},
                {"a.tar.gz", "gz"},
                {"/a.b/c", ""},
                {"README", ""},
                {".profile", "profile"},
                {"a.", ""},
                {"", ""},
                {"/", ""},
                {"a/.", ""},
                {"..", ""},
                {"dir.d/", ""}};
    for (const auto &row : rows)
        assert_string_equal(std::string(wm::http::extension_of(row.path)).c_str(), row.extension);
}

void our_own(void **)
{
    expect(wm::http::common_type("html"), "text/html;charset=utf-8");
    expect(wm::http::common_type("JS"), "text/javascript;charset=utf-8");
    expect(wm::http::common_type("png"), "image/png");
    expect(wm::http::common_type("htmlx"), nullptr);
    expect(wm::http::common_type(""), nullptr);
}

void a_table(void **)
{
    MediaTypes types("# a comment\n"
                     "\n"
                     "text/html\t\t\thtml htm SHTML\r\n"
                     "application/json  json map # the second is ours\n"
                     "text/plain asc txt\n"
                     "image/jpeg jpeg jpg\n"
                     "application/x-nothing\n"
                     "image/other jpg\n"
                     "no-type xyz\n"
                     "bad/ty(pe) xyz\n"
                     "/half xyz\n"
                     "half/ xyz\n"
                     "a/b/c xyz\n"
                     "TEXT/X-Upper up\n"
                     "x/long abcdefghijklmnopqrstuvwxyzabcdef abcdefghijklmnopqrstuvwxyzabcdefg\n"
                     "video/mp4 mp4");
    expect(types.find("html"), "text/html;charset=utf-8");
    expect(types.find("HTM"), "text/html;charset=utf-8");
    expect(types.find("shtml"), "text/html;charset=utf-8");
    expect(types.find("json"), "application/json");
    expect(types.find("Map"), "application/json");
    expect(types.find("asc"), "text/plain;charset=utf-8");
    expect(types.find("jpg"), "image/jpeg");
    expect(types.find("up"), "TEXT/X-Upper;charset=utf-8");
    expect(types.find("mp4"), "video/mp4");
    expect(types.find("abcdefghijklmnopqrstuvwxyzabcdef"), "x/long");
    for (const char *absent : {"", "xyz", "htmlx", "ht", "the", "ours", "zzz", "abcdefghijklmnopqrstuvwxyzabcdefg"})
        expect(types.find(absent), nullptr);
}

void nothing(void **)
{
    for (const char *text : {"", "\n", "#", "a", "text/html", "text/html\n\n"}) {
        MediaTypes types(text);
        assert_true(types.empty());
        expect(types.find("html"), nullptr);
    }
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(extensions),
        cmocka_unit_test(our_own),
        cmocka_unit_test(a_table),
        cmocka_unit_test(nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
