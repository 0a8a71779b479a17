#include "proto/http/request_parser.h"

#include "proto/ascii.h"
#include "proto/http/authority.h"
#include "proto/http/fields.h"
#include "proto/http/known_head.h"
#include "proto/http/scan.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

namespace wm::http {

namespace {

using ascii::is;

/// Offsets in the head are 32 bits.
constexpr size_t kMaxHead = 0x7fffffff;

} // namespace

const char *RequestParser::refuse(Error error)
{
    error_ = error;
    return nullptr;
}

/// By length first: each of the five lengths has one candidate.
inline RequestParser::Field RequestParser::classify(std::string_view name)
{
    switch (name.size()) {
    case 4:
        return equals_name(name, "host") ? Field::kHost : Field::kOther;
    case 6:
        return equals_name(name, "expect") ? Field::kExpect : Field::kOther;
    case 10:
        return equals_name(name, "connection") ? Field::kConnection : Field::kOther;
    case 14:
        return equals_name(name, "content-length") ? Field::kContentLength : Field::kOther;
    case 17:
        return equals_name(name, "transfer-encoding") ? Field::kTransferEncoding : Field::kOther;
    default:
        return Field::kOther;
    }
}

/// RFC 9112 §5. Runs from state to state until the bytes end; the state then says where to resume. What
/// changes with every line is kept in locals (registers) and written back at the end.
const char *RequestParser::header_lines(const char *data, const char *p, const char *end, size_t max_lines)
{
    State state = state_;
    Field field = scan_.field;
    const char *mark = data + scan_.mark;
    while (p != end && state != State::kHeadEnd) {
        switch (state) {
        case State::kLine:
            if (!is(*p, ascii::kToken)) {
                if (*p != '\r')
                    return refuse(field_name_error(*p, true));
                state = State::kBlankLf;
                p++;
                break;
            }
            if (scan_.lines == max_lines)
                return refuse(Error::kTooManyFields);
            scan_.lines++;
            mark = p;
            state = State::kName;
            [[fallthrough]];
        case State::kName:
            p = skip_token(p, end);
            if (p == end)
                break;
            if (*p != ':')
                return refuse(field_name_error(*p, false));
            field = classify({mark, static_cast<size_t>(p - mark)});
            mark = ++p;
            state = State::kValue;
            [[fallthrough]];
        case State::kValue:
            p = skip_value(p, end);
            if (p == end)
                break;
            if (*p != '\r')
                return refuse(*p == '\n' ? Error::kBareLf : Error::kFieldValue);
            state = State::kValueLf;
            if (++p == end)
                break;
            [[fallthrough]];
        case State::kValueLf:
            if (*p != '\n')
                return refuse(Error::kBareCr);
            if (field != Field::kOther)
                if (Error error = take_field(field, data, {mark, static_cast<size_t>(p - 1 - mark)}); error != Error::kNone)
                    return refuse(error);
            state = State::kLine;
            p++;
            break;
        default: // kBlankLf
            if (*p != '\n')
                return refuse(Error::kBareCr);
            state = State::kHeadEnd;
            p++;
        }
    }
    state_ = state;
    scan_.field = field;
    scan_.mark = static_cast<uint32_t>(mark - data);
    return p;
}

inline Error RequestParser::take_field(Field field, const char *data, std::string_view line)
{
    std::string_view value = ascii::trim(line);
    switch (field) {
    case Field::kHost:
        return take_host(data, value);
    case Field::kContentLength:
        return take_length(value);
    case Field::kTransferEncoding:
        return take_coding(value);
    case Field::kConnection:
        return take_connection(value);
    default: // kExpect
        return take_expect(value);
    }
}

inline Error RequestParser::take_host(const char *data, std::string_view value)
{
    if ((flags_ & kHost) != 0)
        return Error::kHostRepeated;
    // A client has to send an empty Host where its target URI has no authority (RFC 9112 §3.2).
    if (value.size() > UINT16_MAX || (!value.empty() && !valid_authority(value)))
        return Error::kHostSyntax;
    flags_ |= kHost;
    if ((flags_ & kAbsolute) == 0) {
        authority_ = static_cast<uint32_t>(value.data() - data);
        authority_size_ = static_cast<uint16_t>(value.size());
    }
    return Error::kNone;
}

/// RFC 9112 §6.3 allows to reject repeated equal lengths or to merge them; rejected, as a proxy may do
/// neither.
Error RequestParser::take_length(std::string_view value)
{
    if ((flags_ & kLength) != 0)
        return Error::kLengthRepeated;
    uint64_t length = 0;
    const char *end = value.data() + value.size();
    auto [behind, error] = std::from_chars(value.data(), end, length);
    if (error == std::errc::invalid_argument || behind != end)
        return Error::kLengthSyntax;
    flags_ |= kLength;
    scan_.length = length;
    return error == std::errc::result_out_of_range ? Error::kBodyLong : Error::kNone;
}

/// RFC 9112 §6.1. Only "chunked" is implemented. Empty list members are refused, although a recipient has to ignore
/// them in lists (RFC 9110 §5.6.1.2): their only use is to hide a coding from one of two recipients.
Error RequestParser::take_coding(std::string_view value)
{
    if ((flags_ & kMinor) == 0)
        return Error::kCodingInOld;
    std::string_view member;
    do {
        next_member(value, member);
        if (member.empty())
            return Error::kCodingEmpty;
        size_t size = static_cast<size_t>(skip_class<ascii::kToken>(member.data(), member.data() + member.size()) - member.data());
        std::string_view rest = ascii::trim(member.substr(size));
        if (size == 0 || (!rest.empty() && rest.front() != ';'))
            return Error::kCodingSyntax;
        if ((flags_ & kChunked) != 0)
            return Error::kCodingAfterChunked;
        if (!ascii::equal_fold(member.substr(0, size), "chunked"))
            return Error::kCodingUnknown;
        if (!rest.empty()) // chunked has no parameters
            return Error::kCodingSyntax;
        flags_ |= kChunked;
    } while (value.data() != nullptr);
    return Error::kNone;
}

Error RequestParser::take_connection(std::string_view value)
{
    std::string_view member;
    while (next_member(value, member)) {
        if (equals_name(member, "close"))
            flags_ |= kClose;
        else if (equals_name(member, "keep-alive"))
            flags_ |= kKeepAlive;
        else if (!ascii::is_token(member))
            return Error::kConnectionSyntax;
    }
    return Error::kNone;
}

/// HTTP/1.0 ignores 100-continue (RFC 9110 §10.1.1): end_of_head() clears it.
Error RequestParser::take_expect(std::string_view value)
{
    std::string_view member;
    while (next_member(value, member)) {
        if (member.empty())
            continue;
        if (!equals_name(member, "100-continue"))
            return Error::kExpectation;
        flags_ |= kExpect;
    }
    return Error::kNone;
}

/// The checks that need the whole head: RFC 9112 §3.2 (Host) and §6.3 (the length of the body).
inline Error RequestParser::end_of_head(const Limits &limits)
{
    unsigned flags = flags_;
    if ((flags & (kMinor | kHost)) == kMinor)
        return Error::kHostMissing;
    if ((flags & (kChunked | kLength)) == (kChunked | kLength))
        return Error::kLengthAndCoding;
    if (scan_.length > std::min(limits.max_message, kMaxBody))
        return limits.stream_body ? Error::kStreamLong : Error::kBodyLong;
    if ((flags & kExpect) != 0 && ((flags & kMinor) == 0 || (scan_.length == 0 && (flags & kChunked) == 0)))
        flags_ = static_cast<uint8_t>(flags & ~unsigned{kExpect});
    state_ = State::kFixedBody;
    if ((flags & kChunked) != 0) {
        std::construct_at(&chunks_);
        state_ = limits.stream_body ? State::kChunkedPieces : State::kChunkedBody;
    } else if (limits.stream_body && scan_.length != 0) {
        state_ = State::kFixedPieces;
    }
    return Error::kNone;
}

/// The parser is at the end of a head that is equal to the known one. Only what limits may refuse by now is left to check.
inline bool RequestParser::take_known_head(KnownHead &known, const char *data, const char *end, const Limits &limits)
{
    if (known.size == 0 || static_cast<size_t>(end - data) < known.size || memcmp(data, known.bytes, known.size) != 0)
        return false;
    const RequestParser &then = known.after;
    if (then.scan_.lines > limits.max_headers)
        return false;
    if (!has_method(limits.methods, then.method_of(data)) && limits.methods != kAnyMethod)
        return false;
    known.misses = 0;
    *this = then;
    return true;
}

/// The same for header lines behind another request line.
inline bool RequestParser::take_known_lines(KnownHead &known, const char *data, const char *p, const char *end, size_t max_lines)
{
    size_t size = known.size - known.lines;
    if (size == 0 || static_cast<size_t>(end - p) < size || memcmp(p, known.bytes + known.lines, size) != 0)
        return false;
    const RequestParser &then = known.after;
    if ((flags_ & kMinor) == 0 || then.scan_.lines > max_lines)
        return false;
    known.misses = 0;
    scan_ = then.scan_;
    flags_ |= then.flags_;
    if ((flags_ & kAbsolute) == 0) {
        authority_ = static_cast<uint32_t>(then.authority_ - known.lines + static_cast<size_t>(p - data));
        authority_size_ = then.authority_size_;
    }
    state_ = State::kHeadEnd;
    return true;
}

/// HTTP/1.0 and absolute-form, for which fields have another meaning, are left out.
inline void RequestParser::remember(KnownHead &known, const char *data) const
{
    if ((flags_ & (kMinor | kAbsolute)) != kMinor || pos_ > KnownHead::kRoom)
        return;
    memcpy(known.bytes, data, pos_);
    known.size = pos_;
    known.lines = static_cast<uint16_t>(fields_begin());
    known.after = *this;
    known.pause = known.misses;
    known.misses = static_cast<uint8_t>((known.misses << 1 | 1) & KnownHead::kMaxPause);
}

/// The limit applies to the bytes parsed, not to those received, so that the outcome does not depend on how
/// they are cut.
inline Error RequestParser::head(const char *data, size_t len, const Limits &limits, KnownHead *known)
{
    // A limit that is lowered in the middle of a head applies to the bytes not yet parsed.
    size_t most = std::max(std::min(limits.max_header_bytes, kMaxHead), size_t{pos_});
    const char *end = data + std::min(len, most);
    const char *p = data + pos_;
    if (known != nullptr && pos_ == 0) {
        if (known->pause != 0) {
            known->pause--;
            known = nullptr;
        } else if (take_known_head(*known, data, end, limits)) {
            return end_of_head(limits);
        }
    }
    if (state_ < State::kLine)
        p = request_line(data, p, end, limits);
    if (p != nullptr && state_ >= State::kLine) {
        size_t max_lines = std::min<size_t>(limits.max_headers, UINT16_MAX);
        if (known != nullptr && state_ == State::kLine && scan_.lines == 0 && take_known_lines(*known, data, p, end, max_lines)) {
            pos_ = static_cast<uint32_t>(p - data) + known->size - known->lines;
            return end_of_head(limits);
        }
        p = header_lines(data, p, end, max_lines);
    }
    if (p == nullptr)
        return error_;
    pos_ = static_cast<uint32_t>(p - data);
    if (state_ == State::kHeadEnd) {
        if (known != nullptr)
            remember(*known, data);
        return end_of_head(limits);
    }
    if (pos_ != most)
        return Error::kNone;
    if (state_ == State::kMethod)
        return Error::kMethodUnknown; // longer than any that is implemented (RFC 9112 §3)
    return state_ >= State::kTarget && state_ <= State::kTargetEnd ? Error::kTargetLong : Error::kHeadLong;
}

inline void RequestParser::fill(const char *data, size_t body_size, Request &out) const
{
    size_t target = target_begin();
    size_t path = (flags_ & kAbsolute) != 0 ? size_t{authority_} + authority_size_ : target;
    size_t path_end = query_ != 0 ? query_ - 1 : target_end_;
    size_t fields = fields_begin();
    out.method = method_of(data);
    out.head = out.method == "HEAD";
    out.connect = out.method == "CONNECT";
    out.target = {data + target, target_end_ - target};
    out.path = path != path_end || out.connect ? std::string_view(data + path, path_end - path) : std::string_view("/");
    out.query = query_ != 0 ? std::string_view(data + query_, target_end_ - query_) : std::string_view();
    out.authority = (flags_ & (kAbsolute | kHost)) != 0 ? std::string_view(data + authority_, authority_size_) : std::string_view();
    out.minor = flags_ & kMinor;
    out.fields = {data + fields, pos_ - 2 - fields};
    out.body = {data + pos_, body_size};
    out.head_size = pos_;
    out.keep_alive = (flags_ & kClose) == 0 && (flags_ & (kMinor | kKeepAlive)) != 0 && !out.connect;
    out.says_keep_alive = (flags_ & kKeepAlive) != 0;
}

inline Step RequestParser::message(const char *data, size_t body_size, size_t used, uint32_t trailers_size, Request &out)
{
    fill(data, body_size, out);
    out.trailers_size = trailers_size;
    *this = RequestParser();
    return {StepKind::kMessage, used, 0};
}

/// The step of a body that is chunked or incomplete.
Step RequestParser::body(char *data, size_t len, const Limits &limits, Request &out)
{
    if ((flags_ & kExpect) != 0) {
        // Whether a chunked body is complete is known only once it is joined, so 100 is always sent for one: RFC
        // 9110 §10.1.1 allows a server to omit it when it has received content, but does not require that.
        flags_ = static_cast<uint8_t>(flags_ & ~kExpect);
        return {StepKind::kContinue, 0, 0};
    }
    if (state_ == State::kFixedBody)
        return {StepKind::kMore, len, pos_ + static_cast<size_t>(scan_.length)};
    size_t used = 0;
    ChunkDecoder::Outcome outcome = chunks_.decode(data + pos_, len - pos_, limits, used, error_);
    size_t kept = pos_ + chunks_.size() + chunks_.trailers_size();
    if (outcome == ChunkDecoder::Outcome::kDone)
        return message(data, chunks_.size(), pos_ + used, static_cast<uint32_t>(chunks_.trailers_size()), out);
    if (outcome == ChunkDecoder::Outcome::kMore) {
        size_t missing = chunks_.missing();
        return {StepKind::kMore, kept, missing != 0 ? kept + missing : 0};
    }
    state_ = State::kFailed;
    return {StepKind::kFail, 0, 0};
}

/// The step of a body that is handed out in pieces, or of the head before it.
Step RequestParser::pieces(char *data, size_t len, const Limits &limits, Request &out)
{
    if (pos_ != 0) {
        fill(data, 0, out);
        out.trailers_size = 0;
        size_t size = pos_;
        pos_ = 0;
        return {StepKind::kHead, size, 0};
    }
    if (state_ == State::kFixedPieces) {
        size_t size = static_cast<size_t>(std::min<uint64_t>(scan_.length, len));
        out.body = {data, size};
        out.trailers_size = 0;
        scan_.length -= size;
        return piece(size, scan_.length == 0);
    }
    ChunkDecoder::Piece found;
    ChunkDecoder::Outcome outcome = chunks_.decode_piece(data, len, limits, found, error_);
    if (outcome == ChunkDecoder::Outcome::kFail) {
        state_ = State::kFailed;
        return {StepKind::kFail, 0, 0};
    }
    bool last = outcome == ChunkDecoder::Outcome::kDone;
    if (found.used == 0)
        return {StepKind::kMore, len, 0}; // trailers
    out.body = found.data;
    out.trailers_size = last ? static_cast<uint32_t>(chunks_.trailers_size()) : 0;
    return piece(found.used, last);
}

Step RequestParser::piece(size_t used, bool last)
{
    if (last)
        *this = RequestParser();
    return {last ? StepKind::kLastPiece : StepKind::kPiece, used, 0};
}

Step RequestParser::step(char *data, size_t len, const Limits &limits, Request &out, KnownHead *known)
{
    if (state_ < State::kFixedBody) {
        error_ = head(data, len, limits, known);
        if (error_ != Error::kNone)
            state_ = State::kFailed;
        else if (state_ < State::kFixedBody)
            return {StepKind::kMore, len, 0};
    }
    if (state_ == State::kFixedBody && len - pos_ >= scan_.length) [[likely]]
        return message(data, static_cast<size_t>(scan_.length), pos_ + static_cast<size_t>(scan_.length), 0, out);
    if (state_ == State::kFailed)
        return {StepKind::kFail, 0, 0};
    if (state_ > State::kFailed)
        return pieces(data, len, limits, out);
    return body(data, len, limits, out);
}

} // namespace wm::http
