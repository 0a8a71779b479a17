#include "proto/http/conditions.h"

#include "proto/ascii.h"
#include "proto/http/fields.h"
#include "proto/http/http_date.h"

namespace wm::http {

namespace {

constexpr std::string_view kWeak = "W/";

bool is_weak(std::string_view tag)
{
    return tag.starts_with(kWeak);
}

std::string_view opaque(std::string_view tag)
{
    return is_weak(tag) ? tag.substr(kWeak.size()) : tag;
}

/// The size of the entity-tag at the front of text; 0: there is none.
size_t tag_size(std::string_view text)
{
    size_t begin = is_weak(text) ? kWeak.size() : 0;
    if (begin >= text.size() || text[begin] != '"')
        return 0;
    size_t end = begin + 1; // etagc: visible but for the quotation mark, or obs-text
    while (end < text.size() && text[end] != '"' && (static_cast<unsigned char>(text[end]) > 0x20 && text[end] != 0x7f))
        end++;
    return end < text.size() && text[end] == '"' ? end + 1 : 0;
}

using Comparison = bool (*)(std::string_view a, std::string_view b);

bool match_strongly(std::string_view a, std::string_view b) // §8.8.3.2
{
    return !is_weak(a) && a == b;
}

bool match_weakly(std::string_view a, std::string_view b)
{
    return opaque(a) == opaque(b);
}

/// Whether a list of entity-tags has one that matches. What is no entity-tag ends the list.
bool list_matches(std::string_view list, std::string_view etag, Comparison matches)
{
    for (;;) {
        size_t begin = list.find_first_not_of(", \t");
        if (begin == std::string_view::npos)
            return false;
        list.remove_prefix(begin);
        size_t size = tag_size(list);
        if (size == 0)
            return false;
        if (matches(list.substr(0, size), etag))
            return true;
        list.remove_prefix(size);
    }
}

struct TagList {
    bool present;
    bool matches;
};

/// All fields of a name, "*" or lists of entity-tags (§13.1.1, §13.1.2).
TagList find_tags(std::string_view fields, std::string_view name, std::string_view etag, Comparison matches)
{
    TagList result = {false, false};
    size_t cursor = 0;
    std::string_view field, value;
    while (field_at(fields, cursor, field, value)) {
        if (!ascii::equal_fold(field, name))
            continue;
        result.present = true;
        result.matches = result.matches || value == "*" || list_matches(value, etag, matches);
    }
    return result;
}

/// A date that stands alone; §13.1.3 and §13.1.4 have a recipient ignore all else.
bool find_date(std::string_view fields, std::string_view name, int64_t now, int64_t &out)
{
    std::string_view value;
    return only_field(fields, name, value) && parse_date(value, now, out);
}

} // namespace

int evaluate_conditions(std::string_view fields, const Validators &present, bool safe)
{
    int64_t date = 0;
    TagList if_match = find_tags(fields, "If-Match", present.etag, match_strongly);
    if (if_match.present ? !if_match.matches : find_date(fields, "If-Unmodified-Since", present.now, date) && present.modified > date)
        return 412;
    TagList if_none_match = find_tags(fields, "If-None-Match", present.etag, match_weakly);
    if (if_none_match.present)
        return !if_none_match.matches ? 0 : safe ? 304 : 412;
    return safe && find_date(fields, "If-Modified-Since", present.now, date) && present.modified <= date ? 304 : 0;
}

bool range_applies(std::string_view fields, const Validators &present)
{
    std::string_view value;
    if (!find_field(fields, "If-Range", value))
        return true;
    if (!only_field(fields, "If-Range", value))
        return false;
    if (is_entity_tag(value))
        return match_strongly(value, present.etag);
    // A date is a strong validator only if the second that it names is over (§8.8.2.2).
    int64_t date = 0;
    return parse_date(value, present.now, date) && date == present.modified && date < present.now;
}

bool is_entity_tag(std::string_view text)
{
    return !text.empty() && tag_size(text) == text.size();
}

} // namespace wm::http
