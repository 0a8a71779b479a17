/**
 * @file
 * What joins the hub's service of this machine with those of others: the carrier to their engine, and the state machine that makes links
 * out of its messages. Owned by the exchange of a service whose settings name an engine. The app's thread.
 */
#ifndef WM_HUB_MACHINE_LINKS_H
#define WM_HUB_MACHINE_LINKS_H

#include "core/loop.h"
#include "hub/cluster/carrier.h"
#include "hub/cluster/child_names.h"
#include "hub/cluster/machines.h"
#include "hub/engine/engine_settings.h"
#include "hub/router/router.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace wm {

class App;

class MachineLinks final : private CarrierEvents, private cluster::MachinesHost, private cluster::OwnMachine {
public:
    /// names: of this machine. nullptr with the detail of fail(): the settings are wrong. Throws bad_alloc.
    static std::unique_ptr<MachineLinks> make(App &app, router::Router &router, const cluster::ChildNames &names,
                                              const EngineSettings &settings);

    MachineLinks(const MachineLinks &) = delete;
    MachineLinks &operator=(const MachineLinks &) = delete;

    /// Connects to the engine; once all processes of this machine are known to the router, or others would be told too little.
    void open();
    bool is_open() const { return open_; }

    static bool is_link(uint64_t link) { return link & cluster::Machines::kLinkBit; }
    void send(uint64_t link, const char *batch, size_t size);
    void drop(uint64_t link);

    /// Leaves the engine, and tells the others if this machine has no connections any more.
    void leave();

    /// Tells of names that have come and gone; before the router's flush.
    void flush() { machines_.flush(Loop::clock_ms()); }
    int64_t due_ms() const;
    void run(int64_t now_ms);

private:
    MachineLinks(App &app, router::Router &router, const cluster::ChildNames &names, cluster::Identity identity, cluster::Seal seal);

    // CarrierEvents
    void carrier_up() override;
    void carrier_down() override;
    void carrier_received(const char *bytes, size_t size) override;
    // cluster::MachinesHost
    bool carry(uint64_t to, const char *bytes, size_t size) override;
    void renew(const char *why) override;
    void refused(cluster::Refusal why, const cluster::Envelope &of) override;
    uint64_t clock_us() override;
    // cluster::OwnMachine
    const cluster::Claims &claims() const override { return names_.claims(); }
    bool knows_names() const override { return names_.is_complete(router_); }
    const cluster::Fingerprints &prints() const override { return names_.prints(); }

    std::string unready(const cluster::ClusterFacts &facts) const;
    void tell_state(int64_t now_ms);

    App &app_;
    router::Router &router_;
    const cluster::ChildNames &names_;
    cluster::Machines machines_;
    std::unique_ptr<Carrier> carrier_;
    int64_t tell_at_ms_ = 0;    ///< when the state is told again
    int64_t refused_at_ms_ = 0; ///< when a message that is refused is logged again
    bool open_ = false;
    bool left_ = false;
};

} // namespace wm

#endif
