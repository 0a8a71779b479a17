/**
 * @file
 * The built-in test page of a push server.
 */
#ifndef WM_SERVE_PAGE_H
#define WM_SERVE_PAGE_H

#include <string>

namespace wm::serve {

/// page.html with the port of the websocket listener (0: a unix socket) and the shell command that pushes.
std::string page(int websocket_port, const std::string &push_command);

} // namespace wm::serve

#endif
