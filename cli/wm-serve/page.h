/**
 * @file
 * The built-in test page of a push server.
 */
#ifndef WM_SERVE_PAGE_H
#define WM_SERVE_PAGE_H

#include <string>

namespace wm::serve {

/// page.html for the websocket listener of that scheme, ws or wss, at HOST:PORT (:PORT: at every address; empty: at a unix socket) and back
/// ends at HOST:PORT, :PORT or unix:PATH ("usual": where wm-push looks by itself; empty: none).
std::string page(const std::string &scheme, const std::string &websocket, const std::string &back_end);

} // namespace wm::serve

#endif
