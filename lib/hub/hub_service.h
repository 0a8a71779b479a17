/**
 * @file
 * The process of the hub's service: a router alone, to which every process of the workers has a link.
 */
#ifndef WM_HUB_HUB_SERVICE_H
#define WM_HUB_HUB_SERVICE_H

#include "worker/service.h"

namespace wm {

/// For an app that has hubs, and more than one process or an engine.
Service hub_service();

} // namespace wm

#endif
