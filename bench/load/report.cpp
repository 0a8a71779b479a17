#include "report.h"

#include <cstdio>
#include <ctime>

namespace wm::load {
namespace {

double share(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

double micros(uint64_t ns)
{
    return static_cast<double>(ns) / 1000;
}

void print_json(const Options &options, const Report &report)
{
    std::printf(
        "{\"mode\":\"%s\",\"connections\":%u,\"pipeline\":%u,\"size\":%zu,\"messages\":%llu,\"seconds\":%.6f,\"messages_per_second\":%.1f,"
        "\"latency_us\":{\"p50\":%.2f,\"p99\":%.2f,\"p99_9\":%.2f,\"max\":%.2f},",
        mode_name(options.mode), options.connections, options.pipeline, options.size, static_cast<unsigned long long>(report.messages),
        static_cast<double>(report.elapsed_ns) / 1e9, share(report.messages, report.elapsed_ns) * 1e9, micros(report.latency.quantile(0.5)),
        micros(report.latency.quantile(0.99)), micros(report.latency.quantile(0.999)), micros(report.latency.max()));
    if (report.server_known)
        std::printf("\"server\":{\"ns_per_message\":%.1f,\"processor_ns\":%llu,\"busy\":%.4f,\"source\":\"%s\"},",
                    share(report.server_ns, report.messages), static_cast<unsigned long long>(report.server_ns),
                    share(report.server_ns, report.elapsed_ns), report.server_source);
    if (!report.tls.empty())
        std::printf("\"tls\":\"%s\",", report.tls.c_str());
    std::printf("\"client_busy\":%.4f,\"faults\":", share(report.client_ns, report.elapsed_ns));
    print_faults(report.tally, true);
    std::printf(",\"ok\":%s}\n", report.tally.clean() ? "true" : "false");
}

void print_text(const Options &options, const Report &report)
{
    std::printf("%s: %u connections, %u in flight on each, %zu bytes\n", mode_name(options.mode), options.connections, options.pipeline,
                options.size);
    std::printf("  messages        %llu in %.3f s, %.0f a second\n", static_cast<unsigned long long>(report.messages),
                static_cast<double>(report.elapsed_ns) / 1e9, share(report.messages, report.elapsed_ns) * 1e9);
    std::printf("  latency         p50 %.1f us, p99 %.1f us, p99.9 %.1f us, max %.1f us\n", micros(report.latency.quantile(0.5)),
                micros(report.latency.quantile(0.99)), micros(report.latency.quantile(0.999)), micros(report.latency.max()));
    if (report.server_known)
        std::printf("  server          %.1f ns of processor time a message (%s), busy %.0f %%\n", share(report.server_ns, report.messages),
                    report.server_source, 100 * share(report.server_ns, report.elapsed_ns));
    if (!report.tls.empty())
        std::printf("  tls             %s\n", report.tls.c_str());
    std::printf("  generator       busy %.0f %%\n", 100 * share(report.client_ns, report.elapsed_ns));
    print_faults(report.tally, false);
}

} // namespace

void print_report(const Options &options, const Report &report)
{
    if (options.json)
        print_json(options, report);
    else
        print_text(options, report);
}

void print_faults(const Tally &tally, bool json)
{
    std::printf(json ? "{" : "  faults         ");
    for (size_t i = 0; i < static_cast<size_t>(Fault::kCount); i++) {
        auto fault = static_cast<Fault>(i);
        auto count = static_cast<unsigned long long>(tally.count(fault));
        if (json)
            std::printf("%s\"%s\":%llu", i == 0 ? "" : ",", fault_name(fault), count);
        else if (count > 0)
            std::printf(" %s %llu", fault_name(fault), count);
    }
    std::printf("%s", json ? "}" : tally.clean() ? " none\n" : "\n");
}

uint64_t own_processor_ns()
{
    timespec at{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
    return static_cast<uint64_t>(at.tv_sec) * 1'000'000'000U + static_cast<uint64_t>(at.tv_nsec);
}

} // namespace wm::load
