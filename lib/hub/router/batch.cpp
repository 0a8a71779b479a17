#include "hub/router/batch.h"

#include "hub/router/little_endian.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace wm::router {

namespace {

char *put_text(char *at, std::string_view text)
{
    return at + text.copy(at, text.size());
}

} // namespace

/// Room for that many bytes behind what is there, which the caller fills; nullptr: out of memory.
char *Batch::extend(size_t bytes)
{
    if (bytes > capacity_ - size_ || !bytes_) {
        size_t capacity = std::max({size_t{1024}, capacity_ * 2, size_ + bytes});
        std::unique_ptr<char[]> larger(new (std::nothrow) char[capacity]);
        if (!larger)
            return nullptr;
        if (bytes_)
            memcpy(larger.get(), bytes_.get(), size_);
        bytes_ = std::move(larger);
        capacity_ = capacity;
    }
    char *at = bytes_.get() + size_;
    size_ += bytes;
    return at;
}

bool Batch::add(Op op, std::string_view body)
{
    char *at = extend(kRecordHeader + body.size());
    if (!at)
        return false;
    put_text(put_record_header(at, static_cast<uint32_t>(body.size()), op, 0, 0, 0), body);
    ack_ = kNone;
    records_++;
    return true;
}

bool Batch::add(const Request &request, uint32_t ref)
{
    char *at = extend(kRecordHeader + request.body_size());
    if (!at)
        return false;
    at = put_record_header(at, static_cast<uint32_t>(request.body_size()), request.op, request.flags, request.hub, ref);
    at = put(at, request.sent_ms);
    at = put(at, request.timeout_ms);
    at = put(at, request.code);
    at = put(at, static_cast<uint16_t>(request.name.size()));
    at = put(at, static_cast<uint16_t>(request.extra.size()));
    for (std::string_view text : {request.name, request.extra, request.key, request.payload})
        at = put_text(at, text);
    ack_ = kNone;
    records_++;
    return true;
}

bool Batch::add(const Ack &ack)
{
    bool begins = ack_ == kNone;
    char *at = extend(kAckSize + (begins ? kRecordHeader : 0));
    if (!at)
        return false;
    if (begins) {
        ack_ = static_cast<size_t>(at - bytes_.get());
        at = put_record_header(at, 0, Op::kAck, 0, 0, 0);
        records_++;
    }
    at = put(at, ack.ref);
    at = put(at, ack.result.connections);
    at = put(at, ack.result.silent);
    at = put(at, static_cast<uint8_t>(ack.result.reason));
    put(at, uint8_t{0});
    put(bytes_.get() + ack_, static_cast<uint32_t>(size_ - ack_ - kRecordHeader));
    return true;
}

const char *Batch::finish(const BatchHeader &header)
{
    if (!extend(0)) // without a record it may have no buffer yet
        return nullptr;
    char *at = put_text(bytes_.get(), "WMR");
    at = put(at, kVersion);
    at = put(at, records_);
    at = put(at, header.node);
    at = put(at, header.epoch);
    at = put(at, header.position);
    put(at, header.seen);
    return bytes_.get();
}

void Batch::clear()
{
    // A buffer that one large record has made grow is not kept.
    if (capacity_ > 2 * kBatchBytes) {
        bytes_.reset();
        capacity_ = 0;
    }
    size_ = kBatchHeader;
    ack_ = kNone;
    records_ = 0;
}

} // namespace wm::router
