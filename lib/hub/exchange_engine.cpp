// The engine: which one the hubs have chosen, what its service is told, and what processes tell that of their uids and groups.
#include "core/error.h"
#include "hub/cluster/claim_records.h"
#include "hub/engine/settings_text.h"
#include "hub/exchange.h"
#include "worker/process_link.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace wm {

int Exchange::engine(EngineSettings &out) const
{
    std::vector<EngineChoice> choices;
    for (const Member &member : hubs_)
        choices.push_back(member.hub->engine());
    return choose_engine(choices, out);
}

bool Exchange::has_engine() const
{
    return std::any_of(hubs_.begin(), hubs_.end(), [](const Member &member) { return !member.hub->options.engine.empty(); });
}

int Exchange::take_settings()
{
    std::string text;
    int result = app_.link->settings(text);
    if (result == 0 && !read_settings(text, settings_))
        result = fail(WM_ESTATE,
                      "the settings that the master has made are of another kind: the library was replaced, and that takes a restart");
    explicit_bzero(text.data(), text.size());
    if (result != 0 || settings_.url.empty())
        return result;
    app_.link->set_unready("it is not connected to the engine yet");
    open_router();
    if (int wrong = open_child_names())
        return wrong;
    machines_ = MachineLinks::make(app_, *router_, *child_names_, settings_);
    app_.reactor.observe(*this, kStopping);
    return machines_ ? 0 : WM_EINVAL;
}

int Exchange::starts_alone() const
{
    return has_engine() ? fail(WM_ESTATE, "option 'engine' of a hub needs wm_app_main, whose service is connected to the engine") : 0;
}

// ---- names

/// 0 or WM_ENOMEM.
int Exchange::open_child_names()
{
    cluster::Fingerprints prints;
    if (prints.set_key(settings_.cluster, settings_.secret))
        child_names_.reset(new (std::nothrow) cluster::ChildNames(prints));
    return child_names_ ? 0 : fail(WM_ENOMEM, "out of memory for the names of this machine");
}

void Exchange::joined(const router::Peer &peer)
{
    if (child_names_)
        child_names_->joined(peer);
}

void Exchange::names(const router::Peer &peer, const router::Record &record)
{
    cluster::Fingerprints::Key key;
    uint64_t have = 0;
    if (child_names_) {
        child_names_->take(peer, record);
    } else if (peer.kind != router::PeerKind::kHub || app_.reactor.forked) {
        return;
    } else if (record.op == router::Op::kKey && cluster::read_key(record.body, key)) {
        announce(key);
        if (own_names_)
            own_names_->ask(peer.node);
    } else if (own_names_ && record.op == router::Op::kWant && cluster::read_want(record.body, have)) {
        own_names_->want(have);
    }
}

/// Without memory for it the service is told nothing, and asks again.
void Exchange::announce(const cluster::Fingerprints::Key &key)
{
    if (own_names_ && own_names_->key() == key)
        return;
    stop_announcing();
    own_names_.reset(new (std::nothrow) cluster::OwnNames(key));
    bool told = own_names_ && std::all_of(hubs_.begin(), hubs_.end(),
                                          [this](const Member &member) { return member.hub->announce(*own_names_, member.id); });
    if (!told)
        stop_announcing();
}

void Exchange::stop_announcing()
{
    for (const Member &member : hubs_)
        member.hub->stop_announcing(false);
    own_names_.reset();
}

/// Before the router's flush.
void Exchange::tell_names()
{
    if (own_names_)
        own_names_->flush(*router_);
    if (child_names_)
        child_names_->flush(*router_, Loop::clock_ms());
    if (machines_)
        machines_->flush();
}

} // namespace wm
