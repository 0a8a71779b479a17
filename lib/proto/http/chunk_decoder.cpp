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
        bool fits = left_ <= most && size_ <= most - left_;
        return fits ? Error::kNone : limits.stream_body ? Error::kStreamLong : Error::kBodyLong;
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

/// Trailers are validated like header lines, and kept apart from these: RFC 9110 §6.5.1 warns of merging them into the
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

/// Everything but data: sizes, extensions, the ends of chunks, trailers.
Error ChunkDecoder::framing_octet(char c, const Limits &limits)
{
    switch (state_) {
    case State::kSize:
        return size_octet(c, limits);
    case State::kSizeLf:
        state_ = left_ != 0 ? State::kData : State::kTrailer;
        framing_ = left_ != 0 ? framing_ : 0;
        digits_ = 0;
        return c == '\n' ? Error::kNone : Error::kBareCr;
    case State::kDataCr:
        state_ = State::kDataLf;
        return c == '\r' ? Error::kNone : Error::kChunkEnd;
    case State::kDataLf:
        state_ = State::kSize;
        return c == '\n' ? Error::kNone : Error::kChunkEnd;
    case State::kLastLf:
        state_ = State::kEnd;
        return c == '\n' ? Error::kNone : Error::kBareCr;
    default:
        return state_ < State::kTrailer ? extension_octet(c, limits) : trailer_octet(c, limits);
    }
}

void ChunkDecoder::take_data(size_t size)
{
    size_ += size;
    left_ -= size;
    if (left_ == 0)
        state_ = State::kDataCr;
}

ChunkDecoder::Outcome ChunkDecoder::decode(char *body, size_t len, const Limits &limits, size_t &used, Error &error)
{
    const char *at = body + size() + trailers_size();
    const char *end = body + len;
    error = Error::kNone;
    while (at != end) {
        if (state_ == State::kData) {
            size_t part = std::min(static_cast<size_t>(left_), static_cast<size_t>(end - at));
            if (body + size_ != at)
                memmove(body + size_, at, part);
            at += part;
            take_data(part);
            continue;
        }
        char c = *at++;
        size_t trailers = trailers_size();
        error = framing_octet(c, limits);
        if (error != Error::kNone)
            return Outcome::kFail;
        if (trailers_size() > trailers)
            body[size() + trailers] = c;
        if (state_ == State::kEnd) {
            used = static_cast<size_t>(at - body);
            return Outcome::kDone;
        }
    }
    return Outcome::kMore;
}

ChunkDecoder::Outcome ChunkDecoder::decode_piece(char *data, size_t len, const Limits &limits, Piece &out, Error &error)
{
    char *at = data + section_size();
    char *end = data + len;
    char *trailers = data;
    char *piece = data;
    size_t size = 0;
    error = Error::kNone;
    while (at != end && state_ != State::kEnd) {
        if (state_ != State::kData) {
            error = framing_octet(*at++, limits);
            if (error != Error::kNone)
                return Outcome::kFail;
            if (section_size() == 0)
                trailers = at; // they begin here, if the body ends here
            continue;
        }
        size_t part = std::min(static_cast<size_t>(left_), static_cast<size_t>(end - at));
        if (size == 0)
            piece = at;
        else if (part >= kOwnPiece)
            break;
        else
            memmove(piece + size, at, part);
        at += part;
        size += part;
        take_data(part);
    }
    bool done = state_ == State::kEnd;
    if (done)
        memmove(piece + size, trailers, trailers_size());
    out.data = {piece, size};
    out.used = static_cast<size_t>((section_size() > 0 && !done ? trailers : at) - data);
    return done ? Outcome::kDone : Outcome::kMore;
}

size_t ChunkDecoder::missing() const
{
    if (state_ == State::kData || state_ == State::kDataCr)
        return static_cast<size_t>(left_) + 2;
    return state_ == State::kDataLf ? 1 : 0;
}

} // namespace wm::http
