#include "proto/http/chunk_decoder.h"

#include "proto/ascii.h"

#include <algorithm>
#include <cstring>

namespace wm::http {

namespace {

using ascii::is;

constexpr uint8_t kMaxDigits = 16;

constexpr bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

} // namespace

/// The limit is checked at every digit: a size above it fails before its line ends.
Error ChunkDecoder::size_octet(char c, const Limits &limits)
{
    if (is(c, ascii::kHex)) {
        if (digits_++ == kMaxDigits)
            return Error::kChunkSize;
        left_ = left_ << 4 | ascii::hex_value(c);
        size_t most = std::min(limits.max_message, kMaxBody);
        return left_ > most || size_ > most - left_ ? Error::kBodyLong : Error::kNone;
    }
    if (digits_ == 0)
        return Error::kChunkSize;
    if (c == '\r') {
        state_ = State::kSizeLf;
        return Error::kNone;
    }
    if (c != ';' && !is_space(c))
        return c == '\n' ? Error::kBareLf : Error::kChunkSize;
    state_ = State::kExtension;
    return extension_octet(c, limits);
}

/// chunk-ext = *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ). Extensions are ignored, but
/// must be well-formed: malformed ones are a means of request smuggling.
Error ChunkDecoder::extension_octet(char c, const Limits &limits)
{
    if (++framing_ > limits.max_header_bytes)
        return Error::kChunkExtensionLong;
    bool space = is_space(c);
    bool token = is(c, ascii::kToken);
    bool after_part = state_ == State::kName || state_ == State::kValue || state_ == State::kQuotedEnd;
    State next = State::kSize; // none
    if (after_part && c == '\r')
        next = State::kSizeLf;
    else if (c == ';' && (after_part || state_ == State::kExtension || state_ == State::kNameSpace))
        next = State::kExtensionName;
    else if (c == '=' && (state_ == State::kName || state_ == State::kNameSpace))
        next = State::kExtensionValue;
    else if (state_ == State::kExtension || state_ == State::kNameSpace)
        next = space ? state_ : next;
    else if (state_ == State::kExtensionName)
        next = space ? state_ : token ? State::kName : next;
    else if (state_ == State::kExtensionValue)
        next = space ? state_ : token ? State::kValue : c == '"' ? State::kQuoted : next;
    else if (state_ == State::kName)
        next = space ? State::kNameSpace : token ? state_ : next;
    else if (state_ == State::kValue)
        next = space ? State::kExtension : token ? state_ : next;
    else if (state_ == State::kQuoted)
        next = c == '"' ? State::kQuotedEnd : c == '\\' ? State::kQuotedPair : is(c, ascii::kQuoted) ? state_ : next;
    else if (state_ == State::kQuotedPair)
        next = is(c, ascii::kValue) ? State::kQuoted : next;
    else if (state_ == State::kQuotedEnd)
        next = space ? State::kExtension : next;
    if (next == State::kSize)
        return c == '\n' ? Error::kBareLf : Error::kChunkExtension;
    state_ = next;
    return Error::kNone;
}

/// Trailers are validated like header lines and dropped: RFC 9110 §6.5.1 warns of merging them into the
/// header.
Error ChunkDecoder::trailer_octet(char c, const Limits &limits)
{
    if (++framing_ > limits.max_header_bytes)
        return Error::kTrailersLong;
    switch (state_) {
    case State::kTrailer:
        if (c == '\r') {
            state_ = State::kLastLf;
            return Error::kNone;
        }
        if (!is(c, ascii::kToken))
            return field_name_error(c, true);
        if (trailers_ == std::min<size_t>(limits.max_headers, UINT16_MAX))
            return Error::kTooManyTrailers;
        trailers_++;
        state_ = State::kTrailerName;
        return Error::kNone;
    case State::kTrailerName:
        if (c == ':')
            state_ = State::kTrailerValue;
        return c == ':' || is(c, ascii::kToken) ? Error::kNone : field_name_error(c, false);
    case State::kTrailerValue:
        if (c == '\r')
            state_ = State::kTrailerLf;
        else if (!is(c, ascii::kValue))
            return c == '\n' ? Error::kBareLf : Error::kFieldValue;
        return Error::kNone;
    default: // kTrailerLf
        state_ = State::kTrailer;
        return c == '\n' ? Error::kNone : Error::kBareCr;
    }
}

ChunkDecoder::Outcome ChunkDecoder::decode(char *body, size_t len, const Limits &limits, size_t &used, Error &error)
{
    const char *at = body + size_;
    const char *end = body + len;
    error = Error::kNone;
    while (at != end) {
        if (state_ == State::kData) {
            size_t part = std::min(static_cast<size_t>(left_), static_cast<size_t>(end - at));
            if (body + size_ != at)
                memmove(body + size_, at, part);
            at += part;
            size_ += part;
            left_ -= part;
            if (left_ == 0)
                state_ = State::kDataCr;
            continue;
        }
        char c = *at++;
        if (state_ == State::kSize) {
            error = size_octet(c, limits);
        } else if (state_ == State::kSizeLf) {
            error = c == '\n' ? Error::kNone : Error::kBareCr;
            state_ = left_ != 0 ? State::kData : State::kTrailer;
            framing_ = left_ != 0 ? framing_ : 0;
            digits_ = 0;
        } else if (state_ == State::kDataCr) {
            error = c == '\r' ? Error::kNone : Error::kChunkEnd;
            state_ = State::kDataLf;
        } else if (state_ == State::kDataLf) {
            error = c == '\n' ? Error::kNone : Error::kChunkEnd;
            state_ = State::kSize;
        } else if (state_ < State::kTrailer) {
            error = extension_octet(c, limits);
        } else if (state_ != State::kLastLf) {
            error = trailer_octet(c, limits);
        } else if (c == '\n') {
            used = static_cast<size_t>(at - body);
            return Outcome::kDone;
        } else {
            error = Error::kBareCr;
        }
        if (error != Error::kNone)
            return Outcome::kFail;
    }
    return Outcome::kMore;
}

size_t ChunkDecoder::missing() const
{
    if (state_ == State::kData || state_ == State::kDataCr)
        return static_cast<size_t>(left_) + 2;
    return state_ == State::kDataLf ? 1 : 0;
}

} // namespace wm::http
