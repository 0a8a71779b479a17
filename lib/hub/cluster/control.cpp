#include "hub/cluster/control.h"

#include "hub/router/little_endian.h"
#include "hub/router/wire.h"

#include <algorithm>

namespace wm::cluster {

namespace {

using router::put;
using router::take;

constexpr size_t kHelloHeader = 24;
constexpr uint8_t kKnowsNames = 1;
constexpr size_t kMaxText = 255;

} // namespace

bool next_control(std::string_view &rest, Control &out)
{
    router::Record record = {};
    const char *at = rest.data();
    if (!router::read_record(at, rest.data() + rest.size(), record))
        return false;
    out = {static_cast<ControlOp>(record.op), record.body};
    rest.remove_prefix(static_cast<size_t>(at - rest.data()));
    return true;
}

bool read_hello(std::string_view body, Hello &out)
{
    if (body.size() < kHelloHeader)
        return false;
    const char *at = body.data();
    out.seq = take<uint64_t>(at);
    out.digest = take<uint64_t>(at);
    out.processes = take<uint32_t>(at);
    out.knows_names = take<uint8_t>(at) & kKnowsNames;
    size_t name = take<uint8_t>(at), address = take<uint8_t>(at), version = take<uint8_t>(at);
    std::string_view texts = body.substr(kHelloHeader);
    if (name + address + version > texts.size())
        return false;
    out.name = texts.substr(0, name);
    out.address = texts.substr(name, address);
    out.version = texts.substr(name + address, version);
    return true;
}

bool read_probe(std::string_view body, uint64_t &time)
{
    if (body.size() < sizeof time)
        return false;
    const char *at = body.data();
    time = take<uint64_t>(at);
    return true;
}

char *put_control_header(char *at, ControlOp op, size_t body)
{
    return router::put_record_header(at, static_cast<uint32_t>(body), static_cast<router::Op>(op), 0, 0, 0);
}

char *put_control(char *at, ControlOp op)
{
    return put_control_header(at, op, 0);
}

char *put_hello(char *at, const Hello &hello)
{
    const std::string_view texts[] = {hello.name.substr(0, kMaxText), hello.address.substr(0, kMaxText), hello.version.substr(0, kMaxText)};
    size_t size = kHelloHeader;
    for (std::string_view text : texts)
        size += text.size();
    at = put_control_header(at, ControlOp::kHello, size);
    at = put(at, hello.seq);
    at = put(at, hello.digest);
    at = put(at, hello.processes);
    at = put(at, static_cast<uint8_t>(hello.knows_names ? kKnowsNames : 0));
    for (std::string_view text : texts)
        at = put(at, static_cast<uint8_t>(text.size()));
    for (std::string_view text : texts)
        at = std::copy(text.begin(), text.end(), at);
    return at;
}

char *put_probe(char *at, uint64_t time)
{
    return put(put_control_header(at, ControlOp::kProbe, sizeof time), time);
}

} // namespace wm::cluster
