#include "pages.h"

#include <algorithm>
#include <cstdio>

#include "socket.h"
#include "ws_open.h"

namespace wm::load {
namespace {

// Handshakes in parallel: below any backlog, and enough to keep the server busy.
constexpr uint32_t kWindow = 64;

const char *say_uid(Connection &connection, uint32_t page, WsMasks *masks)
{
    std::string uid = "uid" + std::to_string(page);
    std::string frames = ws_frame(kWsText, uid, masks->next()) + ws_frame(kWsPing, {}, masks->next());
    return connection.send_all(frames) ? nullptr : "the uid could not be sent";
}

const char *open_window(const Options &options, uint32_t first, uint32_t end, WsMasks *masks, std::vector<Connection> *pages,
                        std::string *reason)
{
    const char *problem = nullptr;
    for (uint32_t i = first; i < end && problem == nullptr; i++) {
        pages->push_back(open_connection(options, i, reason));
        problem = pages->back().is_open() ? ws_send_request(pages->back()) : reason->c_str();
    }
    for (uint32_t i = first; i < end && problem == nullptr; i++) {
        problem = ws_receive_answer((*pages)[i]);
        if (problem == nullptr)
            problem = say_uid((*pages)[i], i, masks);
    }
    for (uint32_t i = first; i < end && problem == nullptr; i++) {
        problem = ws_await_pong((*pages)[i]);
        make_nonblocking((*pages)[i].fd());
    }
    return problem;
}

} // namespace

std::vector<Connection> open_pages(const Options &options)
{
    std::vector<Connection> pages;
    pages.reserve(options.connections);
    WsMasks masks;
    std::string reason;
    for (uint32_t first = 0; first < options.connections; first += kWindow) {
        uint32_t end = std::min(options.connections, first + kWindow);
        const char *problem = open_window(options, first, end, &masks, &pages, &reason);
        if (problem == nullptr)
            continue;
        std::fprintf(stderr, "wm-load: pages %u to %u did not open: %s\n", first, end - 1, problem);
        return {};
    }
    return pages;
}

} // namespace wm::load
