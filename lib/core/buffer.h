/**
 * @file
 * Memory of the data path: the tail that a connection keeps of an incomplete message, blocks that several connections share,
 * and the queue of what the kernel has refused. The app's thread; counted by their owner.
 */
#ifndef WM_CORE_BUFFER_H
#define WM_CORE_BUFFER_H

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <sys/uio.h>

namespace wm {

/// The bytes that a connection has read and not consumed: one allocation, nothing while it is empty.
struct Tail {
    size_t begin; ///< consumed so far
    size_t end;
    size_t capacity;
    size_t need;    ///< bytes, of them, before the codec can go on; 0: not known
    Tail *previous; ///< in the lists of Assembly, as the members below
    Tail *next;
    int64_t since_ms; ///< the time of the last growth
    uint32_t slot;    ///< the connection's

    char *data() { return reinterpret_cast<char *>(this + 1) + begin; }
    size_t size() const { return end - begin; }
    char *free_space() { return reinterpret_cast<char *>(this + 1) + end; }
    size_t free_size() const { return capacity - end; }
    size_t allocated() const { return sizeof(Tail) + capacity; }

    void clear(size_t room) { *this = {0, 0, room, 0, nullptr, nullptr, 0, 0}; }

    /// With room for `capacity` bytes, or nullptr. Freed by free().
    static Tail *make(size_t capacity);
    /// With room for `capacity` bytes, at a new address; nullptr, and as it was, when memory has run out.
    Tail *grow(size_t capacity);
};

/// Large tails that were freed, for the next large messages: malloc would give their pages back to the kernel and fault
/// them in again for each. Holds up to kCount of kMost bytes; the oldest goes first.
class SpareTails {
public:
    SpareTails() = default;
    SpareTails(const SpareTails &) = delete;
    SpareTails &operator=(const SpareTails &) = delete;
    ~SpareTails();

    /// One with room for `capacity` bytes and no more than `most` in all, or nullptr.
    Tail *find(size_t capacity, size_t most) const;
    /// Takes out what find() has found, empty.
    void take(Tail *tail);
    /// Keeps the tail, or frees it.
    void give(Tail *tail);

private:
    static constexpr size_t kLeast = 64 * 1024;  ///< bytes of one; malloc makes smaller ones without page faults
    static constexpr size_t kMost = 4608 * 1024; ///< bytes; four of a MiB and what they need beside it
    static constexpr size_t kCount = 16;

    void remove(size_t index);

    Tail *tails_[kCount]; ///< the oldest first
    size_t count_ = 0;
    size_t bytes_ = 0;
};

/// The bytes of a message that is made in parts, one message after another. Their memory stays for the next one, unless it is large.
class MessageBuffer {
public:
    MessageBuffer() = default;
    MessageBuffer(const MessageBuffer &) = delete;
    MessageBuffer &operator=(const MessageBuffer &) = delete;
    ~MessageBuffer();

    /// Makes room behind the bytes for that many more; false, and as it was, when out of memory.
    bool reserve(size_t len);
    /// Room behind the bytes; nullptr before the first reserve().
    char *free_space() { return tail_ ? tail_->free_space() : nullptr; }
    size_t free_size() const { return tail_ ? tail_->free_size() : 0; }
    /// Counts what was written there.
    void add(size_t len) { tail_->end += len; }
    std::string_view bytes() const { return tail_ ? std::string_view(tail_->data(), tail_->end) : std::string_view(); }
    /// Drops the bytes.
    void clear();
    /// Passes their memory on to the caller; nullptr: there are none.
    Tail *take();
    /// The same, or a copy where they use little of that memory; nullptr with bytes: out of memory.
    Tail *take_or_copy();

private:
    static constexpr size_t kKept = 64 * 1024; ///< bytes that stay allocated between two messages

    Tail *tail_ = nullptr;
};

/// A message framed once for many connections. Counted references, of one thread.
struct Block {
    uint32_t references;
    uint32_t queues; ///< references of send queues
    uint32_t size;

    char *data() { return reinterpret_cast<char *>(this + 1); }

    /// With one reference and room for size bytes, or nullptr.
    static Block *make(size_t size);
    /// The same, with these bytes in it.
    static Block *make(std::string_view head, std::string_view body);
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
    /// Adds what it allocates to `total`; a block counts once for all queues of one total. Counts its files in *files.
    explicit SendQueue(size_t &total, size_t *files = nullptr) : total_(total), files_(files) {}
    SendQueue(const SendQueue &) = delete;
    SendQueue &operator=(const SendQueue &) = delete;
    ~SendQueue() { clear(); }

    /// Bytes in memory.
    size_t size() const { return size_; }
    /// Bytes in files.
    size_t file_size() const { return file_size_; }
    /// Bytes allocated for it; a block counts in each queue that refers to it.
    size_t allocated() const { return allocated_; }
    bool empty() const { return size_ == 0 && file_size_ == 0; }

    /// Copies; false when memory has run out (nothing was added then).
    bool append(const char *data, size_t len);
    /// Room for that many bytes at the end, which the caller fills before it calls anything else; nullptr when memory has run out.
    char *extend(size_t len);
    /// Copies up to kLatestMax bytes, in place of those of the last append_latest() if none of them has left; as append.
    bool append_latest(const char *data, size_t len);
    static constexpr size_t kLatestMax = 132;
    /// In front of everything; as append.
    bool prepend(const char *data, size_t len);
    /// Refers to a block from `offset` on.
    bool append_block(Block *block, size_t offset);
    /// Takes the descriptor over, and closes it when the range has left; false as append, with the descriptor the caller's.
    bool append_file(const FileRange &range);

    /// Takes what another queue of the same total holds, to the end.
    void take(SendQueue &other);

    /// Fills up to `count` vectors with what goes next, up to the first file; returns how many.
    int vectors(struct iovec *out, int count) const;
    /// The file range that goes next; false when bytes do.
    bool next_file(FileRange *out) const;
    void consume(size_t len);
    void clear();

private:
    enum class Kind : uint8_t { kBytes, kLatest, kBlock, kFile };

    struct Piece {
        Piece *next;
        union {
            Block *block;
            int file;
        };
        const char *data; ///< the bytes behind the piece, or the block's
        size_t begin;     ///< of a file: its offset
        size_t end;
        size_t capacity; ///< of bytes behind the piece
        Kind kind;

        char *own() { return reinterpret_cast<char *>(this + 1); }
    };

    Piece *make_piece(Kind kind, size_t capacity);
    Piece *add_piece(size_t least);
    void close_file(const Piece &piece);
    void count(size_t bytes);
    void uncount(size_t bytes);
    void push_back(Piece *piece);
    void free_front();

    Piece *head_ = nullptr;
    Piece *tail_ = nullptr;
    size_t size_ = 0;
    size_t file_size_ = 0;
    size_t allocated_ = 0;
    Piece *latest_ = nullptr; ///< of append_latest(), while none of it has left
    size_t &total_;
    size_t *files_; ///< nullptr: not counted
};

} // namespace wm

#endif
