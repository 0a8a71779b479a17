// The frame protocol: each message is behind its length, 4 bytes, the greatest first, which count themselves too.

#include "exchange.h"
#include "modes.h"

namespace wm::load {
namespace {

class FrameWire : public EchoWire {
public:
    using EchoWire::EchoWire;

    size_t wire_size() const override { return kLength + payload().size(); }

    char *encode(char *out, uint32_t connection, uint64_t number) override
    {
        for (size_t i = 0; i < kLength; i++)
            out[i] = static_cast<char>(wire_size() >> (8 * (kLength - 1 - i)) & 0xff);
        payload().write(out + kLength, connection, number);
        return out + wire_size();
    }

    Reply next(const char *data, size_t size, std::string *) override
    {
        if (size < kLength)
            return {};
        size_t length = 0;
        for (size_t i = 0; i < kLength; i++)
            length = length << 8 | static_cast<unsigned char>(data[i]);
        // All answers have one size; to wait for more would end in a timeout.
        if (length < kLength || length > wire_size())
            return {Reply::Kind::kBroken, 0, nullptr, 0, "a frame whose length is not that of the message"};
        if (size < length)
            return {};
        return {Reply::Kind::kMessage, length, data + kLength, length - kLength, nullptr};
    }

private:
    static constexpr size_t kLength = 4;
};

} // namespace

int run_frame(const Options &options)
{
    FrameWire wire(options.size);
    return Exchange(options, &wire).run();
}

} // namespace wm::load
