/**
 * @file
 * Messages of permessage-deflate (RFC 7692 §7.2): compresses and decompresses them by zlib. One thread at a time.
 *
 * zlib allocates when a Deflater is made, and when an Inflater is made and first keeps a window; never by what a peer announces.
 */
#ifndef WM_PROTO_WEBSOCKET_DEFLATE_H
#define WM_PROTO_WEBSOCKET_DEFLATE_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

struct z_stream_s;

namespace wm::websocket {

class Deflater {
public:
    /// Of a window of 8 to 15 bits, at a level of 1 to 9. nullptr: out of memory.
    static std::unique_ptr<Deflater> make(int window_bits, int level);
    /// What make() allocates, in bytes, at most.
    static size_t memory(int window_bits);

    ~Deflater();
    Deflater(const Deflater &) = delete;
    Deflater &operator=(const Deflater &) = delete;

    /// Forgets the messages before.
    void reset();
    /// Takes effect behind a reset().
    void set_level(int level);
    /// The room that compress() needs for that many bytes.
    size_t bound(size_t len) const;
    /// Compresses a message that is not empty, without the 00 00 FF FF at its end; returns how many bytes it has become. 0: the room,
    /// which has to be bound(), was too small, and reset() comes next.
    size_t compress(std::string_view message, char *out, size_t room);

private:
    Deflater() = default;

    std::unique_ptr<z_stream_s> stream_;
    int level_ = 0;
};

class Inflater {
public:
    enum class Result : uint8_t {
        kDone,      ///< the message is complete
        kMore,      ///< the room is used up: step() again
        kMalformed, ///< not the data of a message (RFC 7692 §7.2.2); the stream is lost
        kNoMemory,  ///< likewise
    };

    /// Of a window of 8 to 15 bits. nullptr: out of memory.
    static std::unique_ptr<Inflater> make(int window_bits);
    /// What it allocates, in bytes, at most.
    static size_t memory(int window_bits);

    ~Inflater();
    Inflater(const Inflater &) = delete;
    Inflater &operator=(const Inflater &) = delete;

    /// Forgets the messages before.
    void reset();
    /// Begins a message; its data must stay until it is done.
    void begin(std::string_view data);
    /// Writes what comes next of it to out, which has room for at least one byte, and counts it in made.
    Result step(char *out, size_t room, size_t &made);

private:
    /// Blocks of a message that say they are the last (BFINAL). A peer that knows no other flush ends each of its messages, or parts of
    /// one, with such a block (RFC 7692 §7.2.3.5).
    static constexpr int kMaxFinalBlocks = 1024;

    Inflater() = default;
    bool at_block_end() const;
    bool restart();

    std::unique_ptr<z_stream_s> stream_;
    bool in_trailer_ = false; ///< the data is used up, and what the sender has cut off follows
    int final_blocks_ = 0;
};

} // namespace wm::websocket

#endif
