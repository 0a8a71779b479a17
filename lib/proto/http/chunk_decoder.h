/**
 * @file
 * Decodes a chunked body in place (RFC 9112 §7.1), resumable at every byte: joined, or in pieces as it arrives.
 *
 * Part of the request parser's state; owns nothing. Chunk sizes and extensions are consumed as they arrive, so that
 * between two calls the buffer holds joined data (not in pieces) and trailers only: nothing is scanned twice.
 */
#ifndef WM_PROTO_HTTP_CHUNK_DECODER_H
#define WM_PROTO_HTTP_CHUNK_DECODER_H

#include "proto/http/error.h"
#include "proto/http/limits.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm::http {

class ChunkDecoder {
public:
    enum class Outcome : uint8_t { kMore, kDone, kFail };

    /// What decode_piece() has found.
    struct Piece {
        std::string_view data; ///< of the body; may be empty. kDone: trailers_size() bytes of trailers are behind it
        size_t used;           ///< bytes of the input that are consumed
    };

    /// Continues: body[0, size()) is joined data, behind it are trailers_size() bytes of trailers, and the rest is new.
    /// kMore: all bytes are consumed, data and trailers remain. kDone: `used` bytes of body are consumed, data and trailers
    /// in them; the rest is untouched. kFail: error is set.
    Outcome decode(char *body, size_t len, const Limits &limits, size_t &used, Error &error);

    /// Continues without joining: data begins with the trailer section as far as it was left by the last call. kMore: out.data
    /// came, and out.used bytes are consumed; what is left is the trailer section, or a chunk that is a piece of its own: then
    /// call again. kDone: the same, and that was the last of the body.
    Outcome decode_piece(char *data, size_t len, const Limits &limits, Piece &out, Error &error);

    /// Bytes of data so far.
    size_t size() const { return static_cast<size_t>(size_); }
    /// Bytes of trailer lines so far, without the blank line that ends them.
    size_t trailers_size() const
    {
        if (state_ < State::kTrailer)
            return 0;
        return state_ < State::kLastLf ? framing_ : framing_ - 1;
    }
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
        kEnd,
    };

    /// Bytes of a chunk that are not moved behind those of the chunk before, but handed out by themselves.
    static constexpr size_t kOwnPiece = 4096;

    /// Bytes of the trailer section so far, the blank line's included.
    size_t section_size() const { return state_ < State::kTrailer ? 0 : framing_; }
    Error framing_octet(char c, const Limits &limits);
    void take_data(size_t size);

    Error size_octet(char c, const Limits &limits);
    Error extension_octet(char c, const Limits &limits);
    Error trailer_octet(char c, const Limits &limits);

    uint64_t left_ = 0;     ///< the size of the current chunk while that is read, then its bytes to come
    uint64_t size_ = 0;     ///< bytes of data
    uint32_t framing_ = 0;  ///< bytes of extensions so far; then of trailers
    uint16_t trailers_ = 0; ///< trailer lines
    uint8_t digits_ = 0;    ///< of the chunk size
    State state_ = State::kSize;
};

static_assert(sizeof(ChunkDecoder) == 24, "shares the parser's 48 bytes");

} // namespace wm::http

#endif
