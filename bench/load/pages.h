/**
 * @file
 * Opens websocket clients that say who they are, as pages do: page k registers as "uidK" with its first message.
 */
#ifndef WM_LOAD_PAGES_H
#define WM_LOAD_PAGES_H

#include <vector>

#include "connection.h"
#include "options.h"

namespace wm::load {

/// Opens options.connections pages; each is known to be registered (a ping behind the uid was answered) and non-blocking. Empty after an
/// error, which is told.
std::vector<Connection> open_pages(const Options &options);

} // namespace wm::load

#endif
