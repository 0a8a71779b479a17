#include "api/guard.h"
#include "core/log.h"
#include "wm/error.h"
#include "wm/log.h"
#include "wm/option.h"
#include "wm/version.h"
#include "worker/options.h"

using namespace wm;

const char *wm_version(void)
{
    return WM_VERSION;
}

uint32_t wm_abi_version(void)
{
    return 0;
}

const char *wm_strerror(int code)
{
    switch (code) {
#define WM_ERROR_TEXT(name, value, text)                                                                                                   \
    case name:                                                                                                                             \
        return text;
        WM_ERROR_LIST(WM_ERROR_TEXT)
#undef WM_ERROR_TEXT
    case 0:
        return "success";
    default:
        return "unknown error";
    }
}

const char *wm_error_name(int code)
{
    switch (code) {
#define WM_ERROR_NAME(name, value, text)                                                                                                   \
    case name:                                                                                                                             \
        return #name;
        WM_ERROR_LIST(WM_ERROR_NAME)
#undef WM_ERROR_NAME
    case 0:
        return "WM_OK";
    default:
        return "WM_EUNKNOWN";
    }
}

const char *wm_last_error(void)
{
    App::read_last_error();
    return last_error();
}

int wm_log_set(wm_log_fn fn, void *user, wm_destroy_fn destroy)
{
    return set_log(fn, user, destroy);
}

int wm_log(int32_t level, const void *text, size_t len)
{
    if (level < WM_LOG_DEBUG || level > WM_LOG_ERROR)
        return fail(WM_EINVAL, "log level %d is not one of WM_LOG_DEBUG, _INFO, _WARN and _ERROR", static_cast<int>(level));
    if (int wrong = check_span("text", text, len))
        return wrong;
    log(level, "%.*s", static_cast<int>(len < kMaxLogText ? len : kMaxLogText), len > 0 ? static_cast<const char *>(text) : "");
    return 0;
}

int wm_option_next(int32_t scope, size_t index, const char **name, const char **type, const char **unit, int64_t *default_value,
                   int64_t *min, int64_t *max, int32_t *live, const char **text)
{
    if (scope < WM_SCOPE_APP || scope > WM_SCOPE_PROTOCOL)
        return fail(WM_EINVAL, "scope %d is not WM_SCOPE_APP, _WORKER, _CONN, _HUB, _CLIENT or _PROTOCOL", static_cast<int>(scope));
    const OptionRow *row = option_at(static_cast<Scope>(scope), index);
    if (!row)
        return 0;
    auto give = [](auto *out, auto value) {
        if (out)
            *out = value;
    };
    give(name, row->name);
    give(type, row->text_value ? "str" : "int");
    give(unit, row->unit);
    give(default_value, row->default_value);
    give(min, row->min);
    give(max, row->max);
    give(live, row->live ? 1 : 0);
    give(text, row->text);
    return 1;
}
