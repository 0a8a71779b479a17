#include "wm-serve/config_file.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <sys/stat.h>

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

namespace wm::serve {

namespace {

constexpr const char *kForms = R"(a line is NAME = "TEXT", NAME = 1, NAME = true or NAME = ["TEXT", "TEXT"])";

constexpr size_t kMaxBytes = 1 << 20;

std::string place_of(const std::string &path, const toml::source_position &position)
{
    return path + ":" + std::to_string(position.line);
}

/// What cannot be read to an end, such as /dev/zero, is no file of settings; a pipe is, as /dev/stdin may be one.
bool may_be_settings(FILE *file)
{
    struct stat status;
    return fstat(fileno(file), &status) == 0 && (S_ISREG(status.st_mode) || S_ISFIFO(status.st_mode) || S_ISDIR(status.st_mode));
}

/// Returns why it cannot be read, or nothing.
std::string read_text(const std::string &path, std::string &out)
{
    std::unique_ptr<FILE, int (*)(FILE *)> file(fopen(path.c_str(), "re"), fclose);
    if (!file)
        return strerror(errno);
    if (!may_be_settings(file.get()))
        return "it is neither a file nor a pipe";
    char part[4096];
    while (size_t size = fread(part, 1, sizeof part, file.get())) {
        out.append(part, size);
        if (out.size() > kMaxBytes)
            return "it has more than " + std::to_string(kMaxBytes) + " bytes";
    }
    return ferror(file.get()) != 0 ? strerror(errno) : "";
}

/// Appends the value of a node that is no array; false for what no flag takes.
bool add_value(const toml::node &node, ConfigEntry &out)
{
    if (auto text = node.value_exact<std::string>())
        out.values.push_back(*text);
    else if (auto number = node.value_exact<int64_t>())
        out.values.push_back(std::to_string(*number));
    else if (auto truth = node.value_exact<bool>())
        out.values.emplace_back(*truth ? "true" : "false");
    else
        return false;
    out.has_truth = out.has_truth || node.is_boolean();
    return true;
}

bool add_values(const toml::node &node, ConfigEntry &out)
{
    const toml::array *array = node.as_array();
    if (array == nullptr)
        return add_value(node, out);
    return std::all_of(array->begin(), array->end(), [&out](const toml::node &element) { return add_value(element, out); });
}

} // namespace

std::string read_config_file(const std::string &path, std::vector<ConfigEntry> &out)
{
    std::string text;
    std::string error = read_text(path, text);
    if (!error.empty())
        return "cannot read " + path + ": " + error;
    toml::parse_result parsed = toml::parse(text);
    if (!parsed)
        return place_of(path, parsed.error().source().begin) + ": " + std::string(parsed.error().description()) + "; " + kForms;
    std::vector<std::pair<toml::source_position, ConfigEntry>> entries;
    for (auto &&[key, node] : parsed.table()) {
        ConfigEntry entry = {std::string(key.str()), {}, place_of(path, key.source().begin), false};
        if (node.is_table())
            return entry.place + ": [" + entry.key + "]: tables are not used here; " + kForms;
        if (!add_values(node, entry))
            return entry.place + ": " + entry.key + ": no value of this kind is used here; " + kForms;
        bool has_nul =
            std::any_of(entry.values.begin(), entry.values.end(), [](const std::string &value) { return value.find('\0') != value.npos; });
        if (has_nul)
            return entry.place + ": " + entry.key + ": a text with a NUL character (\\u0000) is no value of a setting";
        entries.emplace_back(key.source().begin, std::move(entry));
    }
    std::sort(entries.begin(), entries.end(), [](const auto &a, const auto &b) { return a.first < b.first; });
    for (auto &[position, entry] : entries)
        out.push_back(std::move(entry));
    return "";
}

} // namespace wm::serve
