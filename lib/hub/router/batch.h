/**
 * @file
 * The batch that a router is writing to one peer. It owns its buffer, which it keeps from batch to batch.
 */
#ifndef WM_HUB_ROUTER_BATCH_H
#define WM_HUB_ROUTER_BATCH_H

#include "hub/router/limits.h"
#include "hub/router/wire.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace wm::router {

class Batch {
public:
    /// Each adds a record and returns true, or adds nothing: out of memory.
    bool add(Op op, std::string_view body = {});
    bool add(const Request &request, uint32_t ref);
    bool add(const Ack &ack); ///< to the ACK at the end, if the last record is one

    bool empty() const { return records_ == 0; }
    /// Of the whole batch, with its header.
    size_t size() const { return size_; }
    bool is_full() const { return size_ >= kBatchBytes; }

    /// Writes the header and returns the size() bytes, which are valid until clear() or the next add(); nullptr: out of memory.
    const char *finish(const BatchHeader &header);
    void clear();

private:
    static constexpr size_t kNone = SIZE_MAX;

    char *extend(size_t bytes);

    std::unique_ptr<char[]> bytes_;
    size_t size_ = kBatchHeader;
    size_t capacity_ = 0;
    size_t ack_ = kNone; ///< where the ACK begins that is the last record
    uint32_t records_ = 0;
};

} // namespace wm::router

#endif
