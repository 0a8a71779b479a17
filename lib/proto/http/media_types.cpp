#include "proto/http/media_types.h"

#include "proto/ascii.h"

#include <algorithm>

namespace wm::http {

namespace {

constexpr std::string_view kSpace = " \t\r\v\f";
constexpr std::string_view kCharset = ";charset=utf-8";

struct Common {
    std::string_view extension;
    const char *type;
};

constexpr Common kCommon[] = {
    {"html", "text/html;charset=utf-8"},
    {"htm", "text/html;charset=utf-8"},
    {"css", "text/css;charset=utf-8"},
    {"js", "text/javascript;charset=utf-8"},
    {"mjs", "text/javascript;charset=utf-8"},
    {"json", "application/json"},
    {"map", "application/json"},
    {"webmanifest", "application/manifest+json"},
    {"wasm", "application/wasm"},
    {"xml", "text/xml;charset=utf-8"},
    {"txt", "text/plain;charset=utf-8"},
    {"md", "text/markdown;charset=utf-8"},
    {"csv", "text/csv;charset=utf-8"},
    {"svg", "image/svg+xml"},
    {"png", "image/png"},
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"avif", "image/avif"},
    {"ico", "image/vnd.microsoft.icon"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"ttf", "font/ttf"},
    {"otf", "font/otf"},
    {"mp3", "audio/mpeg"},
    {"ogg", "audio/ogg"},
    {"wav", "audio/x-wav"},
    {"mp4", "video/mp4"},
    {"webm", "video/webm"},
    {"pdf", "application/pdf"},
    {"zip", "application/zip"},
    {"gz", "application/gzip"},
};

/// Takes the next word off the front of a line; empty at its end.
std::string_view take_word(std::string_view &line)
{
    size_t begin = line.find_first_not_of(kSpace);
    line = begin == std::string_view::npos ? std::string_view() : line.substr(begin);
    std::string_view word = line.substr(0, line.find_first_of(kSpace));
    line.remove_prefix(word.size());
    return word;
}

/// type "/" subtype (RFC 9110 §8.3.1).
bool is_type(std::string_view text)
{
    size_t slash = text.find('/');
    return slash != std::string_view::npos && slash > 0 && slash + 1 < text.size() && ascii::is_token(text.substr(0, slash)) &&
           ascii::is_token(text.substr(slash + 1));
}

/// -1, 0 or 1, as if both were in lower case.
int compare_fold(std::string_view a, std::string_view b)
{
    auto less = [](char x, char y) { return ascii::lower(x) < ascii::lower(y); };
    if (std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), less))
        return -1;
    return ascii::equal_fold(a, b) ? 0 : 1;
}

} // namespace

std::string_view extension_of(std::string_view path)
{
    std::string_view name = path.substr(path.rfind('/') + 1); // npos + 1 is 0
    size_t dot = name.rfind('.');
    return dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
}

const char *common_type(std::string_view extension)
{
    for (const Common &each : kCommon)
        if (ascii::equal_fold(each.extension, extension))
            return each.type;
    return nullptr;
}

MediaTypes::MediaTypes(std::string_view text)
{
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        take_line(line.substr(0, line.find('#')));
    }
    std::stable_sort(entries_.begin(), entries_.end(),
                     [](const Entry &a, const Entry &b) { return compare_fold(a.extension, b.extension) < 0; });
}

void MediaTypes::take_line(std::string_view line)
{
    std::string_view type = take_word(line);
    if (!is_type(type))
        return;
    size_t place = types_.size();
    for (std::string_view word = take_word(line); !word.empty(); word = take_word(line))
        if (word.size() <= kMaxExtension)
            entries_.push_back({std::string(word), place});
    if (entries_.empty() || entries_.back().type != place)
        return; // most types of the system's table have no extension
    types_.append(type);
    if (ascii::equal_fold(type.substr(0, 5), "text/"))
        types_.append(kCharset);
    types_.push_back('\0');
}

const char *MediaTypes::find(std::string_view extension) const
{
    auto less = [](const Entry &entry, std::string_view wanted) { return compare_fold(entry.extension, wanted) < 0; };
    auto found = std::lower_bound(entries_.begin(), entries_.end(), extension, less);
    bool there = found != entries_.end() && ascii::equal_fold(found->extension, extension);
    return there ? types_.data() + found->type : nullptr;
}

} // namespace wm::http
