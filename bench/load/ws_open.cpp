#include "ws_open.h"

#include <sys/socket.h>

#include "socket.h"

namespace wm::load {
namespace {

constexpr size_t kMaxAnswer = 16384;

bool receive_more(int fd, std::string *data)
{
    char buffer[2048];
    ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    if (got > 0)
        data->append(buffer, static_cast<size_t>(got));
    return got > 0;
}

} // namespace

const char *ws_send_request(int fd)
{
    return send_all(fd, ws_request()) ? nullptr : "the handshake could not be sent";
}

const char *ws_receive_answer(int fd)
{
    std::string data;
    for (;;) {
        WsFrame answer = ws_judge_answer(data);
        if (answer.problem != nullptr)
            return answer.problem;
        if (answer.consumed > 0)
            return answer.consumed == data.size() ? nullptr : "bytes behind the handshake's answer";
        if (data.size() > kMaxAnswer || !receive_more(fd, &data))
            return "no answer to the handshake";
    }
}

const char *ws_await_pong(int fd)
{
    std::string data;
    for (;;) {
        WsFrame frame = ws_parse(data.data(), data.size());
        if (frame.problem != nullptr)
            return frame.problem;
        if (frame.consumed == 0) {
            if (!receive_more(fd, &data))
                return "no pong";
            continue;
        }
        if (frame.opcode == kWsPong)
            return frame.consumed == data.size() ? nullptr : "bytes behind the pong";
        if (frame.opcode != kWsPing)
            return "a message or a close before any was due";
        send_all(fd, ws_frame(kWsPong, {frame.data, frame.size}, 0));
        data.erase(0, frame.consumed);
    }
}

} // namespace wm::load
