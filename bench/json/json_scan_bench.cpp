/**
 * @file
 * The cost of scanning a push line, compared with simdjson and cJSON: nanoseconds a line, median of seven rounds that take turns, so that a
 * change of the machine's pace meets all of them. Every way must find the uid, and all but cJSON must read the whole text strictly.
 *
 *   json_scan_bench                     the table
 *   json_scan_bench WAY LINE COUNT      COUNT scans of one line, for callgrind: (Ir of 2000) - (Ir of 1000), divided by 1000
 */
#include "shared/json_scan.h"

#include <cjson/cJSON.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Line {
    const char *name;
    std::string text;
    simdjson::padded_string padded;
};

std::string repeat(std::string_view part, size_t times)
{
    std::string all;
    for (size_t i = 0; i < times; i++)
        all += part;
    return all;
}

std::vector<Line> make_lines()
{
    std::string article = "The build of the branch has passed, the report is at https://ci.example.org/42. ";
    std::vector<std::pair<const char *, std::string>> texts = {
        {"40", R"({"uid":"uid1234567","percent":"88.50%"})"},
        {"100", R"({"uid":"user-42","type":"progress","job":"import","percent":88.5,"done":17200,"left":2240,"ok":true})"},
        {"300", R"({"uid":"user-42","type":"message","id":9007199254740991,"from":{"id":7,"name":"Ada"},"text":")" + repeat(article, 2) +
                    R"(","tags":["build","ci"],"at":1732310000.25,"read":false,"link":null})"},
        {"4000 text", R"({"uid":"user-42","html":")" + repeat(article, 49) + R"("})"},
        {"4000 records",
         R"({"uid":"user-42","rows":[)" + repeat(R"({"id":1234,"name":"alpha","price":12.50,"tags":["a","b"]},)", 69) + R"(null]})"},
        {"300 chinese", R"({"uid":"uid1","text":")" + repeat("推送訊息給客戶端，", 10) + R"("})"},
        {"4000 chinese", R"({"uid":"uid1","text":")" + repeat("推送訊息給客戶端，", 146) + R"("})"},
    };
    std::vector<Line> lines;
    for (auto &[name, text] : texts)
        lines.push_back({name, text, simdjson::padded_string(text)});
    return lines;
}

size_t by_scan(const Line &line)
{
    wm::PushLine read;
    wm::scan_push_line(line.text.data(), line.text.size(), read);
    return read.uid.size();
}

size_t by_dom(const Line &line)
{
    static simdjson::dom::parser parser;
    simdjson::dom::element document;
    std::string_view uid;
    if (parser.parse(line.padded.data(), line.padded.size(), false).get(document) || document["uid"].get(uid))
        return 0;
    return uid.size();
}

/// Visits every value: on demand, simdjson validates only what is asked for.
bool visit(simdjson::ondemand::value value)
{
    using simdjson::ondemand::json_type;
    json_type type{};
    if (value.type().get(type))
        return false;
    switch (type) {
    case json_type::object: {
        simdjson::ondemand::object object;
        if (value.get_object().get(object))
            return false;
        for (auto field : object) {
            std::string_view name;
            simdjson::ondemand::value inner;
            if (field.unescaped_key().get(name) || field.value().get(inner) || !visit(inner))
                return false;
        }
        return true;
    }
    case json_type::array: {
        simdjson::ondemand::array array;
        if (value.get_array().get(array))
            return false;
        for (auto element : array) {
            simdjson::ondemand::value item;
            if (element.get(item) || !visit(item))
                return false;
        }
        return true;
    }
    case json_type::string: {
        std::string_view text;
        return !value.get_string().get(text);
    }
    case json_type::number:
        return !value.raw_json_token().empty(); // its digits are not checked: in favour of simdjson
    case json_type::boolean: {
        bool truth = false;
        return !value.get_bool().get(truth);
    }
    case json_type::null:
        return value.is_null();
    }
    return false;
}

size_t by_ondemand(const Line &line)
{
    static simdjson::ondemand::parser parser;
    simdjson::ondemand::document document;
    simdjson::ondemand::object object;
    if (parser.iterate(line.padded).get(document) || document.get_object().get(object))
        return 0;
    size_t found = 0;
    for (auto field : object) {
        std::string_view name;
        if (field.unescaped_key().get(name))
            return 0;
        if (name == "uid") {
            std::string_view uid;
            if (field.value().get_string().get(uid))
                return 0;
            found = uid.size();
            continue;
        }
        simdjson::ondemand::value value;
        if (field.value().get(value) || !visit(value))
            return 0;
    }
    const char *rest = nullptr; // the position of the reader is the only way to find text after the object
    return document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS ? found : 0;
}

size_t by_cjson(const Line &line)
{
    cJSON *document = cJSON_ParseWithLength(line.text.data(), line.text.size());
    const cJSON *uid = cJSON_GetObjectItemCaseSensitive(document, "uid");
    size_t found = cJSON_IsString(uid) ? std::strlen(uid->valuestring) : 0;
    cJSON_Delete(document);
    return found;
}

struct Way {
    const char *name;
    size_t (*run)(const Line &);
};

constexpr std::array<Way, 4> kWays = {{{"scan", by_scan}, {"dom", by_dom}, {"ondemand", by_ondemand}, {"cjson", by_cjson}}};

void repeat_way(const Way &way, const Line &line, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (way.run(line) == 0) {
            std::fprintf(stderr, "%s finds no uid in line %s\n", way.name, line.name);
            std::exit(1);
        }
    }
}

double nanoseconds(const Way &way, const Line &line, size_t count)
{
    auto start = std::chrono::steady_clock::now();
    repeat_way(way, line, count);
    std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
    return taken.count() / static_cast<double>(count);
}

void print_table(const std::vector<Line> &lines)
{
    constexpr size_t kRounds = 7;
    std::printf("nanoseconds a line, median of %zu\n%-14s %6s", kRounds, "line", "bytes");
    for (const Way &way : kWays)
        std::printf(" %9s", way.name);
    std::printf("\n");
    for (const Line &line : lines) {
        size_t count = 40'000'000 / (line.text.size() + 100);
        std::array<std::array<double, kRounds>, kWays.size()> times{};
        for (size_t round = 0; round < kRounds; round++)
            for (size_t way = 0; way < kWays.size(); way++)
                times[way][round] = nanoseconds(kWays[way], line, count);
        std::printf("%-14s %6zu", line.name, line.text.size());
        for (auto &rounds : times) {
            std::sort(rounds.begin(), rounds.end());
            std::printf(" %9.1f", rounds[kRounds / 2]);
        }
        std::printf("\n");
    }
}

} // namespace

int main(int argc, char **argv)
{
    std::vector<Line> lines = make_lines();
    if (argc == 1) {
        std::printf("simdjson uses %s\n", simdjson::get_active_implementation()->name().c_str());
        print_table(lines);
        return 0;
    }
    for (const Way &way : kWays) {
        for (const Line &line : lines) {
            if (argc == 4 && std::strcmp(way.name, argv[1]) == 0 && std::strcmp(line.name, argv[2]) == 0) {
                repeat_way(way, line, std::strtoull(argv[3], nullptr, 10));
                return 0;
            }
        }
    }
    std::fprintf(stderr, "usage: json_scan_bench [scan|dom|ondemand|cjson LINE COUNT]\n");
    return 2;
}
