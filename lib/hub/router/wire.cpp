#include "hub/router/wire.h"

#include "hub/router/little_endian.h"

#include <cstring>

namespace wm::router {

bool BatchReader::header(BatchHeader &out)
{
    if (left() < kBatchHeader || memcmp(at_, "WMR", 3) != 0)
        return false;
    const char *at = at_ + 3;
    auto version = take<uint8_t>(at);
    if (version < kVersion - 1 || version > kVersion + 1)
        return false;
    records_ = take<uint32_t>(at);
    out.node = take<uint64_t>(at);
    out.epoch = take<uint64_t>(at);
    out.position = take<uint64_t>(at);
    out.seen = take<uint64_t>(at);
    at_ = at;
    return true;
}

bool BatchReader::next(Record &out)
{
    if (records_ == 0 || !read_record(at_, end_, out))
        return false;
    records_--;
    return true;
}

bool read_record(const char *&at, const char *end, Record &out)
{
    auto left = static_cast<size_t>(end - at);
    if (left < kRecordHeader)
        return false;
    const char *from = at;
    auto size = take<uint32_t>(from);
    if (size > left - kRecordHeader)
        return false;
    out.op = static_cast<Op>(take<uint8_t>(from));
    out.flags = take<uint8_t>(from);
    out.hub = take<uint16_t>(from);
    out.ref = take<uint32_t>(from);
    out.body = {from, size};
    at = from + size;
    return true;
}

char *put_record_header(char *at, uint32_t body, Op op, uint8_t flags, uint16_t hub, uint32_t ref)
{
    at = put(at, body);
    at = put(at, static_cast<uint8_t>(op));
    at = put(at, flags);
    at = put(at, hub);
    return put(at, ref);
}

bool read_request(const Record &record, Request &out)
{
    if (record.body.size() < kRequestHeader)
        return false;
    const char *at = record.body.data();
    out.op = record.op;
    out.flags = record.flags;
    out.hub = record.hub;
    out.sent_ms = take<int64_t>(at);
    out.timeout_ms = take<uint32_t>(at);
    out.code = take<uint32_t>(at);
    auto name = take<uint16_t>(at);
    auto extra = take<uint16_t>(at);
    std::string_view texts = record.body.substr(kRequestHeader);
    size_t key = has_key(out.op) ? out.code >> 24 : 0;
    if (size_t{name} + extra + key > texts.size())
        return false;
    out.name = texts.substr(0, name);
    out.extra = texts.substr(name, extra);
    out.key = texts.substr(size_t{name} + extra, key);
    out.payload = texts.substr(size_t{name} + extra + key);
    return true;
}

bool read_ack(std::string_view body, size_t at, Ack &out)
{
    if (at * kAckSize >= body.size())
        return false;
    const char *entry = body.data() + at * kAckSize;
    out.ref = take<uint32_t>(entry);
    out.result.connections = take<uint32_t>(entry);
    out.result.silent = take<uint16_t>(entry);
    auto reason = take<uint8_t>(entry);
    // A reason that a later version has is one that this version cannot rule out to mean "may have it".
    out.result.reason = reason < kReasons ? static_cast<Reason>(reason) : Reason::kDeadline;
    return true;
}

} // namespace wm::router
