/**
 * @file
 * Measures the middle part of a run: wall time, the server's and the generator's processor time between begin and end.
 */
#ifndef WM_LOAD_SPAN_METER_H
#define WM_LOAD_SPAN_METER_H

#include "options.h"
#include "poller.h"
#include "report.h"
#include "server_cost.h"

namespace wm::load {

class SpanMeter {
public:
    explicit SpanMeter(const Options &options) : cost_(options.server_pids) {}

    void begin()
    {
        server_ = server_ns();
        client_ = own_processor_ns();
        at_ = now_ns();
    }

    /// Call when nothing is in flight, so that all work for the messages is accounted.
    void end(Report *report)
    {
        report->elapsed_ns = now_ns() - at_;
        report->client_ns = own_processor_ns() - client_;
        report->server_ns = server_ns() - server_;
        report->server_known = cost_.known() && readable_;
        report->server_source = cost_.source();
        if (!readable_)
            report->tally.add(Fault::kBroken, "the process of --server-pid has ended");
    }

private:
    uint64_t server_ns()
    {
        uint64_t ns = 0;
        if (cost_.known())
            readable_ = cost_.processor_ns(&ns) && readable_;
        return ns;
    }

    ServerCost cost_;
    bool readable_ = true;
    uint64_t server_ = 0;
    uint64_t client_ = 0;
    uint64_t at_ = 0;
};

/// Runs phase(messages, seconds) for a tenth of the load, as a warm-up that is not counted, and then for all of it, measured.
template <class Phase> void run_measured(const Options &options, Report *report, Phase phase)
{
    phase(options.messages / 10, options.seconds / 10);
    report->latency.clear();
    report->messages = 0;
    SpanMeter meter(options);
    meter.begin();
    phase(options.messages, options.seconds);
    meter.end(report);
}

} // namespace wm::load

#endif
