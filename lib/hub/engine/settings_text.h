/**
 * @file
 * EngineSettings as text, from the master to the service. Pure.
 *
 * A first line with the version, then NAME=VALUE lines, in which what is no plain ASCII is %XX. A reader of another version, as while the
 * library is upgraded, skips lines that it does not know, and has the default of those that are missing.
 */
#ifndef WM_HUB_ENGINE_SETTINGS_TEXT_H
#define WM_HUB_ENGINE_SETTINGS_TEXT_H

#include "hub/engine/engine_settings.h"

#include <string>
#include <string_view>

namespace wm {

std::string write_settings(const EngineSettings &settings);

/// Overwrites what is secret.
void wipe(EngineSettings &settings);

/// No text: there is no engine. False: it is something else.
bool read_settings(std::string_view text, EngineSettings &out);

} // namespace wm

#endif
