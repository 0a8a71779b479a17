#include "hub/cluster_report.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace wm {

namespace {

ReportValue number(uint64_t value)
{
    return static_cast<int64_t>(std::min<uint64_t>(value, INT64_MAX));
}

ReportValue text(const std::string &value)
{
    return value.empty() ? ReportValue() : ReportValue(value);
}

std::string hex(uint64_t node)
{
    char digits[17];
    snprintf(digits, sizeof digits, "%016" PRIx64, node);
    return digits;
}

} // namespace

ServiceReport cluster_report(const cluster::ClusterFacts &facts, const router::Router &router)
{
    const cluster::ClusterCounters &counters = facts.counters;
    const router::Counters &requests = router.counters();
    ReportTable engine = {"engine", true, {"engine", "address", "up", "fresh", "complete", "rtt_us", "connects", "renewals", "error"}, {}};
    engine.rows.push_back({text(facts.carrier.engine), text(facts.carrier.address), facts.up, facts.fresh, facts.complete,
                           facts.rtt_us > 0 ? number(facts.rtt_us) : ReportValue(), number(facts.carrier.connects),
                           number(counters.renewals), text(facts.carrier.error)});
    ReportTable traffic = {
        "cluster",
        true,
        {"outstanding", "requests", "busy", "stale", "late", "suspects", "links", "refused", "dropped", "names", "names_known"},
        {}};
    traffic.rows.push_back({number(router.outstanding()), number(requests.requests), number(requests.busy), number(requests.stale),
                            number(requests.late + counters.late), number(requests.suspects), number(counters.links),
                            number(counters.refused), number(requests.drops), number(facts.names), facts.names_known});
    ReportTable machines = {"machines", false, {"node", "name", "address", "version", "state", "silent_ms"}, {}};
    for (const cluster::MachineFacts &machine : facts.machines)
        machines.rows.push_back({hex(machine.node), text(machine.name), text(machine.address), text(machine.version),
                                 std::string(machine.state), machine.silent_ms});
    return {{std::move(engine), std::move(traffic), std::move(machines)}};
}

} // namespace wm
