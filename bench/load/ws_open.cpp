#include "ws_open.h"

namespace wm::load {
namespace {

constexpr size_t kMaxAnswer = 16384;

bool receive_more(Connection &connection, std::string *data)
{
    char buffer[2048];
    size_t got = connection.receive_some(buffer, sizeof buffer);
    data->append(buffer, got);
    return got > 0;
}

} // namespace

const char *ws_send_request(Connection &connection)
{
    return connection.send_all(ws_request()) ? nullptr : "the handshake could not be sent";
}

const char *ws_receive_answer(Connection &connection)
{
    std::string data;
    for (;;) {
        WsFrame answer = ws_judge_answer(data);
        if (answer.problem != nullptr)
            return answer.problem;
        if (answer.consumed > 0)
            return answer.consumed == data.size() ? nullptr : "bytes behind the handshake's answer";
        if (data.size() > kMaxAnswer || !receive_more(connection, &data))
            return "no answer to the handshake";
    }
}

const char *ws_await_pong(Connection &connection)
{
    std::string data;
    for (;;) {
        WsFrame frame = ws_parse(data.data(), data.size());
        if (frame.problem != nullptr)
            return frame.problem;
        if (frame.consumed == 0) {
            if (!receive_more(connection, &data))
                return "no pong";
            continue;
        }
        if (frame.opcode == kWsPong)
            return frame.consumed == data.size() ? nullptr : "bytes behind the pong";
        if (frame.opcode != kWsPing)
            return "a message or a close before any was due";
        connection.send_all(ws_frame(kWsPong, {frame.data, frame.size}, 0));
        data.erase(0, frame.consumed);
    }
}

} // namespace wm::load
