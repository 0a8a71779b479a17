#include "ws_frame.h"

#include <algorithm>
#include <cstring>

namespace wm::load {
namespace {

WsFrame broken(const char *problem)
{
    WsFrame frame;
    frame.problem = problem;
    return frame;
}

uint64_t big_endian(const char *data, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | static_cast<uint8_t>(data[i]);
    return value;
}

/// Checks the first two bytes of a server's frame (RFC 6455 §5.1, §5.2, §5.5).
const char *head_problem(uint8_t first, uint8_t second)
{
    uint8_t opcode = first & 0x0f;
    if ((first & 0x70) != 0)
        return "a reserved bit is set";
    if ((first & 0x80) == 0 || opcode == 0)
        return "a fragment: no answer here is long enough for one";
    if (opcode != kWsText && opcode != kWsBinary && opcode != kWsClose && opcode != kWsPing && opcode != kWsPong)
        return "an unknown opcode";
    if ((second & 0x80) != 0)
        return "a masked frame from a server";
    if (opcode >= kWsClose && (second & 0x7f) > 125)
        return "a long control frame";
    return nullptr;
}

} // namespace

size_t ws_write_head(char *out, WsOpcode opcode, size_t size, uint32_t mask)
{
    size_t at = 2;
    out[0] = static_cast<char>(0x80 | opcode);
    if (size < 126) {
        out[1] = static_cast<char>(0x80 | size);
    } else {
        size_t bytes = size < 65536 ? 2 : 8;
        out[1] = static_cast<char>(0x80 | (bytes == 2 ? 126 : 127));
        for (size_t i = 0; i < bytes; i++)
            out[at++] = static_cast<char>(static_cast<uint64_t>(size) >> (8 * (bytes - 1 - i)));
    }
    std::memcpy(out + at, &mask, sizeof mask);
    return at + sizeof mask;
}

void ws_mask(char *data, size_t size, uint32_t mask)
{
    uint64_t wide = static_cast<uint64_t>(mask) << 32 | mask;
    size_t i = 0;
    for (; i + sizeof wide <= size; i += sizeof wide) {
        uint64_t word;
        std::memcpy(&word, data + i, sizeof word);
        word ^= wide;
        std::memcpy(data + i, &word, sizeof word);
    }
    char bytes[sizeof mask];
    std::memcpy(bytes, &mask, sizeof mask);
    for (; i < size; i++)
        data[i] = static_cast<char>(data[i] ^ bytes[i % sizeof mask]);
}

std::string ws_frame(WsOpcode opcode, std::string_view payload, uint32_t mask)
{
    std::string frame(kWsMaxHead + payload.size(), '\0');
    size_t head = ws_write_head(frame.data(), opcode, payload.size(), mask);
    std::copy(payload.begin(), payload.end(), frame.begin() + static_cast<std::ptrdiff_t>(head));
    ws_mask(frame.data() + head, payload.size(), mask);
    frame.resize(head + payload.size());
    return frame;
}

WsFrame ws_parse(const char *data, size_t size)
{
    WsFrame frame;
    if (size < 2)
        return frame;
    auto first = static_cast<uint8_t>(data[0]);
    auto second = static_cast<uint8_t>(data[1]);
    if (const char *problem = head_problem(first, second))
        return broken(problem);
    size_t head = 2;
    uint64_t length = second;
    if (second >= 126) {
        size_t bytes = second == 126 ? 2 : 8;
        head += bytes;
        if (size < head)
            return frame;
        length = big_endian(data + 2, bytes);
        if (length < (bytes == 2 ? 126U : 65536U) || length >> 63 != 0)
            return broken("a length that is not in its shortest form");
    }
    if (size - head < length)
        return frame;
    frame.consumed = head + static_cast<size_t>(length);
    frame.opcode = first & 0x0f;
    frame.data = data + head;
    frame.size = static_cast<size_t>(length);
    return frame;
}

std::string ws_request()
{
    return "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
}

WsFrame ws_judge_answer(std::string_view data)
{
    WsFrame answer;
    size_t end = data.find("\r\n\r\n");
    if (end == std::string_view::npos)
        return answer;
    std::string_view head = data.substr(0, end + 2);
    if (!head.starts_with("HTTP/1.1 101 "))
        return broken("the handshake was not answered with 101");
    // The value of RFC 6455 §1.3; no other header can contain it.
    if (head.find(" s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") == std::string_view::npos)
        return broken("the handshake's answer lacks the right Sec-WebSocket-Accept");
    answer.consumed = end + 4;
    return answer;
}

} // namespace wm::load
