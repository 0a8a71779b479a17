/**
 * @file
 * Joins a chunked body in place (RFC 9112 §7.1), resumable at every byte.
 *
 * Part of the request parser's state; owns nothing. Chunk sizes, extensions and trailers are consumed as they
 * arrive, so that between two calls the buffer holds joined data only: nothing is scanned or moved twice.
 */
#ifndef WM_PROTO_HTTP_CHUNK_DECODER_H
#define WM_PROTO_HTTP_CHUNK_DECODER_H

#include "proto/http/error.h"
#include "proto/http/limits.h"

#include <cstddef>
#include <cstdint>

namespace wm::http {

class ChunkDecoder {
public:
    enum class Outcome : uint8_t { kMore, kDone, kFail };

    /// Continues: body[0, size()) is joined data, body[size(), len) is new. kMore: all bytes are consumed,
    /// body[0, size()) remains. kDone: `used` bytes of body are consumed, the rest is untouched. kFail: error
    /// is set.
    Outcome decode(char *body, size_t len, const Limits &limits, size_t &used, Error &error);

    /// Bytes of joined data.
    size_t size() const { return static_cast<size_t>(size_); }
    /// Bytes to the end of the current chunk, its CRLF included; 0 outside a chunk and in its size line.
    size_t missing() const;

private:
    enum class State : uint8_t {
        kSize,
        kSizeLf,
        kData,
        kDataCr,
        kDataLf,
        // chunk-ext: what may follow
        kExtension,      ///< BWS ";"
        kExtensionName,  ///< BWS token
        kName,           ///< more of the token, BWS, "=", ";", CR
        kNameSpace,      ///< BWS, "=", ";"
        kExtensionValue, ///< BWS, token or quoted string
        kValue,          ///< more of the token, BWS, ";", CR
        kQuoted,
        kQuotedPair,
        kQuotedEnd, ///< BWS, ";", CR
        // the trailer section
        kTrailer,
        kTrailerName,
        kTrailerValue,
        kTrailerLf,
        kLastLf,
    };

    Error size_octet(char c, const Limits &limits);
    Error extension_octet(char c, const Limits &limits);
    Error trailer_octet(char c, const Limits &limits);

    uint64_t left_ = 0;     ///< the size of the current chunk while that is read, then its bytes to come
    uint64_t size_ = 0;     ///< joined
    uint32_t framing_ = 0;  ///< bytes of extensions so far; then of trailers
    uint16_t trailers_ = 0; ///< trailer lines
    uint8_t digits_ = 0;    ///< of the chunk size
    State state_ = State::kSize;
};

static_assert(sizeof(ChunkDecoder) == 24, "shares the parser's 48 bytes");

} // namespace wm::http

#endif
