// Idle pages: the memory that the server needs for a registered client that sends nothing, and what its opening costs.

#include <cstdio>

#include "modes.h"
#include "pages.h"
#include "poller.h"
#include "report.h"
#include "server_cost.h"
#include "socket.h"
#include "span_meter.h"
#include "ws_frame.h"

namespace wm::load {
namespace {

double per_client(uint64_t before, uint64_t after, uint32_t clients)
{
    return (static_cast<double>(after) - static_cast<double>(before)) / clients;
}

class IdleRun {
public:
    explicit IdleRun(const Options &options) : options_(options), cost_(options.server_pids) {}

    int run();

private:
    bool measure(ServerMemory *out);
    void hold();
    void on_ready(uint32_t page);
    const char *take_frame(uint32_t page, const WsFrame &frame);
    void print() const;

    const Options &options_;
    ServerCost cost_;
    Poller poller_;
    ReceiveBuffer buffer_;
    std::vector<Connection> pages_;
    WsMasks masks_;
    Tally tally_;
    ServerMemory before_;
    ServerMemory after_;
    ServerMemory held_;
    Report opening_; ///< a message is a page
    uint64_t pings_ = 0;
};

int IdleRun::run()
{
    reserve_descriptors(options_.connections);
    if (!measure(&before_))
        return 1;
    SpanMeter meter(options_);
    meter.begin();
    pages_ = open_pages(options_);
    meter.end(&opening_);
    if (pages_.empty() || !measure(&after_))
        return 1;
    for (uint32_t i = 0; i < pages_.size(); i++)
        poller_.add(pages_[i].fd(), i);
    hold();
    if (!measure(&held_))
        return 1;
    print();
    double cost = per_client(before_.rss, held_.rss, options_.connections);
    if (options_.limit > 0 && cost > static_cast<double>(options_.limit)) {
        std::fprintf(stderr, "wm-load: a page costs more than the limit of %llu bytes\n", static_cast<unsigned long long>(options_.limit));
        return 1;
    }
    return tally_.clean() ? 0 : 1;
}

bool IdleRun::measure(ServerMemory *out)
{
    if (cost_.memory(out))
        return true;
    std::fprintf(stderr, "wm-load: the process of --server-pid has ended\n");
    return false;
}

/// Without --hold it checks once that no page has been closed.
void IdleRun::hold()
{
    uint64_t end = now_ns() + uint64_t{options_.hold_seconds} * 1'000'000'000U;
    do {
        for (const epoll_event &event : poller_.wait(options_.hold_seconds > 0 ? 100 : 0))
            on_ready(event.data.u32);
    } while (now_ns() < end);
}

void IdleRun::on_ready(uint32_t page)
{
    if (!pages_[page].is_open())
        return;
    ReceiveBuffer::Received got = buffer_.receive(pages_[page]);
    size_t at = 0;
    const char *problem = got.ended ? "the server closed" : nullptr;
    while (problem == nullptr) {
        WsFrame frame = ws_parse(got.data + at, got.size - at);
        if (frame.problem == nullptr && frame.consumed == 0)
            break;
        at += frame.consumed;
        problem = frame.problem != nullptr ? frame.problem : take_frame(page, frame);
    }
    pages_[page].keep_tail({got.data + at, got.size - at});
    if (problem == nullptr)
        return;
    tally_.add(Fault::kBroken, "page " + std::to_string(page) + ": " + problem);
    poller_.remove(pages_[page].fd());
    pages_[page].close();
}

const char *IdleRun::take_frame(uint32_t page, const WsFrame &frame)
{
    if (frame.opcode != kWsPing)
        return "a frame, though nothing was pushed";
    pings_++;
    // A pong is far smaller than an empty socket buffer: one send is enough.
    return pages_[page].send(ws_frame(kWsPong, {frame.data, frame.size}, masks_.next())) ? nullptr : "a pong could not be sent";
}

void IdleRun::print() const
{
    uint32_t n = options_.connections;
    double rss = per_client(before_.rss, after_.rss, n);
    double pss = per_client(before_.pss, after_.pss, n);
    double anonymous = per_client(before_.anonymous, after_.anonymous, n);
    double held = per_client(before_.rss, held_.rss, n);
    double opening = static_cast<double>(opening_.server_ns) / n;
    if (options_.json) {
        std::printf(
            "{\"mode\":\"idle\",\"connections\":%u,\"rss_before\":%llu,\"rss_after\":%llu,\"rss_held\":%llu,\"rss_per_client\":%.1f,"
            "\"pss_per_client\":%.1f,\"anonymous_per_client\":%.1f,\"held_seconds\":%u,\"rss_per_client_held\":%.1f,\"pings\":%llu,"
            "\"server\":{\"ns_per_message\":%.1f,\"processor_ns\":%llu,\"source\":\"%s\"},\"faults\":",
            n, static_cast<unsigned long long>(before_.rss), static_cast<unsigned long long>(after_.rss),
            static_cast<unsigned long long>(held_.rss), rss, pss, anonymous, options_.hold_seconds, held,
            static_cast<unsigned long long>(pings_), opening, static_cast<unsigned long long>(opening_.server_ns), opening_.server_source);
        print_faults(tally_, true);
        std::printf(",\"ok\":%s}\n", tally_.clean() ? "true" : "false");
        return;
    }
    std::printf("idle: %u registered pages\n", n);
    std::printf("  resident        %llu KiB before, %llu KiB after\n", static_cast<unsigned long long>(before_.rss / 1024),
                static_cast<unsigned long long>(after_.rss / 1024));
    std::printf("  a page          %.1f bytes resident, %.1f of them anonymous, %.1f in proportion (pss)\n", rss, anonymous, pss);
    std::printf("  opening one     %.1f ns of processor time of the server (%s)\n", opening, opening_.server_source);
    if (options_.hold_seconds > 0)
        std::printf("  after %u s       %.1f bytes resident, %llu pings answered\n", options_.hold_seconds, held,
                    static_cast<unsigned long long>(pings_));
    print_faults(tally_, false);
}

} // namespace

int run_idle(const Options &options)
{
    return IdleRun(options).run();
}

} // namespace wm::load
