/**
 * @file
 * What machines tell each other of themselves: records as those of router/wire.h, in the body of an envelope. Reading checks every length
 * and copies nothing.
 *
 *     HELLO    u64 seq and u64 digest of its names, u32 processes, u8 flags, u8 size of the name, u8 of the address, u8 of the version,
 *              then these
 *     PROBE    u64 a time of the sender
 *
 * DELTA, WANT and STATE are in claim_records.h; WHO and BYE have no body. A body may be longer than this version knows, and an unknown
 * record is skipped.
 */
#ifndef WM_HUB_CLUSTER_CONTROL_H
#define WM_HUB_CLUSTER_CONTROL_H

#include "hub/router/wire.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm::cluster {

enum class ControlOp : uint8_t {
    kHello = 1, ///< I run
    kWho,       ///< answer with HELLO
    kBye,       ///< my connections have closed, and I end
    kProbe,     ///< to itself
    // Names (claim_records.h).
    kDelta,
    kWant,
    kState,
};

struct Hello {
    uint64_t seq = 0;         ///< of its names
    uint64_t digest = 0;      ///< of them
    bool knows_names = false; ///< it has others than these only if false
    uint32_t processes = 0;   ///< with connections
    std::string_view name;    ///< of the machine
    std::string_view address; ///< that it is reached at, for operators
    std::string_view version; ///< of libwm
};

struct Control {
    ControlOp op;
    std::string_view body;
};

/// The next record, which leaves the rest; false: there is none, and what is left of the rest is malformed.
bool next_control(std::string_view &rest, Control &out);
bool read_hello(std::string_view body, Hello &out);
bool read_probe(std::string_view body, uint64_t &time);

constexpr size_t kMaxHello = router::kRecordHeader + 24 + 3 * 255;
constexpr size_t kMaxControl = 2 * kMaxHello; ///< bytes that a message of them takes here

/// Each writes a record and returns where the next one goes.
char *put_control(char *at, ControlOp op);
char *put_hello(char *at, const Hello &hello);
char *put_probe(char *at, uint64_t time);
/// The header of a record of names, whose body follows.
char *put_control_header(char *at, ControlOp op, size_t body);

} // namespace wm::cluster

#endif
