/**
 * @file
 * `connections`: each child writes its connections into a file in memory, within 500 ms. The master's thread.
 */
#ifndef WM_PROCESS_MASTER_LISTINGS_H
#define WM_PROCESS_MASTER_LISTINGS_H

#include "process/master/children.h"
#include "process/master/control_server.h"
#include "process/report/connection_report.h"

#include <cstdint>
#include <vector>

namespace wm {

class Listings {
public:
    Listings(Children &children, ControlServer &control) : children_(children), control_(control) {}

    void begin(uint64_t client, const ConnectionQuery &query, bool json, int64_t now_ms);
    void answered(pid_t pid, uint64_t listing);
    void child_died(pid_t pid);
    /// Answers requests that are complete or late.
    void step(int64_t now_ms);
    int64_t due_ms() const;
    void forget() { listings_.clear(); }

private:
    struct Part {
        ConnectionAnswer answer;
        size_t page;
        Fd file;
        bool waits;
    };

    struct Listing {
        uint64_t id;
        uint64_t client;
        ConnectionQuery query;
        bool json;
        int64_t deadline_ms;
        std::vector<Part> parts;

        bool complete() const;
    };

    void finish(Listing &listing, int64_t now_ms);

    Children &children_;
    ControlServer &control_;
    std::vector<Listing> listings_;
    uint64_t next_id_ = 1;
};

} // namespace wm

#endif
