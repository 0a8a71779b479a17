#include "listeners.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "socket.h"

namespace wm::load {
namespace {

using namespace std::string_view_literals;

// Requests in parallel: below any backlog, and enough to keep the server busy.
constexpr uint32_t kWindow = 64;
constexpr size_t kMaxHead = 16384;
constexpr size_t kMaxSizeLine = 18; // of 64 bits

const char *ask(Connection &connection, const Options &options)
{
    std::string request = "GET " + options.path + " HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n";
    return connection.send_all(request) ? nullptr : "the request could not be sent";
}

/// Nothing may follow the head: these servers send no event before the first line.
const char *await_head(Connection &connection)
{
    std::string data;
    char buffer[2048];
    while (data.find("\r\n\r\n") == std::string::npos) {
        size_t got = connection.receive_some(buffer, sizeof buffer);
        data.append(buffer, got);
        if (got == 0 || data.size() > kMaxHead)
            return "no answer";
    }
    if (!data.starts_with("HTTP/1.1 200 ") || data.find("\r\nContent-Type: text/event-stream\r\n") == std::string::npos ||
        data.find("\r\nTransfer-Encoding: chunked\r\n") == std::string::npos)
        return "the answer is no chunked stream of events";
    return data.ends_with("\r\n\r\n") ? nullptr : "bytes behind the head";
}

const char *open_window(const Options &options, uint32_t first, uint32_t end, std::vector<Connection> *listeners, std::string *reason)
{
    const char *problem = nullptr;
    for (uint32_t i = first; i < end && problem == nullptr; i++) {
        listeners->push_back(open_connection(options, i, reason));
        problem = listeners->back().is_open() ? ask(listeners->back(), options) : reason->c_str();
    }
    for (uint32_t i = first; i < end && problem == nullptr; i++) {
        problem = await_head((*listeners)[i]);
        make_nonblocking((*listeners)[i].fd());
    }
    return problem;
}

WsFrame broken(const char *problem)
{
    WsFrame frame;
    frame.problem = problem;
    return frame;
}

WsFrame event_of(std::string_view chunk, size_t consumed)
{
    constexpr std::string_view kField = "data: ", kEnd = "\n\n";
    if (!chunk.starts_with(kField) || chunk.find('\n') != chunk.size() - kEnd.size() || !chunk.ends_with(kEnd))
        return broken("a chunk that is no event of one line");
    chunk.remove_prefix(kField.size());
    return {consumed, kWsText, chunk.data(), chunk.size() - kEnd.size(), nullptr};
}

} // namespace

std::vector<Connection> open_listeners(const Options &options)
{
    std::vector<Connection> listeners;
    listeners.reserve(options.connections);
    std::string reason;
    for (uint32_t first = 0; first < options.connections; first += kWindow) {
        uint32_t end = std::min(options.connections, first + kWindow);
        const char *problem = open_window(options, first, end, &listeners, &reason);
        if (problem == nullptr)
            continue;
        std::fprintf(stderr, "wm-load: listeners %u to %u did not open: %s\n", first, end - 1, problem);
        return {};
    }
    return listeners;
}

WsFrame event_parse(const char *data, size_t size)
{
    std::string_view rest(data, size);
    size_t line = rest.find("\r\n");
    if (line == rest.npos)
        return size < kMaxSizeLine ? WsFrame() : broken("no size of a chunk");
    uint64_t length = 0;
    auto [end, error] = std::from_chars(data, data + line, length, 16);
    if (error != std::errc() || end != data + line)
        return broken("a bad size of a chunk");
    rest.remove_prefix(line + 2);
    if (rest.size() < 2 || rest.size() - 2 < length)
        return {};
    if (rest.substr(length, 2) != "\r\n"sv)
        return broken("a chunk without its line end");
    size_t consumed = line + 2 + length + 2;
    return length == 0 ? WsFrame{consumed, kWsClose, nullptr, 0, nullptr} : event_of(rest.substr(0, length), consumed);
}

} // namespace wm::load
