#include "process/master/status_facts.h"

#include "process/process_state.h"
#include "process/sealed_file.h"
#include "wm/version.h"
#include "worker/worker.h"

#include <algorithm>
#include <cstdlib>
#include <sys/utsname.h>
#include <unistd.h>

namespace wm {

namespace {

ProcessFacts facts_of(Children &children, const Child &child, int64_t now_ms)
{
    ProcessFacts facts;
    const Slot &slot = children.slots()[child.slot];
    children.pages().read(child.page, now_ms, facts);
    facts.pid = child.pid;
    facts.worker = slot.job.name();
    facts.service = slot.job.service != nullptr;
    facts.index = slot.job.index;
    facts.stopped = is_stopped(child.pid);
    facts.rss_bytes = resident_bytes(child.pid);
    std::string report;
    if (child.report && (!read_sealed_file(child.report.get(), ServiceReport::kMaxText, report) || !facts.report.decode(report)))
        facts.report = {};                          // of another version
    if (facts.listeners.empty() && slot.job.worker) // it has not written anything yet
        facts.listeners.push_back({facts.worker, slot.job.worker->address(), RowState::kNone, 0, 0});
    return facts;
}

ProcessFacts facts_of_gap(const Slot &slot, int64_t now_ms)
{
    ProcessFacts facts;
    facts.worker = slot.job.name();
    facts.service = slot.job.service != nullptr;
    facts.index = slot.job.index;
    facts.restart_ms = std::max<int64_t>(0, slot.start_at_ms() - now_ms);
    if (slot.job.worker)
        facts.listeners.push_back({facts.worker, slot.job.worker->address(), RowState::kNone, 0, 0});
    return facts;
}

} // namespace

StatusFacts collect_facts(Children &children, int64_t now_ms)
{
    StatusFacts facts;
    facts.version = WM_VERSION;
    struct utsname system;
    if (uname(&system) == 0)
        facts.system = std::string(system.sysname) + " " + system.release;
    facts.master = getpid();
    getloadavg(facts.load, 3);
    size_t last = SIZE_MAX;
    for (const Slot &slot : children.slots()) {
        if (slot.job.worker) {
            facts.workers += slot.job.place != last;
            last = slot.job.place;
        }
        if (slot.is_gap())
            facts.processes.push_back(facts_of_gap(slot, now_ms));
    }
    for (const auto &child : children.all())
        facts.processes.push_back(facts_of(children, *child, now_ms));
    std::stable_sort(facts.processes.begin(), facts.processes.end(),
                     [](const ProcessFacts &one, const ProcessFacts &other) { return one.pid < other.pid; });
    return facts;
}

} // namespace wm
