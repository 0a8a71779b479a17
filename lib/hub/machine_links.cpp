#include "hub/machine_links.h"

#include "core/error.h"
#include "core/log.h"
#include "core/loop.h"
#include "hub/cluster_report.h"
#include "hub/engine/make_carrier.h"
#include "worker/app.h"
#include "worker/process_link.h"

#include <algorithm>
#include <chrono>
#include <cinttypes>
#include <new>
#include <unistd.h>

namespace wm {

namespace {

constexpr int64_t kTellMs = 200;       // between two looks at what is told to the master
constexpr int64_t kRefusedMs = 60'000; // between two lines of the log about messages that are refused

std::string host_name()
{
    char name[256] = {};
    return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

const char *text_of(cluster::Refusal why)
{
    switch (why) {
    case cluster::Refusal::kVersion:
        return "it speaks another version: update the older of the two";
    case cluster::Refusal::kUnsealed:
        return "it has no secret: give it the secret_file of this cluster";
    case cluster::Refusal::kSealed:
        return "it has a secret, and this machine has none: set secret_file here";
    case cluster::Refusal::kForged:
        return "its secret is another one: the secret_file must be the same everywhere";
    case cluster::Refusal::kForeign:
    case cluster::Refusal::kNone:
        break;
    }
    return "it is no message of a hub: another program uses the channels of this cluster";
}

} // namespace

std::unique_ptr<MachineLinks> MachineLinks::make(App &app, router::Router &router, const cluster::ChildNames &names,
                                                 const EngineSettings &settings)
{
    cluster::Seal seal;
    if (!seal.set_secret(settings.cluster, settings.secret))
        throw std::bad_alloc();
    cluster::Identity identity = {settings.node, app.link->epoch(), host_name(), ""};
    std::unique_ptr<MachineLinks> made(new MachineLinks(app, router, names, std::move(identity), std::move(seal)));
    made->carrier_ = make_carrier(app, settings, *made);
    return made->carrier_ ? std::move(made) : nullptr;
}

MachineLinks::MachineLinks(App &app, router::Router &router, const cluster::ChildNames &names, cluster::Identity identity,
                           cluster::Seal seal)
    : app_(app), router_(router), names_(names), machines_(*this, router, this, std::move(identity), std::move(seal))
{}

void MachineLinks::open()
{
    open_ = true;
    carrier_->open();
    tell_state(Loop::clock_ms());
}

void MachineLinks::leave()
{
    if (!open_ || left_)
        return;
    left_ = true;
    machines_.bye(Loop::clock_ms());
    carrier_->close();
}

// ---- the carrier

void MachineLinks::carrier_up()
{
    machines_.up(carrier_->max_bytes(), Loop::clock_ms());
    app_.reactor.has_work();
}

void MachineLinks::carrier_down()
{
    machines_.down(Loop::clock_ms());
    app_.reactor.has_work();
}

void MachineLinks::carrier_received(const char *bytes, size_t size)
{
    machines_.receive(bytes, size, Loop::clock_ms());
    app_.reactor.has_work();
}

bool MachineLinks::carry(uint64_t to, const char *bytes, size_t size)
{
    return carrier_->send(to, bytes, size);
}

void MachineLinks::renew(const char *why)
{
    carrier_->reset(why);
}

void MachineLinks::refused(cluster::Refusal why, const cluster::Envelope &of)
{
    int64_t now_ms = Loop::clock_ms();
    if (now_ms < refused_at_ms_)
        return;
    refused_at_ms_ = now_ms + kRefusedMs;
    log(WM_LOG_WARN, "the hub refuses messages of node %016" PRIx64 ": %s", of.node, text_of(why));
}

uint64_t MachineLinks::clock_us()
{
    auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

// ---- the router

void MachineLinks::send(uint64_t link, const char *batch, size_t size)
{
    machines_.send(link, batch, size, Loop::clock_ms());
}

void MachineLinks::drop(uint64_t link)
{
    machines_.drop(link, Loop::clock_ms());
}

// ---- time

int64_t MachineLinks::due_ms() const
{
    return open_ && !left_ ? std::min({machines_.due_ms(), carrier_->due_ms(), tell_at_ms_}) : Loop::kNever;
}

void MachineLinks::run(int64_t now_ms)
{
    if (!open_ || left_)
        return;
    if (now_ms >= carrier_->due_ms())
        carrier_->run(now_ms);
    machines_.tick(now_ms);
    if (now_ms >= tell_at_ms_)
        tell_state(now_ms);
}

/// Why "offline" cannot be said of what this machine does not have; empty: it can.
std::string MachineLinks::unready(const cluster::ClusterFacts &facts) const
{
    if (!facts.up)
        return facts.carrier.error.empty() ? "not connected to the engine yet" : "not connected to the engine: " + facts.carrier.error;
    if (!facts.fresh)
        return "what is sent over the engine does not come back";
    if (!facts.complete)
        return "other machines are being asked";
    for (const cluster::MachineFacts &machine : facts.machines)
        if (machine.answered && machine.state == std::string_view("joining"))
            return "machine " + machine.name + " is joining";
    return "";
}

void MachineLinks::tell_state(int64_t now_ms)
{
    tell_at_ms_ = now_ms + kTellMs;
    try {
        cluster::ClusterFacts facts;
        facts.carrier = carrier_->facts();
        machines_.measure(facts, now_ms);
        facts.names = names_.claims().count();
        facts.names_known = names_.is_complete(router_);
        app_.link->set_unready(unready(facts));
        app_.link->report(cluster_report(facts, router_).encode());
    } catch (const std::bad_alloc &) {
        return; // the next look tells
    }
}

} // namespace wm
