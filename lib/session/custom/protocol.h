/**
 * @file
 * A protocol of the host's: its name, what it declares, its callbacks, and the codec that comes of them. Owned by Protocols; the app's
 * thread.
 */
#ifndef WM_SESSION_CUSTOM_PROTOCOL_H
#define WM_SESSION_CUSTOM_PROTOCOL_H

#include "conn/callbacks.h"
#include "conn/codec.h"
#include "proto/frame/length_field.h"
#include "session/custom/options.h"
#include "session/custom/out.h"
#include "session/schemes.h"
#include "wm/protocol.h"

#include <cstdint>
#include <string>

namespace wm {

class Reactor;

class Protocol {
public:
    /// `row` in Reactor::codecs and the one behind it, for datagrams, are its own. `name` is in lower case.
    Protocol(Reactor &reactor, std::string name, uint8_t row);
    Protocol(const Protocol &) = delete;
    Protocol &operator=(const Protocol &) = delete;
    ~Protocol();

    enum class Framing : uint8_t { kLength, kDelimiter, kInput };

    /// An address names it: from here on it cannot change. 0, or WM_ESTATE with what is missing.
    int use();
    /// 0 or WM_ESTATE.
    int check_unused() const;

    Reactor &reactor() const { return reactor_; }
    const std::string &name() const { return name_; }
    const Scheme &scheme() const { return scheme_; }
    const Codec &codec() const { return codec_; }
    const Codec &datagram_codec() const { return datagram_codec_; }

    // Once it is in use.
    Framing framing() const { return framing_; }
    const framed::LengthField &length() const { return length_; }
    std::string_view delimiter() const { return delimiter_; }
    int32_t kind() const { return kind_; }
    bool writes_framing() const { return framing_ == Framing::kDelimiter || (framing_ == Framing::kLength && length_.offset == 0); }

    ProtocolOptions options;
    Callback<wm_input_fn> input;
    Callback<wm_transform_fn> encode;
    Callback<wm_transform_fn> decode;
    mutable Out encoded;
    mutable Out decoded;

private:
    int choose_framing();

    Reactor &reactor_;
    std::string name_;
    Scheme scheme_;
    Codec codec_;
    Codec datagram_codec_;
    Framing framing_ = Framing::kInput;
    framed::LengthField length_;
    std::string delimiter_;
    int32_t kind_ = WM_KIND_BINARY;
    bool in_use_ = false;
};

/// The parts of the codec that depend on the framing. In codec.cpp.
void complete_codec(Codec &codec, const Protocol &protocol);
/// The same for the one over datagrams.
void complete_datagram_codec(Codec &codec, const Codec &stream);

/// The state that the host keeps in a connection for its protocol; nullptr on one of another.
void *protocol_state(const Connection &conn);
/// 0, WM_ESTATE or WM_ENOMEM.
int set_protocol_state(Connection &conn, void *state, wm_destroy_fn destroy);

inline wm_protocol *handle(Protocol *protocol)
{
    return reinterpret_cast<wm_protocol *>(protocol);
}
inline Protocol *object(wm_protocol *protocol)
{
    return reinterpret_cast<Protocol *>(protocol);
}

} // namespace wm

#endif
