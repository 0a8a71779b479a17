// Websocket echo: masked text (or binary) messages out, the same back.

#include "exchange.h"
#include "modes.h"
#include "ws_open.h"

namespace wm::load {
namespace {

class WsWire : public EchoWire {
public:
    WsWire(size_t size, WsOpcode opcode) : EchoWire(size), opcode_(opcode) {}

    const char *open(Connection &connection) override
    {
        const char *problem = ws_send_request(connection);
        return problem != nullptr ? problem : ws_receive_answer(connection);
    }

    size_t wire_size() const override { return payload().size() + (payload().size() < 126 ? 6 : kWsMaxHead); }

    char *encode(char *out, uint32_t connection, uint64_t number) override
    {
        uint32_t mask = masks_.next();
        out += ws_write_head(out, opcode_, payload().size(), mask);
        payload().write(out, connection, number);
        ws_mask(out, payload().size(), mask);
        return out + payload().size();
    }

    Reply next(const char *data, size_t size, std::string *answer) override
    {
        WsFrame frame = ws_parse(data, size);
        if (frame.problem != nullptr)
            return {Reply::Kind::kBroken, 0, nullptr, 0, frame.problem};
        if (frame.consumed == 0)
            return {};
        if (frame.opcode == opcode_)
            return {Reply::Kind::kMessage, frame.consumed, frame.data, frame.size, nullptr};
        if (frame.opcode == kWsPing)
            answer->append(ws_frame(kWsPong, {frame.data, frame.size}, masks_.next()));
        else if (frame.opcode != kWsClose || !closing_)
            return {Reply::Kind::kBroken, 0, nullptr, 0, "a frame of another kind than was sent"};
        return {Reply::Kind::kSkip, frame.consumed, nullptr, 0, nullptr};
    }

    std::string close_bytes() override
    {
        closing_ = true;
        return ws_frame(kWsClose, {"\x03\xe8", 2}, masks_.next());
    }

private:
    WsOpcode opcode_;
    WsMasks masks_;
    bool closing_ = false; ///< from here on a close frame is the right answer
};

} // namespace

int run_ws(const Options &options)
{
    WsWire wire(options.size, options.binary ? kWsBinary : kWsText);
    return Exchange(options, &wire).run();
}

} // namespace wm::load
