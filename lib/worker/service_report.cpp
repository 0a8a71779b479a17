#include "worker/service_report.h"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace wm {

namespace {

constexpr char kEnd = '\n', kTab = '\t', kEscape = '\\';
constexpr size_t kMaxName = 32;

/// Of a line: each value has its kind in front, and \t, \n and \\ in a text are escaped.
void put(std::string &out, const ReportValue &value)
{
    out.push_back(kTab);
    if (const bool *truth = std::get_if<bool>(&value))
        out.push_back(*truth ? 'y' : 'n');
    else if (const int64_t *number = std::get_if<int64_t>(&value))
        out.append("#").append(std::to_string(*number));
    else if (const std::string *text = std::get_if<std::string>(&value)) {
        out.push_back('"');
        for (char c : *text) {
            if (c == kTab || c == kEnd || c == kEscape)
                out.push_back(kEscape);
            out.push_back(c == kTab ? 't' : c == kEnd ? 'e' : c);
        }
    }
}

bool get_text(std::string_view in, std::string &out)
{
    for (size_t at = 0; at < in.size(); at++) {
        char c = in[at];
        if (c == kEscape) {
            if (++at == in.size())
                return false;
            c = in[at] == 't' ? kTab : in[at] == 'e' ? kEnd : kEscape;
        }
        out.push_back(c);
    }
    return true;
}

bool get(std::string_view in, ReportValue &out)
{
    if (in.empty())
        return true;
    switch (in[0]) {
    case 'y':
    case 'n':
        out = in[0] == 'y';
        return in.size() == 1;
    case '#': {
        int64_t number = 0;
        auto [end, error] = std::from_chars(in.data() + 1, in.data() + in.size(), number);
        out = number;
        return error == std::errc() && end == in.data() + in.size();
    }
    case '"':
        return get_text(in.substr(1), out.emplace<std::string>());
    default:
        return false;
    }
}

/// Takes what is in front of the next `end` out of `in`; without one, all.
std::string_view take(std::string_view &in, char end)
{
    std::string_view part = in.substr(0, in.find(end));
    in.remove_prefix(std::min(part.size() + 1, in.size()));
    return part;
}

/// As keys of JSON are written without a look at them.
bool is_name(std::string_view text)
{
    auto fits = [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; };
    return !text.empty() && text.size() <= kMaxName && std::all_of(text.begin(), text.end(), fits);
}

/// "one|many NAME COLUMN...", with tabs.
bool read_title(std::string_view line, ReportTable &out)
{
    std::string_view kind = take(line, kTab), name = take(line, kTab);
    out.one = kind == "one";
    out.name = name;
    while (!line.empty() && out.columns.size() < ServiceReport::kMaxColumns) {
        std::string_view column = take(line, kTab);
        if (!is_name(column))
            return false;
        out.columns.emplace_back(column);
    }
    return (out.one || kind == "many") && is_name(name) && !out.columns.empty() && line.empty();
}

/// A tab and a value for each column.
bool read_row(std::string_view line, ReportTable &table)
{
    if (table.rows.size() == (table.one ? 1 : ServiceReport::kMaxRows))
        return false;
    std::vector<ReportValue> &row = table.rows.emplace_back(table.columns.size());
    line.remove_prefix(1);
    for (ReportValue &value : row)
        if (!get(take(line, kTab), value))
            return false;
    return line.empty();
}

} // namespace

std::string ServiceReport::encode() const
{
    std::string out;
    for (const ReportTable &table : tables) {
        out.append(table.one ? "one" : "many").append(1, kTab).append(table.name);
        for (const std::string &column : table.columns)
            out.append(1, kTab).append(column);
        out.push_back(kEnd);
        for (const auto &row : table.rows) {
            for (const ReportValue &value : row)
                put(out, value);
            out.push_back(kEnd);
        }
    }
    return out;
}

bool ServiceReport::decode(std::string_view text)
{
    tables.clear();
    if (text.size() > kMaxText)
        return false;
    while (!text.empty()) {
        std::string_view line = take(text, kEnd);
        bool is_row = line.starts_with(kTab);
        if (is_row ? tables.empty() : tables.size() == kMaxTables)
            return false;
        if (is_row ? !read_row(line, tables.back()) : !read_title(line, tables.emplace_back()))
            return false;
    }
    return true;
}

} // namespace wm
