#include "core/nearest.h"

#include <algorithm>

namespace wm {

namespace {

constexpr size_t kLongest = 64; // names are short, so the rest of a longer text does not matter
constexpr size_t kPrefix = 3;   // letters that say which name they begin

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool same(char a, char b)
{
    return lower(a) == lower(b);
}

std::string_view letters_of(std::string_view text)
{
    text.remove_prefix(std::min(text.find_first_not_of('-'), text.size()));
    return text.substr(0, kLongest);
}

/// Optimal string alignment: each insertion, deletion, replacement and swap of neighbours counts one.
size_t distance(std::string_view a, std::string_view b)
{
    size_t rows[3][kLongest + 1];
    size_t *older = rows[0], *old = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.size(); j++)
        row[j] = j;
    for (size_t i = 1; i <= a.size(); i++) {
        std::swap(older, old);
        std::swap(old, row);
        row[0] = i;
        for (size_t j = 1; j <= b.size(); j++) {
            row[j] = std::min({old[j] + 1, row[j - 1] + 1, old[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1)});
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                row[j] = std::min(row[j], older[j - 2] + 1);
        }
    }
    return row[b.size()];
}

} // namespace

const char *nearest(std::string_view given, const char *const *names, size_t count)
{
    const char *best = nullptr;
    given = letters_of(given);
    size_t limit = given.size() < kPrefix ? 1 : 2 * (given.size() / 3) + 1; // of half edits, exclusive
    for (size_t i = 0; i < count; i++) {
        std::string_view name = letters_of(names[i]);
        bool begins = given.size() >= kPrefix && given.size() < name.size() && std::equal(given.begin(), given.end(), name.begin(), same);
        size_t here = begins ? 1 : 2 * distance(given, name);
        if (here < limit) {
            best = names[i];
            limit = here;
        }
    }
    return best;
}

} // namespace wm
