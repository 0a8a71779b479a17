/**
 * @file
 * The report as JSON.
 */
#include "report.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace hub_load {

namespace {

constexpr std::array<const char *, static_cast<size_t>(Wrong::kCount)> kNames{
    "false_ok",  "unanswered",  "false_offline", "false_fail", "twice",      "missed_broadcast", "cut",
    "lost_page", "closed_page", "stray",         "refused",    "never_open", "not_well"};

std::string quoted(const std::string &text)
{
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c < ' ' ? '?' : c;
    }
    return out + '"';
}

std::string text_of(uint64_t value)
{
    return std::to_string(value);
}

std::string text_of(double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.1f", value);
    return text;
}

std::string key_of(const std::string &key)
{
    return quoted(key);
}

std::string key_of(int32_t key)
{
    return quoted(std::to_string(key));
}

template <class Map> std::string object(const Map &map)
{
    std::string out;
    for (const auto &[key, value] : map)
        out += (out.empty() ? "" : ",") + key_of(key) + ":" + text_of(value);
    return "{" + out + "}";
}

std::string list(const std::vector<std::string> &texts)
{
    std::string out;
    for (const std::string &text : texts)
        out += (out.empty() ? "" : ",") + quoted(text);
    return "[" + out + "]";
}

} // namespace

void Report::wrong(Wrong kind, int64_t now_ms, const char *format, ...)
{
    auto at = static_cast<size_t>(kind);
    wrong_[at]++;
    if (examples_[at].size() == kExamples)
        return;
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    examples_[at].push_back(std::to_string(now_ms) + " ms: " + text);
}

bool Report::violated() const
{
    return std::any_of(wrong_.begin(), wrong_.end(), [](uint64_t count) { return count > 0; });
}

std::string Report::json() const
{
    std::map<std::string, uint64_t> violations;
    std::string examples;
    for (size_t kind = 0; kind < kKinds; kind++) {
        violations[kNames[kind]] = wrong_[kind];
        if (wrong_[kind] > 0)
            examples += (examples.empty() ? "" : ",") + quoted(kNames[kind]) + ":" + list(examples_[kind]);
    }
    return "{\"violations\":" + object(violations) + ",\"examples\":{" + examples + "},\"counts\":" + object(counts) +
           ",\"failed\":" + object(failed) + ",\"closes\":" + object(closes) + ",\"rates\":" + object(rates) + "}";
}

} // namespace hub_load
