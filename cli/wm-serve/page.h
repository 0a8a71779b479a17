/**
 * @file
 * The built-in test page of a push server.
 */
#ifndef WM_SERVE_PAGE_H
#define WM_SERVE_PAGE_H

#include <string>

namespace wm::serve {

/// What the page has to know of its server.
struct PageFacts {
    std::string scheme;    ///< of the websocket listener: ws or wss
    std::string websocket; ///< its HOST:PORT; :PORT: at every address; empty: at a unix socket
    std::string back_end;  ///< HOST:PORT, :PORT or unix:PATH; "usual": where wm-push looks by itself; empty: none
    std::string auth;      ///< as --auth
    bool asks_secret;      ///< a push needs the secret
};

/// page.html with these.
std::string page(const PageFacts &facts);

} // namespace wm::serve

#endif
