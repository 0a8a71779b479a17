// Options by name: what they are set to, and what is wrong with a value. The table is in options.cpp.
#include "worker/options.h"

#include "conn/reactor.h"
#include "core/error.h"
#include "core/nearest.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace wm {

namespace {

constexpr size_t kMaxText = 4095; // of an option, as of a path

bool has(Scope scope, const char *name)
{
    const OptionRow *row = option_at(scope, 0);
    for (size_t i = 0; row && strcmp(row->name, name) != 0;)
        row = option_at(scope, ++i);
    return row;
}

/// WM_EOPTION; the detail has where an option of that name belongs, or the nearest name.
int unknown(const char *name, const char *const *names, size_t count)
{
    static constexpr struct {
        Scope scope;
        const char *noun;
    } kOwners[] = {{Scope::kApp, "app"},   {Scope::kWorker, "worker"}, {Scope::kClient, "client"},
                   {Scope::kConn, "conn"}, {Scope::kHub, "hub"},       {Scope::kProtocol, "protocol"}};
    for (const auto &owner : kOwners)
        if (has(owner.scope, name))
            return fail(WM_EOPTION, "option '%s' belongs elsewhere: wm_%s_set_... sets it", name, owner.noun);
    if (const char *near = nearest(name, names, count))
        return fail(WM_EOPTION, "unknown option '%s': did you mean '%s'?", name, near);
    return fail(WM_EOPTION, "unknown option '%s': wm_option_next lists those that there are", name);
}

/// The row of that name and type; nullptr with WM_EOPTION in *code.
const OptionRow *find_row(Scope scope, const char *name, bool text_value, int *code)
{
    const char *names[96];
    size_t count = 0;
    while (const OptionRow *row = option_at(scope, count)) {
        names[count++] = row->name;
        if (strcmp(row->name, name) != 0)
            continue;
        if (row->text_value == text_value)
            return row;
        *code = fail(WM_EOPTION, "option '%s' is %s", name,
                     text_value ? "a number, set it with ..._set_int" : "a text, set it with ..._set_str");
        return nullptr;
    }
    *code = unknown(name, names, count);
    return nullptr;
}

bool is_allowed(const OptionRow &row, const char *value)
{
    if (row.fits)
        return row.fits(value);
    auto same = [value](const char *word) { return word && strcmp(word, value) == 0; };
    return !row.words[0] || std::any_of(std::begin(row.words), std::end(row.words), same);
}

/// "'a', 'b' or 'c'".
std::string allowed_words(const OptionRow &row)
{
    std::string text;
    for (size_t i = 0; i < std::size(row.words) && row.words[i]; i++) {
        bool last = i + 1 == std::size(row.words) || !row.words[i + 1];
        text += i == 0 ? "'" : last ? " or '" : ", '";
        text += row.words[i];
        text += '\'';
    }
    return text;
}

template <class T> T *value_at(void *options, const OptionRow *row)
{
    return reinterpret_cast<T *>(static_cast<char *>(options) + row->offset);
}

template <class T> const T *value_at(const void *options, const OptionRow *row)
{
    return reinterpret_cast<const T *>(static_cast<const char *>(options) + row->offset);
}

} // namespace

int set_option(Scope scope, void *options, bool late, const char *name, int64_t value)
{
    int code = 0;
    const OptionRow *row = find_row(scope, name, false, &code);
    if (!row)
        return code;
    if (value < row->min || value > row->max)
        return fail(WM_EINVAL, "option '%s' is from %lld to %lld, not %lld", name, static_cast<long long>(row->min),
                    static_cast<long long>(row->max), static_cast<long long>(value));
    if (row->number_fits && !row->number_fits(value))
        return fail(WM_EINVAL, "option '%s' is %s, not %lld", name, row->form, static_cast<long long>(value));
    if (late && !row->live)
        return fail(WM_ESTATE, "option '%s' must be set before listen", name);
    *value_at<int64_t>(options, row) = value;
    return 0;
}

int set_option(Scope scope, void *options, bool late, const char *name, const char *value)
{
    int code = 0;
    const OptionRow *row = find_row(scope, name, true, &code);
    if (!row)
        return code;
    if (late && !row->live)
        return fail(WM_ESTATE, "option '%s' must be set before listen", name);
    if (strnlen(value, kMaxText + 1) > kMaxText)
        return fail(WM_EINVAL, "option '%s' has at most %zu bytes", name, kMaxText);
    if (const char *wrong = row->wrong ? row->wrong(value) : nullptr)
        return fail(WM_EINVAL, "option '%s': %s", name, wrong);
    if (!is_allowed(*row, value))
        return fail(WM_EINVAL, "option '%s' is %s, not '%s'", name, row->fits ? row->form : allowed_words(*row).c_str(), value);
    *value_at<std::string>(options, row) = value;
    return 0;
}

int get_option(Scope scope, const void *options, const char *name, int64_t *value)
{
    int code = 0;
    const OptionRow *row = find_row(scope, name, false, &code);
    if (row)
        *value = *value_at<int64_t>(options, row);
    return code;
}

int get_option(Scope scope, const void *options, const char *name, const char **value)
{
    int code = 0;
    const OptionRow *row = find_row(scope, name, true, &code);
    if (row)
        *value = value_at<std::string>(options, row)->c_str();
    return code;
}

int set_conn_option(Connection &conn, const char *name, int64_t value)
{
    ConnOptions changed = conn.options();
    int result = set_option(Scope::kConn, &changed, false, name, value);
    return result != 0 ? result : conn.owner->reactor.lifecycle.set_options(conn, changed);
}

} // namespace wm
