/**
 * @file
 * The page to try a push server on, as it is built in.
 */
#ifndef WM_SERVE_PAGE_H
#define WM_SERVE_PAGE_H

#include <string>

namespace wm::serve {

/// page.html for a websocket listener on that port (0: it has none), and with the words that a push from a shell begins with.
std::string page(int websocket_port, const std::string &push_command);

} // namespace wm::serve

#endif
