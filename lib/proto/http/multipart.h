/**
 * @file
 * The parser of multipart/form-data: bytes in, parts out (RFC 7578, RFC 2046 §5.1).
 *
 * Incremental: a body may be fed whole or in any pieces, with the same outcome. It looks at each octet once, whatever the boundary. Data
 * are slices of what is fed; only an incomplete head of a part is kept by the caller. Allocates nothing. One body, one thread.
 */
#ifndef WM_PROTO_HTTP_MULTIPART_H
#define WM_PROTO_HTTP_MULTIPART_H

#include "proto/http/disposition.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm::http {

struct MultipartLimits {
    size_t max_parts;
    size_t max_part_header_bytes; ///< of the header lines of a part, the blank line included
};

/// What a step leads to. A part is one kPart, its data in any number of pieces, one kPartEnd.
struct MultipartStep {
    enum Kind : uint8_t { kMore, kPart, kData, kPartEnd, kFail };

    Kind kind;
    /// Bytes consumed. kMore: what is not consumed is an incomplete head, at most max_part_header_bytes, and is fed again with more
    /// bytes behind it; no data were passed over.
    size_t size;
    /// kData: a piece, never empty: of the bytes fed, or of the parser's own until the next step.
    std::string_view data = {};
};

class MultipartParser {
public:
    static constexpr size_t kMaxBoundary = 70; ///< octets (RFC 2046 §5.1.1)

    /// Whether a boundary has the form of RFC 2046 §5.1.1. Others must not be given to a parser.
    static bool is_boundary(std::string_view text);
    explicit MultipartParser(std::string_view boundary);

    /// Continues in data[0, len), until the next event. kPart: part() tells its head, as slices of data. Nothing may be fed behind kFail.
    MultipartStep step(const char *data, size_t len, const MultipartLimits &limits);
    /// The end of the part has been found: the next step is kPartEnd, also if nothing is fed.
    bool at_part_end() const { return state_ == State::kPartEnd; }
    /// The whole body has been fed. False: it ends too early.
    bool finish();

    /// Of the last kPart.
    const PartHead &part() const { return part_; }
    /// After kFail, or finish(): what is wrong (static text).
    const char *failure() const { return failure_; }
    /// The value of the limit that the body is over, whose name the failure ends with; 0: it breaks a rule.
    size_t limit() const { return limit_; }

private:
    enum class State : uint8_t {
        kPreamble,
        kHead,
        kData,
        kPartEnd,  ///< its boundary has been consumed, and the event is due
        kBoundary, ///< the octet behind a boundary
        kPadding,  ///< white space behind a boundary
        kPaddingLf,
        kDash, ///< the second one behind the last boundary
        kEndPadding,
        kEndLf,
        kEpilogue,
        kFailed,
    };

    MultipartStep fail(const char *text, size_t limit = 0);
    void begin_search(State state);
    size_t match(const char *data, size_t len) const;
    size_t find(const char *data, size_t from, size_t len);
    MultipartStep search(const char *data, size_t len);
    MultipartStep head(const char *data, size_t len, const MultipartLimits &limits);
    const char *take_line(const char *begin, const char *end);
    bool take_mark(char c);

    PartHead part_;
    const char *failure_ = nullptr;
    size_t limit_ = 0;
    size_t parts_ = 0;
    size_t lines_ = 0;    ///< bytes of the whole lines of the head that is being read
    size_t searched_ = 0; ///< bytes of it that have no LF behind these
    uint8_t size_;        ///< of the delimiter
    uint8_t matched_ = 0; ///< octets of the delimiter that have been found, and whose rest is due
    uint8_t unfed_ = 0;   ///< of these, octets that were not fed: the CRLF before the first octet of a body, or of a part's data
    State state_ = State::kPreamble;
    char delimiter_[4 + kMaxBoundary]; ///< CRLF, two dashes, the boundary
};

} // namespace wm::http

#endif
