#include "session/websocket/deflates.h"

#include "conn/reactor.h"
#include "proto/utf8.h"

#include <algorithm>
#include <new>

namespace wm {

namespace {

using websocket::Deflater;
using websocket::FrameFailure;
using websocket::Inflater;

constexpr size_t kFirstPart = 4096; // bytes that are inflated at first
constexpr size_t kCostly = 64 * 1024;

constexpr FrameFailure kMalformed = {websocket::kInvalidPayload, "compressed message that does not inflate (RFC 7692 7.2.2)"};
constexpr FrameFailure kOversize = {websocket::kTooBig, "inflated message over max_message"};
constexpr FrameFailure kNotUtf8 = {websocket::kInvalidPayload, "text is not UTF-8 (RFC 6455 8.1)"};

} // namespace

const FrameFailure Deflates::kNoMemory = {websocket::kAbnormal, "out of memory for a compressed message"};

DeflateSession::DeflateSession(Role role, const websocket::DeflateTerms &terms, size_t &total) : total_(total)
{
    bool server = role == Role::kServer;
    keeps_sent = !(server ? terms.server_resets : terms.client_resets);
    keeps_received = !(server ? terms.client_resets : terms.server_resets);
    sent_bits = server ? terms.server_bits : terms.client_bits;
    received_bits = server ? terms.client_bits : terms.server_bits;
    total_ += windows();
}

size_t DeflateSession::windows() const
{
    return (keeps_sent ? Deflater::memory(sent_bits) : 0) + (keeps_received ? Inflater::memory(received_bits) : 0);
}

std::optional<websocket::DeflateWish> Deflates::wish_of(const EndpointOptions &options)
{
    if (options.deflate == "off")
        return {};
    return websocket::DeflateWish{options.deflate == "shared", static_cast<uint8_t>(options.deflate_window_bits)};
}

std::optional<websocket::DeflateWish> Deflates::offer_of(const EndpointOptions &options) const
{
    std::optional<websocket::DeflateWish> wish = wish_of(options);
    if (!wish || wish->resets)
        return wish;
    size_t windows = Deflater::memory(wish->window_bits) + Inflater::memory(wish->window_bits);
    return total_ + windows <= reactor_.max_deflate_total ? wish : std::nullopt;
}

bool Deflates::prepare(Role role, const websocket::DeflateTerms &terms)
{
    next_.reset(new (std::nothrow) DeflateSession(role, terms, total_));
    if (total_ > reactor_.max_deflate_total)
        next_.reset();
    return next_ != nullptr;
}

// ---- to the peer

/// nullptr: out of memory.
Deflater *Deflates::deflater_for(DeflateSession &session, int level)
{
    std::unique_ptr<Deflater> &deflater = session.keeps_sent ? session.deflater : deflaters_[session.sent_bits];
    if (!deflater) {
        deflater = Deflater::make(session.sent_bits, level);
    } else if (!session.keeps_sent) {
        deflater->reset();
        deflater->set_level(level);
    }
    return deflater.get();
}

std::string_view Deflates::compress(DeflateSession &session, std::string_view message, int level)
{
    Deflater *deflater = deflater_for(session, level);
    if (!deflater || !packed_.reserve(deflater->bound(message.size())))
        return {};
    size_t size = deflater->compress(message, packed_.free_space(), packed_.free_size());
    if (size == 0 || (!session.keeps_sent && size >= message.size())) {
        deflater->reset(); // a peer that has not got the message must not need it for the next one
        return {};
    }
    packed_.add(size);
    return packed_.bytes();
}

// ---- from the peer

/// nullptr: out of memory.
Inflater *Deflates::inflater_for(DeflateSession &session)
{
    std::unique_ptr<Inflater> &inflater = session.keeps_received ? session.inflater : inflater_;
    if (!inflater)
        inflater = Inflater::make(session.keeps_received ? session.received_bits : websocket::kMostWindowBits);
    else if (!session.keeps_received)
        inflater->reset();
    return inflater.get();
}

const FrameFailure *Deflates::inflate(DeflateSession &session, const websocket::Frame &frame, size_t max_message)
{
    Inflater *inflater = inflater_for(session);
    if (!inflater)
        return &kNoMemory;
    Utf8 text;
    inflater->begin({frame.data, frame.len});
    for (Inflater::Result result = Inflater::Result::kMore; result == Inflater::Result::kMore;) {
        size_t size = inflated_.bytes().size(), made = 0;
        if (!inflated_.reserve(size == 0 ? kFirstPart : 1))
            return &kNoMemory;
        // One byte more than may be: whether it comes tells a message of that size from a longer one.
        char *part = inflated_.free_space();
        result = inflater->step(part, std::min(inflated_.free_size(), max_message + 1 - size), made);
        inflated_.add(made);
        if (result == Inflater::Result::kNoMemory)
            return &kNoMemory;
        if (result == Inflater::Result::kMalformed)
            return &kMalformed;
        if (size + made > max_message)
            return &kOversize;
        if (frame.opcode == websocket::kText && !text.feed(part, made))
            return &kNotUtf8;
    }
    if (inflated_.bytes().size() + frame.len > kCostly) // blocks without content cost time, too
        reactor_.fair_share.look_soon();
    return text.complete() ? nullptr : &kNotUtf8;
}

} // namespace wm
