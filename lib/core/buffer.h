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

/// What the kernel did not take: owned bytes and shared blocks, in order.
class SendQueue {
public:
    SendQueue() = default;
    SendQueue(const SendQueue &) = delete;
    SendQueue &operator=(const SendQueue &) = delete;
    ~SendQueue() { clear(); }

    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

    /// Copies; false when memory has run out (nothing was added then).
    bool append(const char *data, size_t len);
    /// In front of everything; as append.
    bool prepend(const char *data, size_t len);
    /// Refers to a block from `offset` on.
    bool append_block(Block *block, size_t offset);

    /// Fills up to `count` vectors with what goes next; returns how many.
    int vectors(struct iovec *out, int count) const;
    void consume(size_t len);
    void clear();

private:
    struct Piece {
        Piece *next;
        Block *block;
        const char *data; ///< the bytes behind the piece, or the block's
        size_t begin;
        size_t end;
        size_t capacity; ///< 0 for a block

        char *own() { return reinterpret_cast<char *>(this + 1); }
    };

    static Piece *make_piece(size_t capacity);
    void push_back(Piece *piece);

    Piece *head_ = nullptr;
    Piece *tail_ = nullptr;
    size_t size_ = 0;
};

} // namespace wm

#endif
