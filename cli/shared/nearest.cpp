#include "shared/nearest.h"

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace wm {

namespace {

constexpr size_t kLongest = 64; // names are short: of a longer text the rest does not matter

std::string letters_of(std::string_view text)
{
    text.remove_prefix(std::min(text.find_first_not_of('-'), text.size()));
    std::string letters(text.substr(0, kLongest));
    std::transform(letters.begin(), letters.end(), letters.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return letters;
}

/// Optimal string alignment: insertions, deletions, replacements and swaps of neighbours count one each.
size_t distance(const std::string &a, const std::string &b)
{
    std::vector<size_t> older(b.size() + 1), old(b.size() + 1), row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); j++)
        row[j] = j;
    for (size_t i = 1; i <= a.size(); i++) {
        older.swap(old);
        old.swap(row);
        row[0] = i;
        for (size_t j = 1; j <= b.size(); j++) {
            row[j] = std::min({old[j] + 1, row[j - 1] + 1, old[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], older[j - 2] + 1);
        }
    }
    return row[b.size()];
}

} // namespace

std::string nearest(std::string_view given, const std::vector<std::string> &names)
{
    std::string letters = letters_of(given), best;
    size_t limit = std::max<size_t>(letters.size() / 3, 1) + 1;
    for (const std::string &name : names) {
        size_t here = distance(letters, letters_of(name));
        if (here < limit) {
            best = name;
            limit = here;
        }
    }
    return best;
}

std::string did_you_mean(std::string_view given, const std::vector<std::string> &names)
{
    std::string name = nearest(given, names);
    return name.empty() ? "" : ": did you mean '" + name + "'?";
}

} // namespace wm
