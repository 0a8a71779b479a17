/**
 * @file
 * From the settings of an engine to what carries over it.
 */
#ifndef WM_HUB_ENGINE_MAKE_CARRIER_H
#define WM_HUB_ENGINE_MAKE_CARRIER_H

#include "hub/cluster/carrier.h"
#include "hub/engine/engine_settings.h"

#include <memory>

namespace wm {

class App;

/// What is wrong with settings, without anything being made: 0, or WM_EINVAL with the detail, which leaves secrets out. Throws bad_alloc.
int check_engine(const EngineSettings &settings);

/// Connects nothing yet. nullptr with wm::last_error(), as check_engine(). It outlives neither the app nor the events; the app's thread.
/// Throws bad_alloc.
std::unique_ptr<Carrier> make_carrier(App &app, const EngineSettings &settings, CarrierEvents &events);

} // namespace wm

#endif
