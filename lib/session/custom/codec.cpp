// Protocols of the host's: framing that it has declared, or its input callback; then decode. Sending the other way.
#include "conn/reactor.h"
#include "core/error.h"
#include "core/log.h"
#include "proto/frame/delimiter.h"
#include "session/custom/protocol.h"
#include "session/datagram.h"
#include "session/half_open.h"

#include <algorithm>
#include <exception>

namespace wm {

namespace {

struct CustomState {
    void *state = nullptr; ///< the host's
    wm_destroy_fn destroy = nullptr;
    uint32_t need = 0;  ///< input: bytes before it is asked again, or of the message; delimiter: bytes searched
    bool known = false; ///< input: need is the length of the first message
    bool asked = false; ///< input: need is what the host has said, and not only more than there is
};

/// Why a connection ends.
struct Refusal {
    int32_t reason;
    int32_t error;
    const char *text;
};

constexpr Refusal kLong = {WM_REASON_LIMIT, WM_EMSGSIZE, "message over max_message"};
constexpr Refusal kShort = {WM_REASON_PROTOCOL, WM_EPROTOCOL, "message with a length that ends inside its header"};
constexpr Refusal kRefused = {WM_REASON_PROTOCOL, WM_EPROTOCOL, "on_input has refused the message"};
constexpr Refusal kNoProgress = {WM_REASON_PROTOCOL, WM_EPROTOCOL, "on_input has asked for fewer bytes than it had"};
constexpr Refusal kDecodedLong = {WM_REASON_LIMIT, WM_EMSGSIZE, "decoded message over max_message"};
constexpr Refusal kNotDecoded = {WM_REASON_PROTOCOL, WM_EPROTOCOL, "on_decode has refused the message"};
constexpr const char *kNotEncoded = "on_encode has refused a message";

bool begin(Connection &conn)
{
    conn.codec_state.make<CustomState>();
    return true;
}

void end(Connection &conn)
{
    const CustomState &state = conn.codec_state.as<CustomState>();
    conn.owner->reactor.retire(state.state, state.destroy);
}

/// The host's state stays.
void restart(Connection &conn)
{
    CustomState &state = conn.codec_state.as<CustomState>();
    state.need = 0;
    state.known = state.asked = false;
}

void refuse(Connection &conn, const Refusal &why)
{
    conn.owner->reactor.lifecycle.close_with_error(conn, why.reason, why.error, 0, why.text);
}

uint64_t limit_of(const Connection &conn, const Protocol &protocol)
{
    int64_t own = protocol.options.max_message;
    int64_t limit = conn.options().max_message;
    return static_cast<uint64_t>(own > 0 ? std::min(own, limit) : limit);
}

// ---- where the first message ends

/// Takes the answer of the input callback, for len bytes. nullptr, or why the connection ends.
const Refusal *take_input(CustomState &state, int64_t answer, size_t len, uint64_t most)
{
    if (answer <= WM_INPUT_REFUSE)
        return &kRefused;
    uint64_t bytes = static_cast<uint64_t>(answer < 0 ? -answer : answer == 0 ? static_cast<int64_t>(len) + 1 : answer);
    if (bytes > most)
        return &kLong;
    if (answer < 0 && bytes <= len)
        return &kNoProgress;
    state.known = answer > 0;
    state.asked = answer != 0;
    state.need = static_cast<uint32_t>(bytes);
    return nullptr;
}

/// kContinue: nothing can be delivered any more, or not now.
Step ask_input(Connection &conn, const Protocol &protocol, const char *data, size_t len, uint64_t most, const Refusal **why)
{
    CustomState &state = conn.codec_state.as<CustomState>();
    if (!state.known && len >= state.need) {
        Reactor &reactor = conn.owner->reactor;
        reactor.callback_watch.name("input");
        int64_t answer = protocol.input.fn(Dispatch::id_of(conn), data, len, protocol.input.user);
        *why = conn.state == ConnState::kOpen ? take_input(state, answer, len, most) : nullptr;
        if (*why)
            return {StepKind::kFail, len, 0};
        if (!reactor.inbox.wants(conn))
            return {StepKind::kContinue, 0, 0};
    }
    if (!state.known || len < state.need)
        return {StepKind::kMore, len, state.asked ? state.need : 0};
    Step step = {StepKind::kMessage, state.need, 0};
    state.known = false;
    state.need = 0;
    return step;
}

Step find_message(Connection &conn, const Protocol &protocol, const char *data, size_t len, const Refusal **why)
{
    uint64_t most = limit_of(conn, protocol);
    if (protocol.framing() == Protocol::Framing::kInput)
        return ask_input(conn, protocol, data, len, most, why);
    if (protocol.framing() == Protocol::Framing::kDelimiter) {
        *why = &kLong;
        return framed::step(protocol.delimiter(), data, len, most, conn.codec_state.as<CustomState>().need);
    }
    framed::LengthError error = {};
    Step step = framed::step(protocol.length(), data, len, most, error);
    *why = error == framed::LengthError::kLong ? &kLong : &kShort;
    return step;
}

/// What the host gets of a message of that many bytes.
std::string_view inside(const Protocol &protocol, const char *data, size_t size)
{
    if (protocol.framing() == Protocol::Framing::kDelimiter)
        return {data, size - protocol.delimiter().size()};
    size_t strip = protocol.framing() == Protocol::Framing::kLength ? protocol.length().strip : 0;
    return {data + strip, size - strip};
}

// ---- to the host

void deliver_decoded(Connection &conn, const Protocol &protocol, Out::Use &use)
{
    Reactor &reactor = conn.owner->reactor;
    std::string_view bytes = protocol.decoded.bytes();
    if (!reactor.dispatch.polling()) {
        reactor.dispatch.message(conn, bytes.data(), bytes.size(), protocol.kind(), 0);
        return;
    }
    // A record refers to the bytes until the next poll.
    Tail *kept = use.take();
    reactor.dispatch.message(conn, bytes.data(), bytes.size(), protocol.kind(), 0);
    if (!kept)
        return;
    reactor.assembly.retire(kept);
    if (reactor.assembly.batch_is_full())
        reactor.dispatch.end_batch();
}

void decode(Connection &conn, const Protocol &protocol, std::string_view message)
{
    Reactor &reactor = conn.owner->reactor;
    Out::Use use(protocol.decoded, limit_of(conn, protocol));
    reactor.callback_watch.name("decode");
    int32_t answer =
        protocol.decode.fn(Dispatch::id_of(conn), message.data(), message.size(), handle(&protocol.decoded), protocol.decode.user);
    use.close();
    if (conn.state != ConnState::kOpen)
        return; // the callback has closed it
    int error = protocol.decoded.error();
    if (error == WM_ENOMEM)
        reactor.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
    else if (error != 0 || (answer != 0 && answer != WM_DECODE_SKIP))
        refuse(conn, error == WM_EMSGSIZE ? kDecodedLong : kNotDecoded);
    else if (answer == 0)
        deliver_decoded(conn, protocol, use);
}

Rest parse(Connection &conn, char *data, size_t len)
{
    Reactor &reactor = conn.owner->reactor;
    const Protocol &protocol = *reactor.codec(conn).protocol;
    while (len > 0 && reactor.inbox.wants_next(conn)) {
        const Refusal *why = nullptr;
        Step step = find_message(conn, protocol, data, len, &why);
        if (step.kind == StepKind::kMore)
            return {data, len, true, step.need};
        if (step.kind == StepKind::kFail)
            refuse(conn, *why);
        if (step.kind != StepKind::kMessage)
            return {data, len, false};
        std::string_view message = inside(protocol, data, step.size);
        data += step.size;
        len -= step.size;
        if (protocol.decode)
            decode(conn, protocol, message);
        else
            reactor.dispatch.message(conn, message.data(), message.size(), protocol.kind(), 0);
    }
    return {data, len, false};
}

// ---- from the host

Framing add_framing(const Codec &codec, std::string_view payload, int32_t, char *room)
{
    const Protocol &protocol = *codec.protocol;
    if (protocol.framing() == Protocol::Framing::kDelimiter)
        return {payload, protocol.delimiter()};
    size_t header = framed::write_length(protocol.length(), payload.size(), room);
    return header > 0 ? Framing{{room, header}, payload} : Framing{};
}

int send_with_length(Connection &conn, std::string_view payload, int32_t flags)
{
    return conn.owner->reactor.outbox.write_framed(conn, payload, flags);
}

int call_encode(const Connection &conn, const Protocol &protocol, std::string_view payload)
{
    try {
        return protocol.encode.fn(Dispatch::id_of(conn), payload.data() ? payload.data() : "", payload.size(), handle(&protocol.encoded),
                                  protocol.encode.user);
    } catch (const std::exception &error) {
        log_exception("an encode callback", error.what());
        return WM_EINTERNAL;
    }
}

/// Hands encoded bytes on, into the stream or as a datagram.
int hand_on(Connection &conn, const Framing &bytes, int32_t flags, std::string_view key)
{
    Reactor &reactor = conn.owner->reactor;
    return reactor.codec(conn).stream ? send_datagram(conn, bytes, flags) : reactor.outbox.write_encoded(conn, bytes, flags, key);
}

int send_encoded(Connection &conn, std::string_view payload, int32_t flags)
{
    Reactor &reactor = conn.owner->reactor;
    const Codec &codec = reactor.codec(conn);
    const Protocol &protocol = *codec.protocol;
    if (codec.stream && flags & WM_SEND_RAW)
        return send_datagram(conn, {{}, payload}, flags);
    if (protocol.encoded.in_use())
        return fail(WM_ESTATE, "on_encode of protocol '%s' sends a message of that protocol: WM_SEND_RAW sends bytes as they are",
                    codec.name);
    if (int refused = reactor.outbox.check_encoded(conn, payload.size(), flags))
        return refused;
    std::string_view key = reactor.outbox.take_key();
    HostCall stays(reactor); // between turns, too: the callback may free the app
    Out::Use use(protocol.encoded, reactor.max_queue_total);
    int answer = call_encode(conn, protocol, payload);
    use.close();
    if (conn.state > ConnState::kOpen)
        return fail(WM_ECLOSED, "on_encode has closed the connection");
    if (stays.outermost() && reactor.owner_freed)
        return fail(WM_ECLOSED, "on_encode has freed the app");
    int error = protocol.encoded.error();
    if (answer != 0 || error != 0) {
        if (!codec.stream)
            reactor.lifecycle.close(conn, WM_REASON_PROTOCOL, 0, kNotEncoded);
        return error != 0 ? error : fail(WM_EPROTOCOL, "%s", kNotEncoded);
    }
    std::string_view bytes = protocol.encoded.bytes();
    if (protocol.writes_framing()) {
        char room[Codec::kFrameRoom];
        Framing framing = add_framing(codec, bytes, flags, room);
        return framing.size() == 0 ? too_long_to_frame(codec, bytes.size()) : hand_on(conn, framing, flags, key);
    }
    return bytes.empty() ? 0 : hand_on(conn, {{}, bytes}, flags, key);
}

} // namespace

void complete_codec(Codec &codec, const Protocol &protocol)
{
    codec.has_boundaries = true;
    codec.begin = begin;
    codec.end = end;
    codec.parse = parse;
    codec.restart = restart;
    codec.stays_half_open = half_open_by_option;
    codec.calls_host = static_cast<bool>(protocol.encode);
    if (protocol.encode)
        codec.send = send_encoded;
    else if (protocol.writes_framing())
        codec.frame = add_framing;
    if (codec.frame && protocol.framing() == Protocol::Framing::kLength)
        codec.send = send_with_length;
}

void complete_datagram_codec(Codec &codec, const Codec &stream)
{
    codec = over_datagrams(stream);
    if (stream.protocol->encode)
        codec.send = send_encoded;
}

void *protocol_state(const Connection &conn)
{
    return codec_of(conn).protocol ? conn.codec_state.as<CustomState>().state : nullptr;
}

int set_protocol_state(Connection &conn, void *state, wm_destroy_fn destroy)
{
    Reactor &reactor = conn.owner->reactor;
    const Codec &codec = reactor.codec(conn);
    if (!codec.protocol)
        return fail(WM_ESTATE, "the connection speaks %s, which is no protocol of wm_protocol_new", codec.name);
    if (!reactor.reserve_retire(destroy))
        return fail(WM_ENOMEM, "out of memory");
    CustomState &own = conn.codec_state.as<CustomState>();
    reactor.retire(own.state, own.destroy);
    own.state = state;
    own.destroy = destroy;
    return 0;
}

} // namespace wm
