/**
 * @file
 * Which engine the hubs of an app have chosen by their options. They share one. No secret is in an option that can be read back, nor in a
 * message. Any thread.
 */
#ifndef WM_HUB_ENGINE_ENGINE_CHOICE_H
#define WM_HUB_ENGINE_ENGINE_CHOICE_H

#include "hub/engine/engine_settings.h"
#include "worker/options.h"

#include <string>
#include <string_view>
#include <vector>

namespace wm {

/// What options of a hub were given, and do not show.
struct EngineSecrets {
    std::string url;      ///< of option engine
    std::string password; ///< of option engine_password
};

/// What a hub says.
struct EngineChoice {
    const HubOptions *options;
    const EngineSecrets *secrets;
};

/// Whether it is one of the options that choose an engine.
bool chooses_engine(std::string_view option);

/// Sets option engine, or engine_password: 0, or WM_EINVAL with its detail.
int set_engine(const char *url, HubOptions &options, EngineSecrets &secrets);
int set_engine_password(const char *password, HubOptions &options, EngineSecrets &secrets);

/// What the hubs of an app say together, with the secrets of their files: 0, or a WM_E... code with its detail. No url: there is no engine.
int choose_engine(const std::vector<EngineChoice> &hubs, EngineSettings &out);

} // namespace wm

#endif
