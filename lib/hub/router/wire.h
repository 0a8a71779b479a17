/**
 * @file
 * The bytes between routers: batches of records, little-endian. Reading checks every length against what is there, and copies nothing.
 *
 *     batch    "WMR" u8 version, u32 records, u64 node, u64 epoch, u64 position, u64 seen
 *     record   u32 size of the body, u8 op, u8 flags, u16 hub, u32 ref, body
 *     request  i64 sent_ms, u32 timeout_ms, u32 code, u16 size of the name, u16 size of the extra, name, extra, key, payload
 *     ACK      n times: u32 ref, u32 connections, u16 silent, u8 reason, u8 0
 *
 * HELLO, WHO and BYE have no body. A body may be longer than this version knows, and an unknown op is skipped.
 */
#ifndef WM_HUB_ROUTER_WIRE_H
#define WM_HUB_ROUTER_WIRE_H

#include "hub/router/result.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm::router {

constexpr uint8_t kVersion = 1; ///< a neighbour's may differ by one, as while an installation is replaced
constexpr size_t kBatchHeader = 40;
constexpr size_t kRecordHeader = 12;
constexpr size_t kRequestHeader = 20;
constexpr size_t kAckSize = 12;

enum class Op : uint8_t {
    kHello = 1, ///< I run, and this link is mine
    kWho,       ///< answer with HELLO
    kBye,       ///< I hold no connections any more, and get none
    kAck,
    // Of names (hub/cluster/claim_records.h), between a service with an engine and its children.
    kKey,   ///< from the service: which names have you, by the fingerprints of this key?
    kNames, ///< from a child, as the others but kWant
    kDelta,
    kWant,
    kState,
    // Requests: each is answered by one entry of an ACK.
    kSend = 16, ///< name: uid
    kBroadcast, ///< extra: the uid that does not get it
    kGroupSend, ///< name: group; extra: the uid that does not get it
    kPublish,   ///< name: topic
    kQuery,     ///< name: uid; how many connections are there?
    kKick,      ///< name: uid; code: close code; extra: reason
    kJoin,      ///< name: uid; extra: group
    kLeave,     ///< as kJoin
};

/// Whether that is a message, of which the high byte of the code is the size of its key.
constexpr bool has_key(Op op)
{
    return op == Op::kSend || op == Op::kBroadcast || op == Op::kGroupSend;
}

constexpr bool is_request(Op op)
{
    return op >= Op::kSend && op <= Op::kLeave;
}

/// Flags of a request.
enum : uint8_t {
    kFirst = 1,     ///< answer as soon as one connection has it
    kNoForward = 2, ///< deliver to your own connections only
};

struct BatchHeader {
    uint64_t node;     ///< of the sender
    uint64_t epoch;    ///< of its life: the higher is the newer
    uint64_t position; ///< bytes of all batches that it has sent to this peer, up to the end of this one
    uint64_t seen;     ///< the highest position that it has received from this peer
};

struct Record {
    Op op;
    uint8_t flags;
    uint16_t hub; ///< which of the program's hubs
    uint32_t ref; ///< of a request: what its answer names
    std::string_view body;
};

/// A request; its texts are borrowed.
struct Request {
    Op op = Op::kSend;
    uint8_t flags = 0;
    uint16_t hub = 0;
    int64_t sent_ms = 0; ///< by the monotonic clock of the machine
    uint32_t timeout_ms = 0;
    uint32_t code = 0; ///< of KICK: the close code; of a message: WM_SEND_ flags, and in the high byte the size of the key
    std::string_view name;
    std::string_view extra;
    std::string_view key; ///< of a message that a newer one with the same key may replace; empty: it has none
    std::string_view payload;

    size_t body_size() const { return kRequestHeader + name.size() + extra.size() + key.size() + payload.size(); }
};

struct Ack {
    uint32_t ref;
    Result result;
};

/// Reads the record at `at`, and moves on behind it. False: no record is there whole.
bool read_record(const char *&at, const char *end, Record &out);
/// Writes the header of a record and returns where its body goes.
char *put_record_header(char *at, uint32_t body, Op op, uint8_t flags, uint16_t hub, uint32_t ref);

/// Reads one batch.
class BatchReader {
public:
    BatchReader(const char *data, size_t size) : at_(data), end_(data + size) {}

    /// False: no batch, or one of a version that this one does not speak.
    bool header(BatchHeader &out);
    /// The next record; false: there is none, or the batch is malformed.
    bool next(Record &out);
    /// Whether the records ended where the batch does.
    bool is_complete() const { return records_ == 0 && at_ == end_; }

private:
    size_t left() const { return static_cast<size_t>(end_ - at_); }

    const char *at_;
    const char *end_;
    uint32_t records_ = 0;
};

/// False: malformed.
bool read_request(const Record &record, Request &out);

/// Entries of an ACK; false when `at` is behind the last one. A body that does not end with an entry is malformed.
bool read_ack(std::string_view body, size_t at, Ack &out);
inline bool is_ack_list(std::string_view body)
{
    return body.size() % kAckSize == 0;
}

} // namespace wm::router

#endif
