#include "core/buffer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace wm {

namespace {
constexpr size_t kPieceSize = 16 * 1024 - 64; // with its header and malloc's just under a power of two
}

Tail *Tail::make(size_t capacity)
{
    Tail *tail = static_cast<Tail *>(malloc(sizeof(Tail) + capacity));
    if (tail)
        *tail = {0, 0, capacity, 0};
    return tail;
}

Tail *Tail::grow(size_t larger)
{
    Tail *tail = static_cast<Tail *>(realloc(this, sizeof(Tail) + larger));
    if (tail)
        tail->capacity = larger;
    return tail;
}

Block *Block::make(size_t size)
{
    if (size > UINT32_MAX)
        return nullptr;
    Block *block = static_cast<Block *>(malloc(sizeof(Block) + size));
    if (block)
        *block = {1, static_cast<uint32_t>(size)};
    return block;
}

void Block::release()
{
    if (--references == 0)
        free(this);
}

SendQueue::Piece *SendQueue::make_piece(size_t capacity)
{
    Piece *piece = static_cast<Piece *>(malloc(sizeof(Piece) + capacity));
    if (piece)
        *piece = {nullptr, nullptr, reinterpret_cast<char *>(piece + 1), 0, 0, capacity};
    return piece;
}

void SendQueue::push_back(Piece *piece)
{
    if (tail_)
        tail_->next = piece;
    else
        head_ = piece;
    tail_ = piece;
}

bool SendQueue::append(const char *data, size_t len)
{
    size_t room = tail_ && tail_->capacity ? tail_->capacity - tail_->end : 0;
    size_t first = std::min(room, len);
    if (first < len) {
        Piece *piece = make_piece(std::max(kPieceSize, len - first));
        if (!piece)
            return false;
        memcpy(piece->own(), data + first, len - first);
        piece->end = len - first;
        if (first > 0)
            memcpy(tail_->own() + tail_->end, data, first);
        if (first > 0)
            tail_->end += first;
        push_back(piece);
    } else if (first > 0) {
        memcpy(tail_->own() + tail_->end, data, first);
        tail_->end += first;
    }
    size_ += len;
    return true;
}

bool SendQueue::prepend(const char *data, size_t len)
{
    Piece *piece = make_piece(len);
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
    Piece *piece = make_piece(0);
    if (!piece)
        return false;
    block->retain();
    piece->block = block;
    piece->data = block->data();
    piece->begin = offset;
    piece->end = block->size;
    push_back(piece);
    size_ += piece->end - piece->begin;
    return true;
}

int SendQueue::vectors(struct iovec *out, int count) const
{
    int filled = 0;
    for (Piece *piece = head_; piece && filled < count; piece = piece->next) {
        if (piece->begin == piece->end)
            continue;
        out[filled++] = {const_cast<char *>(piece->data) + piece->begin, piece->end - piece->begin};
    }
    return filled;
}

void SendQueue::consume(size_t len)
{
    size_ -= len;
    while (head_) {
        size_t here = std::min(len, head_->end - head_->begin);
        head_->begin += here;
        len -= here;
        if (head_->begin < head_->end)
            return;
        Piece *done = head_;
        head_ = done->next;
        if (!head_)
            tail_ = nullptr;
        if (done->block)
            done->block->release();
        free(done);
        if (len == 0 && size_ > 0)
            return;
    }
}

void SendQueue::clear()
{
    consume(size_);
}

} // namespace wm
