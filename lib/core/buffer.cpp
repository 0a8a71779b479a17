#include "core/buffer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <unistd.h>
#include <utility>

namespace wm {

namespace {
// Of a piece in bytes, with its header and malloc's a power of two.
constexpr size_t kPieceHeader = 64;
constexpr size_t kPieceMin = 256;
constexpr size_t kPieceMax = 16 * 1024;
} // namespace

Tail *Tail::make(size_t capacity)
{
    Tail *tail = static_cast<Tail *>(malloc(sizeof(Tail) + capacity));
    if (tail)
        tail->clear(capacity);
    return tail;
}

Tail *Tail::grow(size_t larger)
{
    Tail *tail = static_cast<Tail *>(realloc(this, sizeof(Tail) + larger));
    if (tail)
        tail->capacity = larger;
    return tail;
}

SpareTails::~SpareTails()
{
    for (size_t i = 0; i < count_; i++)
        free(tails_[i]);
}

Tail *SpareTails::find(size_t capacity, size_t most) const
{
    if (capacity < kLeast)
        return nullptr;
    for (size_t i = count_; i-- > 0;)
        if (tails_[i]->capacity >= capacity && tails_[i]->allocated() <= most)
            return tails_[i];
    return nullptr;
}

void SpareTails::take(Tail *tail)
{
    remove(static_cast<size_t>(std::find(tails_, tails_ + count_, tail) - tails_));
    tail->clear(tail->capacity);
}

void SpareTails::give(Tail *tail)
{
    size_t size = tail->allocated();
    if (tail->capacity < kLeast || size > kMost) {
        free(tail);
        return;
    }
    while (count_ == kCount || bytes_ + size > kMost) {
        Tail *oldest = tails_[0];
        remove(0);
        free(oldest);
    }
    tails_[count_++] = tail;
    bytes_ += size;
}

void SpareTails::remove(size_t index)
{
    bytes_ -= tails_[index]->allocated();
    std::copy(tails_ + index + 1, tails_ + count_, tails_ + index);
    count_--;
}

// ---- a message in parts

MessageBuffer::~MessageBuffer()
{
    free(tail_);
}

bool MessageBuffer::reserve(size_t len)
{
    if (len == 0 || free_size() >= len)
        return true;
    size_t used = bytes().size();
    size_t capacity = std::max<size_t>({used + len, used * 2, 256});
    Tail *grown = tail_ ? tail_->grow(capacity) : Tail::make(capacity);
    if (!grown)
        return false;
    tail_ = grown;
    return true;
}

void MessageBuffer::clear()
{
    if (!tail_)
        return;
    tail_->end = 0;
    if (tail_->capacity > kKept) {
        free(tail_);
        tail_ = nullptr;
    }
}

Tail *MessageBuffer::take()
{
    if (!tail_ || tail_->end == 0)
        return nullptr;
    Tail *taken = tail_;
    tail_ = nullptr;
    return taken;
}

Tail *MessageBuffer::take_or_copy()
{
    if (!tail_ || tail_->end > tail_->capacity / 2)
        return take();
    Tail *copy = Tail::make(tail_->end);
    if (copy) {
        memcpy(copy->free_space(), tail_->data(), tail_->end);
        copy->end = tail_->end;
    }
    return copy;
}

// ---- shared blocks

Block *Block::make(size_t size)
{
    if (size > UINT32_MAX)
        return nullptr;
    Block *block = static_cast<Block *>(malloc(sizeof(Block) + size));
    if (block)
        *block = {1, 0, static_cast<uint32_t>(size)};
    return block;
}

Block *Block::make(std::string_view head, std::string_view body)
{
    Block *block = make(head.size() + body.size());
    if (!block)
        return nullptr;
    char *out = block->data();
    for (std::string_view part : {head, body}) {
        if (!part.empty())
            memcpy(out, part.data(), part.size());
        out += part.size();
    }
    return block;
}

void Block::release()
{
    if (--references == 0)
        free(this);
}

SendQueue::Piece *SendQueue::make_piece(Kind kind, size_t capacity)
{
    Piece *piece = static_cast<Piece *>(malloc(sizeof(Piece) + capacity));
    if (!piece)
        return nullptr;
    *piece = {nullptr, {nullptr}, reinterpret_cast<char *>(piece + 1), 0, 0, capacity, kind};
    count(sizeof(Piece) + capacity);
    return piece;
}

void SendQueue::count(size_t bytes)
{
    allocated_ += bytes;
    total_ += bytes;
}

void SendQueue::uncount(size_t bytes)
{
    allocated_ -= bytes;
    total_ -= bytes;
}

void SendQueue::push_back(Piece *piece)
{
    if (tail_)
        tail_->next = piece;
    else
        head_ = piece;
    tail_ = piece;
}

/// An empty piece at the end, for at least so many bytes. Pieces grow with what they hold: a few bytes between blocks
/// do not take kilobytes.
SendQueue::Piece *SendQueue::add_piece(size_t least)
{
    Piece *old = tail_ && tail_->kind == Kind::kBytes ? tail_ : nullptr;
    size_t size = old ? std::min(2 * (old->capacity + kPieceHeader), kPieceMax) : kPieceMin;
    Piece *piece = make_piece(Kind::kBytes, std::max(size - kPieceHeader, least));
    if (piece)
        push_back(piece);
    return piece;
}

char *SendQueue::extend(size_t len)
{
    bool fits = tail_ && tail_->kind == Kind::kBytes && tail_->capacity - tail_->end >= len;
    Piece *piece = fits ? tail_ : add_piece(len);
    if (!piece)
        return nullptr;
    char *place = piece->own() + piece->end;
    piece->end += len;
    size_ += len;
    return place;
}

bool SendQueue::append(const char *data, size_t len)
{
    Piece *old = tail_ && tail_->kind == Kind::kBytes ? tail_ : nullptr;
    size_t first = old ? std::min(old->capacity - old->end, len) : 0;
    if (first < len) {
        Piece *piece = add_piece(len - first);
        if (!piece)
            return false;
        memcpy(piece->own(), data + first, len - first);
        piece->end = len - first;
    }
    if (first > 0) {
        memcpy(old->own() + old->end, data, first);
        old->end += first;
    }
    size_ += len;
    return true;
}

bool SendQueue::append_latest(const char *data, size_t len)
{
    if (!latest_) {
        Piece *piece = make_piece(Kind::kLatest, kLatestMax);
        if (!piece)
            return false;
        push_back(piece);
        latest_ = piece;
    }
    memcpy(latest_->own(), data, len);
    size_ += len - latest_->end;
    latest_->end = len;
    return true;
}

bool SendQueue::prepend(const char *data, size_t len)
{
    Piece *piece = make_piece(Kind::kBytes, len);
    if (!piece)
        return false;
    memcpy(piece->own(), data, len);
    piece->end = len;
    piece->next = head_;
    head_ = piece;
    if (!tail_)
        tail_ = piece;
    size_ += len;
    return true;
}

bool SendQueue::append_block(Block *block, size_t offset)
{
    if (offset >= block->size)
        return true;
    Piece *piece = make_piece(Kind::kBlock, 0);
    if (!piece)
        return false;
    block->retain();
    allocated_ += sizeof(Block) + block->size;
    if (block->queues++ == 0)
        total_ += sizeof(Block) + block->size;
    piece->block = block;
    piece->data = block->data();
    piece->begin = offset;
    piece->end = block->size;
    push_back(piece);
    size_ += piece->end - piece->begin;
    return true;
}

bool SendQueue::append_file(const FileRange &range)
{
    if (range.len == 0) {
        ::close(range.fd);
        return true;
    }
    Piece *piece = make_piece(Kind::kFile, 0);
    if (!piece)
        return false;
    piece->file = range.fd;
    piece->begin = static_cast<size_t>(range.offset);
    piece->end = piece->begin + range.len;
    push_back(piece);
    file_size_ += range.len;
    if (files_)
        (*files_)++;
    return true;
}

void SendQueue::take(SendQueue &other)
{
    if (!other.head_)
        return;
    (tail_ ? tail_->next : head_) = other.head_;
    tail_ = other.tail_;
    size_ += std::exchange(other.size_, 0);
    file_size_ += std::exchange(other.file_size_, 0);
    allocated_ += std::exchange(other.allocated_, 0);
    other.head_ = other.tail_ = other.latest_ = nullptr;
}

void SendQueue::close_file(const Piece &piece)
{
    ::close(piece.file);
    if (files_)
        (*files_)--;
}

int SendQueue::vectors(struct iovec *out, int count) const
{
    int filled = 0;
    for (Piece *piece = head_; piece && filled < count; piece = piece->next) {
        if (piece->begin == piece->end)
            continue;
        if (piece->kind == Kind::kFile)
            break;
        out[filled++] = {const_cast<char *>(piece->data) + piece->begin, piece->end - piece->begin};
    }
    return filled;
}

bool SendQueue::next_file(FileRange *out) const
{
    Piece *piece = head_;
    while (piece && piece->begin == piece->end)
        piece = piece->next;
    if (!piece || piece->kind != Kind::kFile)
        return false;
    *out = {piece->file, static_cast<int64_t>(piece->begin), piece->end - piece->begin};
    return true;
}

void SendQueue::consume(size_t len)
{
    while (head_) {
        size_t here = std::min(len, head_->end - head_->begin);
        if (here > 0 && head_ == latest_)
            latest_ = nullptr;
        head_->begin += here;
        (head_->kind == Kind::kFile ? file_size_ : size_) -= here;
        len -= here;
        if (head_->begin < head_->end)
            return;
        free_front();
        if (len == 0 && !empty())
            return;
    }
}

void SendQueue::free_front()
{
    Piece *done = head_;
    head_ = done->next;
    if (!head_)
        tail_ = nullptr;
    uncount(sizeof(Piece) + done->capacity);
    if (done->kind == Kind::kBlock) {
        allocated_ -= sizeof(Block) + done->block->size;
        if (--done->block->queues == 0)
            total_ -= sizeof(Block) + done->block->size;
        done->block->release();
    } else if (done->kind == Kind::kFile) {
        close_file(*done);
    }
    free(done);
}

void SendQueue::clear()
{
    consume(size_ + file_size_);
}

} // namespace wm
