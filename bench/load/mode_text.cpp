// The text protocol: lines that end in LF.

#include <cstring>

#include "exchange.h"
#include "modes.h"

namespace wm::load {
namespace {

class LineWire : public EchoWire {
public:
    using EchoWire::EchoWire;

    size_t wire_size() const override { return payload().size() + 1; }

    char *encode(char *out, uint32_t connection, uint64_t number) override
    {
        payload().write(out, connection, number);
        out[payload().size()] = '\n';
        return out + payload().size() + 1;
    }

    Reply next(const char *data, size_t size, std::string *) override
    {
        const void *end = size == 0 ? nullptr : std::memchr(data, '\n', size);
        if (end == nullptr)
            return {};
        auto length = static_cast<size_t>(static_cast<const char *>(end) - data);
        return {Reply::Kind::kMessage, length + 1, data, length, nullptr};
    }
};

} // namespace

int run_text(const Options &options)
{
    LineWire wire(options.size);
    return Exchange(options, &wire).run();
}

} // namespace wm::load
