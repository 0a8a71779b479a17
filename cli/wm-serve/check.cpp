#include "wm-serve/check.h"

#include "shared/json_write.h"
#include "shared/printable.h"

#include <algorithm>
#include <cstdio>
#include <vector>

namespace wm::serve {

namespace {

std::string text_of(const Setting &setting)
{
    std::string text;
    for (const std::string &value : setting.values)
        text += (text.empty() ? "" : " ") + printable_as_typed(value, value.size());
    return text.empty() ? "-" : text;
}

void print_table(const std::vector<Setting> &settings)
{
    size_t name_width = 0, value_width = 0;
    for (const Setting &setting : settings) {
        name_width = std::max(name_width, setting.name.size());
        value_width = std::max(value_width, text_of(setting).size());
    }
    for (const Setting &setting : settings)
        printf("%-*s  %-*s  %s\n", static_cast<int>(name_width), setting.name.c_str(), static_cast<int>(value_width),
               text_of(setting).c_str(), setting.source.c_str());
}

std::string json_of(const std::vector<std::string> &texts)
{
    std::string json = "[";
    for (const std::string &text : texts) {
        json += json.size() > 1 ? "," : "";
        append_json_string(json, text);
    }
    return json + "]";
}

/// null for a setting that is not set, a list for one that may be given several times.
std::string value_json(const Setting &setting)
{
    if (setting.is_list)
        return json_of(setting.values);
    if (setting.values.empty())
        return "null";
    if (setting.is_switch)
        return setting.values[0];
    std::string json;
    append_json_string(json, setting.values[0]);
    return json;
}

void print_json(const Settings &settings, const std::string &error)
{
    std::string rows = "[";
    for (const Setting &setting : settings.all) {
        rows += rows.size() > 1 ? "," : "";
        rows += JsonObject().add("name", setting.name).add_json("value", value_json(setting)).add("source", setting.source).text();
    }
    JsonObject document;
    document.add_json("ok", error.empty() ? "true" : "false");
    if (!error.empty())
        document.add("error", error);
    document.add_json("warnings", json_of(settings.warnings)).add_json("settings", rows + "]");
    printf("%s\n", document.text().c_str());
}

} // namespace

int print_check(const CommandLine &line, const std::string &error)
{
    if (line.command.json)
        print_json(line.settings, error);
    else if (error.empty())
        print_table(line.settings.all);
    if (fflush(stdout) != 0) {
        perror((line.sub->tool() + " check: standard output").c_str());
        return 1;
    }
    return error.empty() ? 0 : kUsage;
}

} // namespace wm::serve
