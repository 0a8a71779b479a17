/**
 * @file
 * The resources that the server has used, from /proc: processor time of all its threads, and memory.
 */
#ifndef WM_LOAD_SERVER_COST_H
#define WM_LOAD_SERVER_COST_H

#include <cstdint>
#include <string>
#include <vector>

namespace wm::load {

/// Memory in bytes. rss counts pages shared with other processes in full, pss in part; anonymous is what no file backs: no code.
struct ServerMemory {
    uint64_t rss = 0;
    uint64_t pss = 0;
    uint64_t anonymous = 0;
};

class ServerCost {
public:
    explicit ServerCost(std::vector<int> pids) : pids_(std::move(pids)) {}

    bool known() const { return !pids_.empty(); }

    /**
     * Processor time of all processes so far, user and system, in nanoseconds. Waits shortly for them to fall asleep: a running task's
     * time is brought up to date only when it is switched out. False if one of them has ended.
     */
    bool processor_ns(uint64_t *out) const;

    /// Their memory; pss stays 0 where the kernel does not let us read it. False if one of them has ended.
    bool memory(ServerMemory *out) const;

    /// Where the processor time comes from: "schedstat" (nanoseconds) or "stat" (clock ticks).
    const char *source() const { return ticks_only_ ? "stat" : "schedstat"; }

private:
    std::vector<int> pids_;
    mutable bool ticks_only_ = false;
};

} // namespace wm::load

#endif
