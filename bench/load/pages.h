/**
 * @file
 * Opens websocket clients that register as pages do: the first message of page k is the uid "uidK".
 */
#ifndef WM_LOAD_PAGES_H
#define WM_LOAD_PAGES_H

#include <vector>

#include "connection.h"
#include "options.h"

namespace wm::load {

/// Opens options.connections pages, each non-blocking and registered (a ping after the uid has been answered). Empty after an error,
/// which is printed.
std::vector<Connection> open_pages(const Options &options);

} // namespace wm::load

#endif
