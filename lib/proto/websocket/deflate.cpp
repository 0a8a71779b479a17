#include "proto/websocket/deflate.h"

#include "proto/websocket/extensions.h"

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <new>

#define ZLIB_CONST
#include <zlib.h>

namespace wm::websocket {

namespace {

constexpr unsigned char kTrailer[] = {0x00, 0x00, 0xFF, 0xFF}; // an empty block at the end, which is not sent (RFC 7692 §7.2.1)
constexpr size_t kStateSize = 10 * 1024;                       // of zlib, beside its tables

/// zlib has no raw stream with a window of 8 bits. In one of 9 it refers at most 250 bytes back, because it keeps room for the longest
/// match ahead (MAX_DIST): what it makes fits in a window of 8, too.
int zlib_bits(int window_bits)
{
    return std::max(window_bits, 9);
}

/// zlib's default for the largest window, and less for the others: the tables are as large as the window then.
int memory_level(int window_bits)
{
    return zlib_bits(window_bits) - 7;
}

const Bytef *bytes_of(std::string_view data)
{
    return reinterpret_cast<const Bytef *>(data.data());
}

void *allocate(void *, uInt items, uInt size)
{
    return malloc(size_t{items} * size);
}

void release(void *, void *memory)
{
    free(memory);
}

/// With allocations of the library's own, as all of its others. nullptr: out of memory.
std::unique_ptr<z_stream_s> make_stream()
{
    std::unique_ptr<z_stream_s> stream(new (std::nothrow) z_stream_s{});
    if (stream) {
        stream->zalloc = allocate;
        stream->zfree = release;
    }
    return stream;
}

/// zlib counts in 32 bits.
uInt part_of(size_t len)
{
    return static_cast<uInt>(std::min<size_t>(len, UINT_MAX));
}

} // namespace

// ---- compression

std::unique_ptr<Deflater> Deflater::make(int window_bits, int level)
{
    std::unique_ptr<Deflater> made(new (std::nothrow) Deflater);
    if (!made)
        return nullptr;
    std::unique_ptr<z_stream_s> stream = make_stream();
    if (!stream ||
        deflateInit2(stream.get(), level, Z_DEFLATED, -zlib_bits(window_bits), memory_level(window_bits), Z_DEFAULT_STRATEGY) != Z_OK)
        return nullptr;
    made->stream_ = std::move(stream);
    made->level_ = level;
    return made;
}

size_t Deflater::memory(int window_bits)
{
    return (size_t{1} << (zlib_bits(window_bits) + 2)) + (size_t{1} << (memory_level(window_bits) + 9)) + kStateSize;
}

Deflater::~Deflater()
{
    if (stream_)
        deflateEnd(stream_.get());
}

void Deflater::reset()
{
    deflateReset(stream_.get());
}

void Deflater::set_level(int level)
{
    if (level == level_)
        return;
    level_ = level;
    deflateParams(stream_.get(), level, Z_DEFAULT_STRATEGY); // nothing is pending that it would have to flush
}

size_t Deflater::bound(size_t len) const
{
    return deflateBound(stream_.get(), len) + 16; // the end of the flush
}

size_t Deflater::compress(std::string_view message, char *out, size_t room)
{
    z_stream_s &stream = *stream_;
    const Bytef *end = bytes_of(message) + message.size();
    stream.next_in = bytes_of(message);
    stream.next_out = reinterpret_cast<Bytef *>(out);
    do {
        stream.avail_in = part_of(static_cast<size_t>(end - stream.next_in));
        stream.avail_out = part_of(static_cast<size_t>(reinterpret_cast<Bytef *>(out) + room - stream.next_out));
        deflate(&stream, stream.next_in + stream.avail_in == end ? Z_SYNC_FLUSH : Z_NO_FLUSH);
    } while (stream.next_in != end && stream.avail_out > 0);
    if (stream.avail_out == 0)
        return 0;
    return static_cast<size_t>(stream.next_out - reinterpret_cast<Bytef *>(out)) - sizeof kTrailer;
}

// ---- decompression

std::unique_ptr<Inflater> Inflater::make(int window_bits)
{
    std::unique_ptr<Inflater> made(new (std::nothrow) Inflater);
    if (!made)
        return nullptr;
    std::unique_ptr<z_stream_s> stream = make_stream();
    // A peer of zlib's that has agreed to 8 bits may use 9.
    if (!stream || inflateInit2(stream.get(), -zlib_bits(window_bits)) != Z_OK)
        return nullptr;
    made->stream_ = std::move(stream);
    return made;
}

size_t Inflater::memory(int window_bits)
{
    return (size_t{1} << zlib_bits(window_bits)) + kStateSize;
}

Inflater::~Inflater()
{
    if (stream_)
        inflateEnd(stream_.get());
}

void Inflater::reset()
{
    inflateReset(stream_.get());
}

void Inflater::begin(std::string_view data)
{
    stream_->next_in = bytes_of(data);
    stream_->avail_in = part_of(data.size());
    in_trailer_ = false;
    final_blocks_ = 0;
}

/// Whether the bytes so far end where a block does, and with a whole octet.
bool Inflater::at_block_end() const
{
    constexpr int kBits = 0x1F, kBlockEnd = 128; // of data_type, as zlib.h says of inflate()
    return (stream_->data_type & (kBits | kBlockEnd)) == kBlockEnd;
}

/// Behind a block that says it is the last: others follow, and refer to what came before.
bool Inflater::restart()
{
    return ++final_blocks_ <= kMaxFinalBlocks && inflateResetKeep(stream_.get()) == Z_OK;
}

Inflater::Result Inflater::step(char *out, size_t room, size_t &made)
{
    z_stream_s &stream = *stream_;
    stream.next_out = reinterpret_cast<Bytef *>(out);
    stream.avail_out = part_of(room);
    for (;;) {
        int result = inflate(&stream, Z_SYNC_FLUSH);
        made = static_cast<size_t>(stream.next_out - reinterpret_cast<Bytef *>(out));
        if (result == Z_MEM_ERROR)
            return Result::kNoMemory;
        if (result == Z_STREAM_END) {
            if (in_trailer_ || !restart())
                return Result::kMalformed;
            if (stream.avail_in == 0)
                return Result::kDone;
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            return Result::kMalformed;
        } else if (stream.avail_out == 0) {
            return Result::kMore;
        } else if (in_trailer_) {
            return at_block_end() ? Result::kDone : Result::kMalformed;
        } else {
            in_trailer_ = true;
            stream.next_in = kTrailer;
            stream.avail_in = sizeof kTrailer;
        }
    }
}

} // namespace wm::websocket
