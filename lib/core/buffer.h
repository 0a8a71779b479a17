/**
 * @file
 * Memory of the data path: the tail that a connection keeps of an incomplete message, blocks that several connections share,
 * and the queue of what the kernel has refused. The app's thread; counted by their owner.
 */
#ifndef WM_CORE_BUFFER_H
#define WM_CORE_BUFFER_H

#include <cstddef>
#include <cstdint>
#include <sys/uio.h>

namespace wm {

/// The bytes that a connection has read and not consumed: one allocation, nothing while it is empty.
struct Tail {
    size_t begin; ///< consumed so far
    size_t end;
    size_t capacity;
    size_t need; ///< bytes, of them, before the codec can go on; 0: not known

    char *data() { return reinterpret_cast<char *>(this + 1) + begin; }
    size_t size() const { return end - begin; }
    char *free_space() { return reinterpret_cast<char *>(this + 1) + end; }
    size_t free_size() const { return capacity - end; }

    /// With room for `capacity` bytes, or nullptr. Freed by free().
    static Tail *make(size_t capacity);
    /// With room for `capacity` bytes, at a new address; nullptr, and as it was, when memory has run out.
    Tail *grow(size_t capacity);
};

/// A message framed once for many connections. Counted references, of one thread.
struct Block {
    uint32_t references;
    uint32_t size;

    char *data() { return reinterpret_cast<char *>(this + 1); }

    /// With one reference and room for size bytes, or nullptr.
    static Block *make(size_t size);
    void retain() { references++; }
    void release();
};

/// A part of a file that is to be sent.
struct FileRange {
    int fd;
    int64_t offset;
    size_t len;
};

/// What the kernel did not take: owned bytes, shared blocks and file ranges, in order.
class SendQueue {
public:
    SendQueue() = default;
    SendQueue(const SendQueue &) = delete;
    SendQueue &operator=(const SendQueue &) = delete;
    ~SendQueue() { clear(); }

    /// Bytes in memory.
    size_t size() const { return size_; }
    /// Bytes in files.
    size_t file_size() const { return file_size_; }
    /// What is allocated for it; a shared block counts for each queue that refers to it.
    size_t allocated() const { return allocated_; }
    bool empty() const { return size_ == 0 && file_size_ == 0; }

    /// Copies; false when memory has run out (nothing was added then).
    bool append(const char *data, size_t len);
    /// In front of everything; as append.
    bool prepend(const char *data, size_t len);
    /// Refers to a block from `offset` on.
    bool append_block(Block *block, size_t offset);
    /// Takes the descriptor over, and closes it when the range has left; false as append, with the descriptor the caller's.
    bool append_file(const FileRange &range);

    /// Fills up to `count` vectors with what goes next, up to the first file; returns how many.
    int vectors(struct iovec *out, int count) const;
    /// The file range that goes next; false when bytes do.
    bool next_file(FileRange *out) const;
    void consume(size_t len);
    void clear();

private:
    enum class Kind : uint8_t { kBytes, kBlock, kFile };

    struct Piece {
        Piece *next;
        union {
            Block *block;
            int file;
        };
        const char *data; ///< the bytes behind the piece, or the block's
        size_t begin;     ///< of a file: its offset
        size_t end;
        size_t capacity; ///< of kBytes
        Kind kind;

        char *own() { return reinterpret_cast<char *>(this + 1); }
    };

    Piece *make_piece(Kind kind, size_t capacity);
    void push_back(Piece *piece);
    void free_front();

    Piece *head_ = nullptr;
    Piece *tail_ = nullptr;
    size_t size_ = 0;
    size_t file_size_ = 0;
    size_t allocated_ = 0;
};

} // namespace wm

#endif
