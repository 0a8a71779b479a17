#include "wm-serve/page.h"

#include "page_html.h"

namespace wm::serve {

std::string page(int websocket_port)
{
    static constexpr std::string_view kPlace = "@WEBSOCKET_PORT@";
    std::string out(kPageHtml);
    out.replace(out.find(kPlace), kPlace.size(), websocket_port > 0 ? std::to_string(websocket_port) : "");
    return out;
}

} // namespace wm::serve
