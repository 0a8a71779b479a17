/**
 * @file
 * The page to try a push server on, as it is built in.
 */
#ifndef WM_SERVE_PAGE_H
#define WM_SERVE_PAGE_H

#include <string>

namespace wm::serve {

/// The page, for a websocket listener on that port; 0: it has none. Static parts are of page.html.
std::string page(int websocket_port);

} // namespace wm::serve

#endif
