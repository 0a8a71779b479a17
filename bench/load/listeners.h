/**
 * @file
 * Listeners of server-sent events: opens their streams, and splits these into events (WHATWG HTML §9.2) as the chunks that bring them.
 */
#ifndef WM_LOAD_LISTENERS_H
#define WM_LOAD_LISTENERS_H

#include <vector>

#include "connection.h"
#include "options.h"
#include "ws_frame.h"

namespace wm::load {

/// Opens options.connections streams of options.path, each non-blocking and begun. Empty after an error, which is printed.
std::vector<Connection> open_listeners(const Options &options);

/// As ws_parse: an event of one line, which is one chunk, is kWsText; the end of the stream is kWsClose.
WsFrame event_parse(const char *data, size_t size);

} // namespace wm::load

#endif
