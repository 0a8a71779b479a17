/**
 * @file
 * The output of `status`: facts to text in Workerman's columns, or to one JSON document. Pure.
 */
#ifndef WM_PROCESS_REPORT_STATUS_REPORT_H
#define WM_PROCESS_REPORT_STATUS_REPORT_H

#include "core/status_page.h"
#include "worker/service_report.h"

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace wm {

/// How children of one worker have ended.
struct ExitCount {
    std::string worker;
    int wait_status = 0;
    uint64_t count = 0;
    bool asked = false; ///< the host had asked for it
};

/// What slow_policy has done of a worker.
struct SlowFacts {
    uint64_t dropped = 0;  ///< messages, for peers that read too slowly
    uint64_t replaced = 0; ///< likewise, by newer ones of their key
    uint64_t closed = 0;   ///< connections of such peers
};

/// One worker inside a process; the first is the one that the process belongs to.
struct ListenerFacts {
    std::string name;
    std::string address; ///< "none" for a worker without
    RowState state = RowState::kNone;
    uint64_t connections = 0;
    uint64_t requests = 0;
    uint64_t shed = 0; ///< connections that a limit has refused, or ended while they were silent
    SlowFacts slow = {};
};

/// How a process is joined with others for the hub (StatusPage::peers).
struct HubFacts {
    uint64_t processes = 0; ///< others that it knows
    uint64_t joined = 0;    ///< of them, those that can be asked
    uint64_t outstanding = 0, requests = 0, suspects = 0, resyncs = 0;
};

struct ProcessFacts {
    pid_t pid = 0;        ///< 0: died, and is about to be started again
    std::string worker;   ///< its name, or the service's
    bool service = false; ///< the process is a service's
    int index = 0;        ///< of the process among those of its worker
    PageState state = PageState::kFree;
    bool stopped = false;    ///< by SIGSTOP or the like
    int64_t busy_ms = 0;     ///< duration of the current turn's callbacks; 0: it waits for events
    int64_t restart_ms = -1; ///< pid 0: time until it is started again
    uint64_t rss_bytes = 0;
    uint64_t connections = 0, send_fail = 0, timers = 0, requests = 0;
    double qps = 0;
    std::vector<ListenerFacts> listeners;
    HubFacts hub;
    ServiceReport report; ///< of a service
    uint32_t workers = 0; ///< more than listeners.size(): the others are not listed
};

/// A certificate that a worker serves with.
struct CertificateFacts {
    std::string worker;
    std::string path;
    int64_t end_unix = 0; ///< seconds
    int64_t left_s = 0;   ///< until then
    std::string error;    ///< why what is at the path now is not in use; empty: it is
};

struct StatusFacts {
    std::string name;
    std::string version; ///< of the library
    std::string loop;    ///< "epoll, libevent 2.1.12-stable"
    std::string system;  ///< "Linux 6.1.0"
    pid_t master = 0;
    bool daemon = false;
    int64_t started_unix = 0; ///< seconds
    int64_t uptime_s = 0;
    double load[3] = {};
    size_t workers = 0; ///< configured ones that have processes
    std::vector<ExitCount> exits;
    std::vector<CertificateFacts> certificates; ///< of all workers with TLS
    std::vector<ProcessFacts> processes;        ///< in the order of the output
};

inline constexpr int64_t kBusyMs = 1000; ///< longer than this in one turn is [busy]

/// A process is a row, its further listeners are rows below it; the last row is the sum. Unknown values are
/// "-".
std::string status_text(const StatusFacts &facts);
/// One line with the same facts; unknown values are null.
std::string status_json(const StatusFacts &facts);

/// Requests a second, from the two counts of a page, at `now_ms` of its clock: the running second, and as
/// much of the one before as makes a whole one. A page whose last request is older than that says 0.
/// `in_second_before` is of the second before `second` exactly.
double requests_per_second(int64_t second, uint32_t in_second, uint32_t in_second_before, int64_t now_ms);

} // namespace wm

#endif
