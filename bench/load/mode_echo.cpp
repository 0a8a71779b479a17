// Bytes as they are: messages of one size, split by that size; of udp a datagram each. What a datagram's socket loses is a lost answer.

#include "exchange.h"
#include "modes.h"

namespace wm::load {
namespace {

class RawWire : public EchoWire {
public:
    using EchoWire::EchoWire;

    size_t wire_size() const override { return payload().size(); }

    char *encode(char *out, uint32_t connection, uint64_t number) override
    {
        payload().write(out, connection, number);
        return out + payload().size();
    }

    Reply next(const char *data, size_t size, std::string *) override
    {
        if (size < payload().size())
            return {};
        return {Reply::Kind::kMessage, payload().size(), data, payload().size(), nullptr};
    }
};

class DatagramWire : public RawWire {
public:
    using RawWire::RawWire;

    const char *open(Connection &connection) override
    {
        connection.use_datagrams(payload().size());
        return nullptr;
    }
};

} // namespace

int run_echo(const Options &options)
{
    RawWire wire(options.size);
    return Exchange(options, &wire).run();
}

int run_udp(const Options &options)
{
    DatagramWire wire(options.size);
    return Exchange(options, &wire).run();
}

} // namespace wm::load
