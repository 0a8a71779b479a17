/**
 * @file
 * RESP2, the wire of Redis: how a command is written. Pure functions.
 */
#ifndef WM_HUB_ENGINE_REDIS_RESP_COMMAND_H
#define WM_HUB_ENGINE_REDIS_RESP_COMMAND_H

#include <cstddef>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <string_view>

namespace wm::redis {

/// Appends a command; throws bad_alloc.
inline void append_command(std::string &out, std::initializer_list<std::string_view> words)
{
    out += "*" + std::to_string(words.size()) + "\r\n";
    for (std::string_view word : words)
        ((out += "$" + std::to_string(word.size()) + "\r\n") += word) += "\r\n";
}

/// Writes what is before the message of a PUBLISH or SPUBLISH, NUL-terminated; how long it is. No room: 0.
inline size_t publish_head(char *out, size_t room, std::string_view command, std::string_view channel, size_t message)
{
    int size = snprintf(out, room, "*3\r\n$%zu\r\n%.*s\r\n$%zu\r\n%.*s\r\n$%zu\r\n", command.size(), static_cast<int>(command.size()),
                        command.data(), channel.size(), static_cast<int>(channel.size()), channel.data(), message);
    return static_cast<size_t>(size) < room ? static_cast<size_t>(size) : 0;
}

} // namespace wm::redis

#endif
