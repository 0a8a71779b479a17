// What a service tells for `status`, as text and back.
#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "process/report/json_text.h"
#include "process/report/service_tables.h"
#include "worker/service_report.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

namespace {

using wm::ServiceReport;

ServiceReport report()
{
    ServiceReport out;
    out.tables = {{"engine", true, {"name", "fresh", "rtt_us", "error"}, {{std::string("redis"), true, int64_t{-3}, std::monostate()}}},
                  {"machines", false, {"name"}, {{std::string("a\tb\nc\\d\0e", 9)}, {std::string()}, {std::monostate()}}},
                  {"none", false, {"name"}, {}},
                  {"nothing", true, {"name"}, {}}};
    return out;
}

bool decodes(const std::string &text)
{
    return ServiceReport().decode(text);
}

void every_value_comes_back(void **)
{
    ServiceReport got;
    assert_true(got.decode(report().encode()));
    assert_int_equal(got.tables.size(), 4);
    for (size_t i = 0; i < got.tables.size(); i++) {
        const wm::ReportTable &one = got.tables[i];
        ServiceReport all = report();
        const wm::ReportTable &other = all.tables[i];
        assert_true(one.name == other.name && one.one == other.one && one.columns == other.columns && one.rows == other.rows);
    }
    assert_true(got.decode("") && got.tables.empty());
}

void what_breaks_the_form__is_refused(void **)
{
    for (const char *text : {"x\tname\tcolumn\n", "one\n", "one\tname\n", "one\tNAME\tcolumn\n", "one\tname\tco\"l\n", "\t#1\n",
                             "one\ta\tb\n\tz\n", "one\ta\tb\n\t#\n", "one\ta\tb\n\t#12x\n", "one\ta\tb\n\t#99999999999999999999\n",
                             "one\ta\tb\n\tyes\n", "one\ta\tb\n\t\"x\\\n", "one\ta\tb\n\ty\ty\n", "one\ta\tb\n\ty\n\ty\n"})
        assert_false(decodes(text));
}

void limits(void **)
{
    auto times = [](const std::string &text, size_t count) {
        std::string out;
        for (size_t i = 0; i < count; i++)
            out += text;
        return out;
    };
    using Report = ServiceReport;
    assert_true(decodes("many\ta\tb\n" + times("\ty\n", Report::kMaxRows)));
    assert_false(decodes("many\ta\tb\n" + times("\ty\n", Report::kMaxRows + 1)));
    assert_true(decodes(times("many\ta\tb\n", Report::kMaxTables)));
    assert_false(decodes(times("many\ta\tb\n", Report::kMaxTables + 1)));
    assert_true(decodes("many\ta" + times("\tb", Report::kMaxColumns) + "\n"));
    assert_false(decodes("many\ta" + times("\tb", Report::kMaxColumns + 1) + "\n"));
    assert_false(decodes("many\ta\tb\n\t\"" + std::string(Report::kMaxText, 'x') + "\n"));
}

void every_cut__is_refused_or_read(void **)
{
    std::string whole = report().encode();
    for (size_t size = 0; size < whole.size(); size++) {
        ServiceReport got;
        if (got.decode(whole.substr(0, size)))
            for (const wm::ReportTable &table : got.tables)
                for (const auto &row : table.rows)
                    assert_int_equal(row.size(), table.columns.size());
    }
}

void as_text_and_json(void **)
{
    ServiceReport shown;
    shown.tables = {report().tables[0], {"machines", false, {"name", "node"}, {{std::string("a"), int64_t{1}}, {std::string("b"), {}}}}};
    std::string text, json;
    wm::append_tables(text, shown);
    wm::JsonText out(json);
    wm::json_tables(out, shown);
    assert_string_equal(json.c_str(), R"({"engine":{"name":"redis","fresh":true,"rtt_us":-3,"error":null},)"
                                      R"("machines":[{"name":"a","node":1},{"name":"b","node":null}]})");
    assert_string_equal(text.c_str(), "engine  name   fresh  rtt_us  error\n"
                                      "        redis  yes    -3      -\n"
                                      "machines  name  node\n"
                                      "          a     1\n"
                                      "          b     -\n");
    json.clear();
    wm::JsonText none(json);
    wm::json_tables(none, report());
    assert_non_null(strstr(json.c_str(), R"("none":[],"nothing":null})"));
}

} // namespace

int main()
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_comes_back),
        cmocka_unit_test(what_breaks_the_form__is_refused),
        cmocka_unit_test(limits),
        cmocka_unit_test(every_cut__is_refused_or_read),
        cmocka_unit_test(as_text_and_json),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
