#include "core/nearest.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace wm {

namespace {

constexpr size_t kLongest = 64; // names are short, so the rest of a longer text does not matter

size_t distance(const char *a, const char *b)
{
    size_t a_len = std::min(strlen(a), kLongest), b_len = std::min(strlen(b), kLongest);
    size_t row[kLongest + 1];
    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row[b_len];
}

} // namespace

const char *nearest(const char *given, const char *const *names, size_t count)
{
    size_t best = 0, best_distance = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        size_t here = distance(given, names[i]);
        if (here < best_distance) {
            best = i;
            best_distance = here;
        }
    }
    return names[best];
}

} // namespace wm
