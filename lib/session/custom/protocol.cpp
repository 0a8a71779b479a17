#include "session/custom/protocol.h"

#include "conn/reactor.h"
#include "core/error.h"

#include <utility>

namespace wm {

namespace {

template <class Function> void call_destroy(const Callback<Function> &callback)
{
    if (callback.destroy)
        callback.destroy(callback.user);
}

} // namespace

Protocol::Protocol(Reactor &reactor, std::string name, uint8_t row)
    : reactor_(reactor), name_(std::move(name)), scheme_{name_.c_str(), static_cast<CodecRow>(row), static_cast<CodecRow>(row)},
      codec_{.name = name_.c_str(), .protocol = this, .datagram_row = static_cast<uint8_t>(row + 1)}, datagram_codec_{.name = name_.c_str()}
{}

Protocol::~Protocol()
{
    call_destroy(input);
    call_destroy(encode);
    call_destroy(decode);
}

int Protocol::check_unused() const
{
    return in_use_ ? fail(WM_ESTATE, "an address names protocol '%s' already: set it up before", name_.c_str()) : 0;
}

int Protocol::use()
{
    if (in_use_)
        return 0;
    if (int wrong = choose_framing())
        return wrong;
    kind_ = options.kind == "text" ? WM_KIND_TEXT : WM_KIND_BINARY;
    complete_codec(codec_, *this);
    complete_datagram_codec(datagram_codec_, codec_);
    in_use_ = true;
    return 0;
}

int Protocol::choose_framing()
{
    bool by_length = options.length_size > 0;
    bool by_delimiter = !options.delimiter.empty();
    int count = by_length + by_delimiter + (input ? 1 : 0);
    if (count == 0)
        return fail(WM_ESTATE, "protocol '%s' has no framing: set 'delimiter' or 'length_size', or call wm_protocol_on_input",
                    name_.c_str());
    if (count > 1)
        return fail(WM_ESTATE, "protocol '%s' has more than one framing: of 'delimiter', 'length_size' and wm_protocol_on_input, one",
                    name_.c_str());
    framing_ = by_length ? Framing::kLength : by_delimiter ? Framing::kDelimiter : Framing::kInput;
    if (!by_length && options.strip != ProtocolOptions::kAutomatic)
        return fail(WM_ESTATE, "option 'strip' of protocol '%s' needs 'length_size'", name_.c_str());
    delimiter_ = unescaped(options.delimiter);
    length_.offset = static_cast<uint32_t>(options.length_offset);
    length_.size = static_cast<uint32_t>(options.length_size);
    length_.little = options.length_endian == "little";
    length_.adjust = options.length_adjust;
    int64_t strip = options.strip != ProtocolOptions::kAutomatic ? options.strip : length_.offset == 0 ? int64_t{length_.size} : 0;
    length_.strip = static_cast<uint32_t>(strip);
    return 0;
}

} // namespace wm
