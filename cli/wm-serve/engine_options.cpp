#include "wm-serve/engine_options.h"

#include "wm-serve/flags.h"
#include "wm/app.h"
#include "wm/error.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <strings.h>
#include <utility>

namespace wm::serve {

namespace {

constexpr std::pair<std::string_view, const char *> kFlags[] = {{"engine", "--engine"},
                                                                {"cluster", "--cluster"},
                                                                {"secret_file", "--cluster-secret-file"},
                                                                {"engine_password", kEnginePassword},
                                                                {"engine_password_file", "--engine-password-file"},
                                                                {"engine_tls_ca_file", "--engine-tls-ca-file"}};

/// The library's error, with flags in place of its options.
std::string in_flags(std::string text)
{
    for (const auto &[option, flag] : kFlags) {
        const std::string quoted = "'" + std::string(option) + "'";
        for (const std::string &name : {"option " + quoted, quoted})
            for (size_t at = text.find(name); at != std::string::npos; at = text.find(name, at))
                text.replace(at, name.size(), flag);
    }
    return text;
}

/// Calls check(hub) with a hub that has the settings. Returns the library's error, or nothing.
template <class Check> std::string ask_library(const EngineOptions &options, Check check)
{
    std::unique_ptr<wm_app, void (*)(wm_app *)> app(wm_app_new(), wm_app_free);
    wm_hub *hub = app ? wm_hub_new(app.get()) : nullptr;
    return hub && options.apply(hub) && check(hub) ? "" : in_flags(wm_last_error());
}

} // namespace

std::string EngineOptions::error() const
{
    const std::pair<const char *, bool> others[] = {{"--cluster", cluster != EngineOptions().cluster},
                                                    {"--cluster-secret-file", !secret_file.empty()},
                                                    {"--engine-password-file", !password_file.empty()},
                                                    {"--engine-tls-ca-file", !tls_ca_file.empty()}};
    for (const auto &[flag, given] : others)
        if (url.empty() && given)
            return std::string(flag) + " is of no use without --engine URL";
    return url.empty() ? "" : ask_library(*this, [](wm_hub *) { return true; });
}

std::string EngineOptions::files_error() const
{
    return url.empty() ? "" : ask_library(*this, [](wm_hub *hub) { return wm_hub_check(hub) == 0; });
}

bool EngineOptions::apply(wm_hub *hub) const
{
    if (url.empty())
        return true;
    const char *password = getenv(kEnginePassword);
    const std::pair<const char *, const char *> texts[] = {{"engine", url.c_str()},
                                                           {"cluster", cluster.c_str()},
                                                           {"secret_file", secret_file.c_str()},
                                                           {"engine_password", password ? password : ""},
                                                           {"engine_password_file", password_file.c_str()},
                                                           {"engine_tls_ca_file", tls_ca_file.c_str()}};
    for (const auto &[option, value] : texts)
        if (wm_hub_set_str(hub, option, value) != 0)
            return false;
    return true;
}

bool has_password(std::string_view url, bool elsewhere)
{
    size_t begin = url.find("://");
    if (begin == std::string_view::npos)
        return false;
    const bool is_token = !elsewhere && strncasecmp(url.data(), "redis", 5) != 0; // a login without a colon, at a NATS server
    begin += 3;
    for (size_t end; begin < url.size(); begin = end + 1) { // each server may have a login
        end = std::min(url.find(',', begin), url.size());
        std::string_view server = url.substr(begin, end - begin);
        size_t at = server.rfind('@'), scheme = server.find("://");
        std::string_view login = server.substr(0, at == std::string_view::npos ? 0 : at);
        login.remove_prefix(std::min(scheme == std::string_view::npos ? 0 : scheme + 3, login.size()));
        if (!login.empty() && (is_token || login.find(':') != std::string_view::npos))
            return true;
    }
    return false;
}

/// From the first login to the last, as a password may have what it should not.
std::string without_login(const std::string &url)
{
    size_t begin = url.find("://"), at = url.rfind('@');
    if (begin == std::string::npos || at == std::string::npos || at < begin)
        return url;
    return url.substr(0, begin + 3) + "***" + url.substr(at);
}

void add_engine_flags(CLI::App &command, EngineOptions &options)
{
    add_text(command, "--engine", "URL", options.url,
             "join the servers of several machines, as redis://HOST, redis+sentinel://HOST,HOST/MASTER or nats://HOST");
    add_text(command, "--cluster", "NAME", options.cluster, "servers with the same name at the engine are joined");
    add_text(command, "--cluster-secret-file", "FILE", options.secret_file, "secret by which they know each other, the same on all");
    add_text(command, "--engine-password-file", "FILE", options.password_file, "password of the engine (or $WM_PUSH_ENGINE_PASSWORD)");
    add_text(command, "--engine-tls-ca-file", "FILE", options.tls_ca_file, "CAs of an engine over TLS, PEM (default: the system's)");
}

} // namespace wm::serve
