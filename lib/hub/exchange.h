/**
 * @file
 * What joins the hubs of this process with those of other processes: the links, the router between them, and the calls that wait for an
 * answer. Owned by the app, made with its first hub; without another process it does nothing. In the hub's service it is all there is. The
 * app's thread.
 */
#ifndef WM_HUB_EXCHANGE_H
#define WM_HUB_EXCHANGE_H

#include "hub/cluster/child_names.h"
#include "hub/cluster/own_names.h"
#include "hub/engine/engine_settings.h"
#include "hub/hub.h"
#include "hub/link.h"
#include "hub/machine_links.h"
#include "hub/router/router.h"
#include "worker/app.h"
#include "worker/peers.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace wm {

class Exchange final : public Peers, private ReactorObserver, private router::Host, private LinkEvents {
public:
    /// The exchange of an app, made if there is none. nullptr: a hub that is made now stays in this process, as others do not have it.
    /// Throws bad_alloc.
    static Exchange *of(App &app);

    /// The id of a hub in requests, if no other has it: by its name, so that programs of two versions that overlap mean the same hub.
    static uint16_t id_of(const std::string &name);

    explicit Exchange(App &app) : app_(app) {}
    Exchange(const Exchange &) = delete;
    Exchange &operator=(const Exchange &) = delete;
    ~Exchange() override;

    /// Room for one more; throws bad_alloc.
    void reserve() { hubs_.reserve(hubs_.size() + 1); }
    void add(Hub &hub) { hubs_.push_back({&hub, 0}); }
    /// Its pending calls get WM_ECLOSED, or WM_ESTOPPED when the app is being freed.
    void remove(Hub &hub);

    /// Whether hubs have their ids: their names cannot change any more.
    bool has_named() const { return router_.has_value(); }
    /// Asks all processes, this one first; otherwise as Hub::call. A notifier of the reply is reserved.
    int call(Hub &hub, router::Request request, const HubReply &reply, int64_t &connections);

    /// What the options of its hubs say together: 0, or a WM_E... code with its detail. No url: there is no engine.
    int engine(EngineSettings &out) const;
    bool has_engine() const;
    /// In the service: reads what the master has made of that. 0, or a WM_E... code with its detail.
    int take_settings();
    const EngineSettings &settings() const { return settings_; }

    int starts_alone() const override;
    void await_others(bool awaits) override;
    void join(uint64_t node, Kind kind, uint64_t number, Fd link) override;
    void forget(uint64_t node) override;
    bool leave() override;
    size_t joined() const override;
    void add_fds(std::vector<int> &fds) const override;
    void receive() override;
    int64_t due_ms() const override;
    void run() override;
    void measure(PeerFigures &figures) const override;

private:
    static constexpr uint32_t kNone = UINT32_MAX;

    struct Member {
        Hub *hub;
        uint16_t id; ///< in requests
    };

    struct Call {
        Hub *hub = nullptr; ///< nullptr: the place is free
        HubReply reply = {};
        uint32_t serial = 0; ///< of the use of this place
        uint32_t next = kNone;
    };

    /// A call() that has not returned: a callback of the host may make others inside it, and free the hub.
    struct Making {
        const Hub *hub;
        uint32_t place;
        bool freed; ///< the hub
        Making *outer;
    };

    // ReactorObserver
    void idle() override;
    void stopping() override;
    // router::Host
    void send(uint64_t link, const char *batch, size_t size) override;
    void drop(uint64_t link) override;
    router::Result take(const router::Request &request) override;
    void answer(uint64_t ref, const router::Result &result) override;
    void joined(const router::Peer &peer) override;
    void names(const router::Peer &peer, const router::Record &record) override;
    // LinkEvents
    bool arrived(Link &link, const char *batch, size_t size) override;
    void ended(Link &link) override;

    int open_child_names();
    void announce(const cluster::Fingerprints::Key &key);
    void stop_announcing();
    void tell_names();
    void open_router();
    void name_hubs();
    Link *find(uint64_t link);
    static int take_alone(Hub &hub, const router::Request &request, int64_t &connections);
    bool open_call(Hub &hub, const HubReply &reply, uint64_t *ref);
    Call take_call(uint32_t place);
    bool is_being_made(uint32_t place) const;
    void note_due();
    void count_known();
    template <class Matches> size_t count_peers(Matches matches) const;

    App &app_;
    EngineSettings settings_; ///< of the service
    std::vector<Member> hubs_;
    std::vector<std::unique_ptr<Link>> links_;
    std::optional<router::Router> router_;             ///< from when another process is known
    std::unique_ptr<cluster::ChildNames> child_names_; ///< of a service with an engine
    std::unique_ptr<MachineLinks> machines_;           ///< likewise
    std::unique_ptr<cluster::OwnNames> own_names_;     ///< of a process whose service has asked for them
    std::vector<Call> calls_;
    uint32_t free_call_ = kNone;
    int64_t noted_due_ms_ = Loop::kNever;
    int64_t leave_by_ms_ = Loop::kNever; ///< kNever: not leaving
    size_t known_ = 0;                   ///< other processes
    Making *making_ = nullptr;           ///< the innermost
    bool awaits_ = false;                ///< others exist that it does not know yet
    bool any_ended_ = false;             ///< of links_
    bool answered_ = false;              ///< since the last idle()
};

} // namespace wm

#endif
