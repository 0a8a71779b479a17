/**
 * @file
 * The settings of the engine that joins push servers of several machines.
 */
#ifndef WM_SERVE_ENGINE_OPTIONS_H
#define WM_SERVE_ENGINE_OPTIONS_H

#include "wm/hub.h"

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace wm::serve {

struct EngineOptions {
    std::string url; ///< empty: no engine
    std::string cluster = "default";
    std::string secret_file;   ///< path; empty: none
    std::string password_file; ///< path; empty: kEnginePassword, or none
    std::string tls_ca_file;   ///< path; empty: the system's

    /// Empty, or a usage error that names the flag and the remedy.
    std::string error() const;
    /// What is wrong with its files; empty: nothing.
    std::string files_error() const;
    /// Gives them to a hub; false with the error in wm_last_error.
    bool apply(wm_hub *hub) const;
};

/// The variable of the password, which is no setting: a flag would show it to every user of the machine.
inline constexpr const char *kEnginePassword = "WM_PUSH_ENGINE_PASSWORD";

/// Whether a URL of --engine has a password or a token. Where the password is elsewhere, what could be a token of NATS is a user.
bool has_password(std::string_view url, bool elsewhere);
/// The same without its login, for a listing.
std::string without_login(const std::string &url);

void add_engine_flags(CLI::App &command, EngineOptions &options);

} // namespace wm::serve

#endif
