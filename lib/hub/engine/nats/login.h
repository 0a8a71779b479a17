/**
 * @file
 * How a carrier logs in to NATS: by a user and a password, by a token, or not at all. Views into the URL and the settings, which win.
 */
#ifndef WM_HUB_ENGINE_NATS_LOGIN_H
#define WM_HUB_ENGINE_NATS_LOGIN_H

#include "hub/engine/engine_settings.h"
#include "hub/engine/engine_url.h"

#include <string_view>

namespace wm::nats {

struct Login {
    /// One text alone is a token, wherever it stands: in the place of the user of a URL, or in the file of the password.
    Login(const EngineUrl &url, const EngineSettings &settings)
        : user(settings.user.empty() ? url.user : settings.user), password(settings.password.empty() ? url.password : settings.password)
    {
        if (user.empty() || password.empty()) {
            token = user.empty() ? password : user;
            user = password = {};
        }
    }

    bool is_set() const { return !user.empty() || !token.empty(); }

    std::string_view user;
    std::string_view password;
    std::string_view token;
};

} // namespace wm::nats

#endif
