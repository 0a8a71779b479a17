// Datagrams: each is a message of one size. What a datagram's socket loses is a lost answer.

#include "exchange.h"
#include "modes.h"

namespace wm::load {
namespace {

class DatagramWire : public EchoWire {
public:
    using EchoWire::EchoWire;

    const char *open(Connection &connection) override
    {
        connection.use_datagrams(payload().size());
        return nullptr;
    }

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

} // namespace

int run_udp(const Options &options)
{
    DatagramWire wire(options.size);
    return Exchange(options, &wire).run();
}

} // namespace wm::load
