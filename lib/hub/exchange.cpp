#include "hub/exchange.h"

#include "core/error.h"
#include "core/log.h"
#include "core/reserve.h"
#include "hub/hub_service.h"
#include "worker/process_link.h"

#include <algorithm>
#include <new>

namespace wm {

namespace {

constexpr int64_t kLeaveMs = 100; // for others to read that this process leaves

using router::Reason;
using router::Result;

/// What a call of this process has come to, as others are told.
Result result_of(int64_t taken)
{
    if (taken >= 0)
        return {static_cast<uint32_t>(std::min<int64_t>(taken, UINT32_MAX)), 0, Reason::kNone};
    return {0, 1, taken == WM_EMSGSIZE ? Reason::kTooLarge : Reason::kBusy};
}

/// 0, WM_PARTIAL, or a WM_E... (wm_hub_result_fn).
int status_of(const Result &result)
{
    if (result.verdict() != router::Verdict::kUnknown)
        return result.is_partial() ? int{WM_PARTIAL} : 0;
    switch (result.reason) {
    case Reason::kTooLarge:
        return WM_EMSGSIZE;
    case Reason::kBusy:
        return WM_EFULL;
    case Reason::kNone:
    case Reason::kUnreachable:
    case Reason::kSuspect:
    case Reason::kStale:
        return WM_EENGINE;
    case Reason::kLost:
    case Reason::kDeadline:
        break;
    }
    return WM_ETIMEDOUT;
}

int explain(int status, const Result &result)
{
    int silent = result.silent;
    switch (status) {
    case WM_EMSGSIZE:
        return fail(status, "the message is longer than what a process takes");
    case WM_EFULL:
        return fail(status, "too much is on the way to %d process%s already", silent, silent == 1 ? "" : "es");
    case WM_EENGINE:
        return fail(status, "%d process%s cannot be asked now, and may have connections of it", silent, silent == 1 ? "" : "es");
    default:
        return fail(status, "%d process%s did not answer in time", silent, silent == 1 ? "" : "es");
    }
}

} // namespace

Exchange *Exchange::of(App &app)
{
    if (app.link || app.started())
        return nullptr;
    if (!app.peers) {
        auto made = std::make_unique<Exchange>(app);
        app.add_service(hub_service());
        app.peers = std::move(made);
    }
    return static_cast<Exchange *>(app.peers.get());
}

Exchange::~Exchange()
{
    if (router_)
        app_.reactor.forget(*this);
}

// ---- hubs

uint16_t Exchange::id_of(const std::string &name)
{
    uint32_t hash = 2166136261u; // FNV-1a
    for (char c : name)
        hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
    return static_cast<uint16_t>(hash ^ hash >> 16);
}

void Exchange::remove(Hub &hub)
{
    if (own_names_)
        hub.stop_announcing(true);
    std::erase_if(hubs_, [&hub](const Member &member) { return member.hub == &hub; });
    for (uint32_t place = 0; place < calls_.size(); place++) { // a reply may make calls
        if (calls_[place].hub != &hub || is_being_made(place))
            continue; // call() returns its result
        HubReply reply = take_call(place).reply;
        if (!app_.reactor.forked)
            Hub::answer(app_.freeing() ? nullptr : &app_, nullptr, reply, app_.freeing() ? WM_ESTOPPED : WM_ECLOSED, 0);
        else if (reply.destroy)
            reply.destroy(reply.user); // the result comes in the parent
    }
    for (Making *making = making_; making; making = making->outer)
        making->freed = making->freed || making->hub == &hub;
}

bool Exchange::is_being_made(uint32_t place) const
{
    const Making *making = making_;
    while (making && making->place != place)
        making = making->outer;
    return making;
}

/// Names cannot change from here on.
void Exchange::name_hubs()
{
    for (size_t i = 0; i < hubs_.size(); i++) {
        auto taken = [&](uint16_t id) {
            return std::any_of(hubs_.begin(), hubs_.begin() + static_cast<ptrdiff_t>(i),
                               [id](const Member &other) { return other.id == id; });
        };
        hubs_[i].id = id_of(hubs_[i].hub->options.name);
        while (taken(hubs_[i].id)) // another hub of the same name, most often
            hubs_[i].id++;
    }
}

// ---- calls

bool Exchange::open_call(Hub &hub, const HubReply &reply, uint64_t *ref)
{
    if (free_call_ == kNone) {
        if (!reserve_in(calls_, calls_.size() + 1))
            return false;
        calls_.emplace_back();
        free_call_ = static_cast<uint32_t>(calls_.size() - 1);
    }
    if (!app_.reactor.overflow.reserve_record())
        return false;
    uint32_t place = free_call_;
    Call &call = calls_[place];
    free_call_ = call.next;
    call = {&hub, reply, call.serial + 1, kNone};
    *ref = uint64_t{call.serial} << 32 | place;
    return true;
}

Exchange::Call Exchange::take_call(uint32_t place)
{
    Call call = calls_[place];
    calls_[place].hub = nullptr;
    calls_[place].next = free_call_;
    free_call_ = place;
    app_.reactor.overflow.release_record();
    return call;
}

/// Before others are known: they may have what this process has not.
int Exchange::take_alone(Hub &hub, const router::Request &request, int64_t &connections)
{
    int64_t taken = hub.take(request);
    if (taken < 0)
        return static_cast<int>(taken);
    connections = taken;
    return taken > 0 ? int{WM_PARTIAL} : fail(WM_EENGINE, "before on_start has returned no other process can be asked");
}

int Exchange::call(Hub &hub, router::Request request, const HubReply &reply, int64_t &connections)
{
    if (awaits_)
        return take_alone(hub, request, connections);
    auto member = std::find_if(hubs_.begin(), hubs_.end(), [&hub](const Member &each) { return each.hub == &hub; });
    if (member == hubs_.end())
        return fail(WM_ECLOSED, "the hub is being freed");
    uint64_t ref = 0;
    if (!open_call(hub, reply, &ref))
        return fail(WM_ENOMEM, "out of memory for a call of the hub");
    auto place = static_cast<uint32_t>(ref);
    request.hub = member->id;
    request.timeout_ms = static_cast<uint32_t>(hub.options.timeout_ms);
    Result result;
    Making making = {&hub, place, false, making_};
    making_ = &making;
    bool known = router_->request(request, ref, Loop::clock_ms(), result);
    making_ = making.outer;
    if (app_.reactor.forked)
        return Mailbox::fail_forked();
    note_due();
    app_.reactor.has_work();
    if (making.freed) {
        take_call(place);
        return fail(WM_ECLOSED, "the hub was freed while it was called");
    }
    if (!known)
        return WM_PENDING;
    take_call(place);
    int status = status_of(result);
    if (status < 0)
        return explain(status, result);
    connections = result.connections;
    return status;
}

void Exchange::answer(uint64_t ref, const Result &result)
{
    auto place = static_cast<uint32_t>(ref);
    if (place >= calls_.size() || !calls_[place].hub || calls_[place].serial != ref >> 32)
        return;
    answered_ = true;
    Call call = take_call(place);
    Hub::answer(&app_, call.hub, call.reply, status_of(result), result.connections);
}

router::Result Exchange::take(const router::Request &request)
{
    for (const Member &member : hubs_)
        if (member.id == request.hub && !app_.reactor.forked)
            return app_.link->service() ? Result() : result_of(member.hub->take(request));
    return {};
}

// ---- other processes

void Exchange::open_router()
{
    name_hubs();
    router_.emplace(static_cast<router::Host &>(*this), app_.link->node(), app_.link->epoch());
    app_.reactor.observe(*this, ReactorObserver::kIdle);
}

void Exchange::await_others(bool awaits)
{
    awaits_ = awaits;
    count_known();
    if (machines_ && !awaits && !machines_->is_open()) // else other machines would be told of too few processes
        machines_->open();
}

void Exchange::join(uint64_t node, Kind kind, uint64_t number, Fd link)
{
    if (!router_)
        open_router();
    if (!router_->expect(node, kind == Kind::kService ? router::PeerKind::kHub : router::PeerKind::kChild)) {
        log(WM_LOG_ERROR, "the hub cannot know of more than %u processes", router::kMaxPeers);
        return;
    }
    count_known();
    if (!link)
        return;
    std::unique_ptr<Link> made(new (std::nothrow) Link(app_.reactor.loop, *this, std::move(link), number, node));
    if (!made || !reserve_in(links_, links_.size() + 1) || !made->open()) {
        log(WM_LOG_ERROR, "no link to another process: out of memory or of watches");
        app_.link->link_ended(node, number); // asks for another one
        return;
    }
    links_.push_back(std::move(made));
    Link &added = *links_.back();
    router_->connected(added.id, node, Loop::clock_ms());
    router_->flush();
    note_due();
}

void Exchange::forget(uint64_t node)
{
    if (!router_)
        return;
    for (size_t i = 0; i < links_.size(); i++)
        while (links_[i]->node == node && links_[i]->is_open() && links_[i]->read()) // what it has said last
            ;
    if (app_.reactor.forked)
        return;
    router_->forget(node);
    if (child_names_)
        child_names_->forget(node);
    count_known();
}

/// A service stops when no other process of the machine is left, or another one has taken its place. Before its connection to the engine is
/// closed, as all are.
void Exchange::stopping()
{
    if (machines_ && !app_.reactor.forked)
        machines_->leave();
}

/// The service has nothing to say: it speaks for others.
bool Exchange::leave()
{
    if (!router_ || app_.reactor.forked || app_.link->service())
        return true;
    int64_t now_ms = Loop::clock_ms();
    if (leave_by_ms_ == Loop::kNever) {
        leave_by_ms_ = now_ms + kLeaveMs;
        router_->bye();
        router_->flush();
    }
    note_due();
    return router_->bye_was_read() || now_ms >= leave_by_ms_;
}

/// Processes of this machine.
template <class Matches> size_t Exchange::count_peers(Matches matches) const
{
    if (!router_)
        return 0;
    const auto &peers = router_->peers();
    return static_cast<size_t>(std::count_if(peers.begin(), peers.end(), [&](const router::Peer &peer) {
        return peer.node != 0 && peer.kind != router::PeerKind::kMachine && matches(peer);
    }));
}

void Exchange::count_known()
{
    known_ = count_peers([](const router::Peer &) { return true; });
    for (const Member &member : hubs_)
        member.hub->set_peers(awaits_ || known_ > 0);
}

size_t Exchange::joined() const
{
    return count_peers([](const router::Peer &peer) { return peer.state == router::PeerState::kVerified; });
}

// ---- links

Link *Exchange::find(uint64_t link)
{
    for (auto &each : links_)
        if (each->id == link)
            return each.get();
    return nullptr;
}

void Exchange::send(uint64_t link, const char *batch, size_t size)
{
    if (MachineLinks::is_link(link)) {
        machines_->send(link, batch, size);
        return;
    }
    Link *found = app_.reactor.forked ? nullptr : find(link); // of a child of fork(2), the parent's
    if (found)
        found->send(batch, size);
}

void Exchange::drop(uint64_t link)
{
    if (MachineLinks::is_link(link)) {
        machines_->drop(link);
        return;
    }
    Link *found = app_.reactor.forked ? nullptr : find(link);
    if (!found)
        return;
    found->close();
    any_ended_ = true;
    app_.link->link_ended(found->node, found->id);
}

bool Exchange::arrived(Link &link, const char *batch, size_t size)
{
    router_->receive(link.id, batch, size, Loop::clock_ms()); // read now: in a long turn a request may be over its time
    if (app_.reactor.forked)
        return false;
    note_due();
    return true;
}

void Exchange::ended(Link &link)
{
    any_ended_ = true;
    router_->disconnected(link.id);
    app_.link->link_ended(link.node, link.id);
    note_due();
}

void Exchange::add_fds(std::vector<int> &fds) const
{
    for (const auto &link : links_)
        if (link->is_open())
            fds.push_back(link->fd());
}

void Exchange::receive()
{
    for (size_t i = 0; i < links_.size(); i++)
        if (links_[i]->is_open())
            links_[i]->read();
    if (router_)
        router_->flush();
}

// ---- turns

int64_t Exchange::due_ms() const
{
    int64_t due = router_ ? std::min(router_->due_ms(), leave_by_ms_) : Loop::kNever;
    due = child_names_ ? std::min(due, child_names_->due_ms()) : due;
    return machines_ ? std::min(due, machines_->due_ms()) : due;
}

void Exchange::note_due()
{
    int64_t due = due_ms();
    if (due == noted_due_ms_)
        return;
    noted_due_ms_ = due;
    app_.reactor.deadline_moved();
}

void Exchange::run()
{
    if (!router_)
        return;
    int64_t now_ms = Loop::clock_ms();
    if (machines_)
        machines_->run(now_ms);
    router_->tick(now_ms);
    note_due();
}

/// The last act of a turn. Results of links that end here are followed by another turn, which sends what their receivers have queued.
void Exchange::idle()
{
    answered_ = false;
    tell_names();
    router_->flush();
    if (machines_)
        app_.reactor.outbox.flush_all(); // what went to the engine
    note_due();
    if (app_.reactor.loop.due_moved())
        app_.reactor.arm_due(app_.reactor.owner);
    if (answered_)
        app_.reactor.loop.wake();
    if (any_ended_) {
        any_ended_ = false;
        std::erase_if(links_, [](const std::unique_ptr<Link> &link) { return !link->is_open(); });
    }
}

void Exchange::measure(PeerFigures &figures) const
{
    if (!router_)
        return;
    constexpr auto kRelaxed = std::memory_order_relaxed;
    figures.processes.store(static_cast<uint32_t>(known_), kRelaxed);
    figures.joined.store(static_cast<uint32_t>(joined()), kRelaxed);
    figures.outstanding.store(static_cast<uint32_t>(router_->outstanding()), kRelaxed);
    figures.requests.store(router_->counters().requests, kRelaxed);
    figures.suspects.store(router_->counters().suspects, kRelaxed);
    figures.resyncs.store(router_->counters().links, kRelaxed);
}

} // namespace wm
