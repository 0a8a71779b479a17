#include "hub/engine/engine_choice.h"

#include "core/error.h"
#include "core/small_file.h"
#include "hub/engine/engine_url.h"

#include <algorithm>
#include <cstring>

namespace wm {

namespace {

constexpr size_t kMinSecret = 16, kMaxSecret = 1024; // bytes

/// The options that choose an engine, and do nothing without one.
constexpr struct {
    const char *name;
    std::string HubOptions::*value;
} kTexts[] = {{"engine", &HubOptions::engine},
              {"cluster", &HubOptions::cluster},
              {"secret_file", &HubOptions::secret_file},
              {"engine_password", &HubOptions::engine_password},
              {"engine_password_file", &HubOptions::engine_password_file},
              {"engine_tls_ca_file", &HubOptions::engine_tls_ca_file}};
constexpr const char *kVerify = "engine_tls_verify";

/// The first of these options of which two hubs differ; nullptr: there is none.
const char *difference(const EngineChoice &one, const EngineChoice &other)
{
    if (one.secrets->url != other.secrets->url)
        return kTexts[0].name;
    for (const auto &text : kTexts)
        if (one.options->*text.value != other.options->*text.value)
            return text.name;
    if (one.secrets->password != other.secrets->password)
        return "engine_password";
    return one.options->engine_tls_verify != other.options->engine_tls_verify ? kVerify : nullptr;
}

bool has_engine(const EngineChoice &hub)
{
    return !hub.options->engine.empty();
}

/// 0, or an error where two hubs differ, or one of them says something of an engine that it does not have.
int check_agreement(const std::vector<EngineChoice> &hubs, const EngineChoice &first)
{
    static const HubOptions kDefaults;
    static const EngineSecrets kNone;
    for (const EngineChoice &hub : hubs) {
        const char *name = hub.options->name.c_str();
        if (!has_engine(hub)) {
            if (const char *option = difference(hub, {&kDefaults, &kNone}))
                return fail(WM_EINVAL, "hub '%s': option '%s' does nothing without option 'engine'", name, option);
            continue;
        }
        if (const char *option = difference(first, hub))
            return fail(WM_EINVAL, "hubs '%s' and '%s' differ in option '%s': all hubs of an app share one engine",
                        first.options->name.c_str(), name, option);
    }
    return 0;
}

bool has_control(std::string_view text)
{
    return std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
}

/// Reads a file of one line, which only who may know it can open.
int read_private_line(const char *option, const std::string &path, std::string &out)
{
    std::string what = std::string("option '") + option + "':";
    if (int result = read_private_file(what.c_str(), path, kMaxSecret + 2, out))
        return result;
    out.resize(out.size() - (out.ends_with("\r\n") ? 2 : out.ends_with('\n') ? 1 : 0)); // of a text editor
    if (out.empty())
        return fail(WM_EINVAL, "%s %s: it is empty", what.c_str(), path.c_str());
    if (has_control(out) || out.size() > kMaxSecret)
        return fail(WM_EINVAL, "%s %s: it is not one line of at most %zu bytes", what.c_str(), path.c_str(), kMaxSecret);
    return 0;
}

int read_secret(const std::string &path, std::string &out)
{
    if (int result = path.empty() ? 0 : read_private_line("secret_file", path, out))
        return result;
    bool visible = std::all_of(out.begin(), out.end(), [](char c) { return c > ' ' && c < 0x7f; });
    if (!path.empty() && (!visible || out.size() < kMinSecret))
        return fail(WM_EINVAL,
                    "option 'secret_file': %s: a secret is one line of %zu to %zu visible ASCII characters without blanks: "
                    "openssl rand -hex 32 makes one",
                    path.c_str(), kMinSecret, kMaxSecret);
    return 0;
}

int read_password(const EngineChoice &hub, EngineSettings &out)
{
    const std::string &path = hub.options->engine_password_file;
    const char *option = path.empty() ? "engine_password" : "engine_password_file";
    if (path.empty() && hub.secrets->password.empty())
        return 0;
    if (!out.password.empty())
        return fail(WM_EINVAL, "option 'engine' has a password, and option '%s' besides: leave one", option);
    if (!path.empty() && !hub.secrets->password.empty())
        return fail(WM_EINVAL, "options 'engine_password' and 'engine_password_file' are both set: leave one");
    out.password = hub.secrets->password;
    return path.empty() ? 0 : read_private_line(option, path, out.password);
}

} // namespace

bool chooses_engine(std::string_view option)
{
    return option == kVerify || std::any_of(std::begin(kTexts), std::end(kTexts), [&](const auto &text) { return option == text.name; });
}

int set_engine(const char *url, HubOptions &options, EngineSecrets &secrets)
{
    EngineUrl parsed;
    if (int result = *url == '\0' ? 0 : parsed.parse(url)) {
        std::string detail = last_error();
        return fail(result, "option 'engine': %s", detail.c_str());
    }
    options.engine = parsed.shown;
    secrets.url = url;
    return 0;
}

int set_engine_password(const char *password, HubOptions &options, EngineSecrets &secrets)
{
    std::string_view text(password, strnlen(password, kMaxSecret + 1));
    if (has_control(text) || text.size() > kMaxSecret)
        return fail(WM_EINVAL, "option 'engine_password' has at most %zu bytes, and no control characters", kMaxSecret);
    secrets.password = text;
    options.engine_password = text.empty() ? "" : "***";
    return 0;
}

int choose_engine(const std::vector<EngineChoice> &hubs, EngineSettings &out)
{
    out = {};
    auto found = std::find_if(hubs.begin(), hubs.end(), has_engine);
    static const HubOptions kDefaults;
    static const EngineSecrets kNone;
    const EngineChoice first = found == hubs.end() ? EngineChoice{&kDefaults, &kNone} : *found;
    if (int result = check_agreement(hubs, first))
        return result;
    if (found == hubs.end())
        return 0;
    const HubOptions &options = *first.options;
    EngineUrl url;
    if (int result = url.parse(first.secrets->url))
        return result;
    if (!url.tls && (!options.engine_tls_ca_file.empty() || options.engine_tls_verify == 0))
        return fail(WM_EINVAL, "option '%s' does nothing, as the engine %s is not over TLS: that is %s",
                    options.engine_tls_verify == 0 ? kVerify : "engine_tls_ca_file", url.shown.c_str(),
                    url.kind == EngineKind::kNats ? "nats+tls://" : "rediss://");
    out.url = first.secrets->url;
    out.user = url.user;
    out.password = url.password;
    out.cluster = options.cluster;
    out.tls_ca_file = options.engine_tls_ca_file;
    out.tls_verify = options.engine_tls_verify != 0;
    if (int result = read_password(first, out))
        return result;
    if (int result = read_secret(options.secret_file, out.secret))
        return result;
    std::string ca;
    return out.tls_ca_file.empty() ? 0 : read_small_file("option 'engine_tls_ca_file':", out.tls_ca_file, 4 << 20, ca);
}

} // namespace wm
