#include "hub/cluster/child_names.h"

#include "core/reserve.h"
#include "hub/cluster/claim_records.h"

#include <algorithm>
#include <new>

namespace wm::cluster {

using router::Op;
using router::PeerKind;
using router::PeerState;

namespace {

constexpr int64_t kRetryMs = 20; // for a process that takes nothing now
constexpr uint64_t kLife = 1;    // a process has one, and its node is never used again

} // namespace

ChildNames::Child *ChildNames::find(uint64_t node)
{
    auto found = std::find_if(children_.begin(), children_.end(), [node](const Child &child) { return child.node == node; });
    return found == children_.end() ? nullptr : &*found;
}

/// What it told over another link may be incomplete. Without memory for it the machine's names stay incomplete, until it has another link.
void ChildNames::joined(const router::Peer &peer)
{
    if (peer.kind != PeerKind::kChild)
        return;
    Child *child = find(peer.node);
    if (!child) {
        std::unique_ptr<PeerClaims> made(new (std::nothrow) PeerClaims(claims_.directory, 0));
        if (!made || !reserve_in(children_, children_.size() + 1))
            return;
        child = &children_.emplace_back(Child{peer.node, std::move(made)});
    }
    child->names->doubt();
    child->wants = false;
    child->ask_ms = due_ms_ = 0;
}

void ChildNames::take(const router::Peer &peer, const router::Record &record)
{
    Child *child = peer.kind == PeerKind::kChild ? find(peer.node) : nullptr;
    if (!child)
        return;
    PeerClaims &names = *child->names;
    NamesHello hello;
    Delta delta;
    StatePart part;
    bool wants = false;
    if (record.op == Op::kNames && read_names(record.body, hello))
        wants = names.hello(kLife, hello.seq, hello.digest);
    else if (record.op == Op::kDelta && read_delta(record.body, delta))
        wants = names.apply(delta);
    else if (record.op == Op::kState && read_state(record.body, part))
        wants = names.apply(part);
    if (wants) {
        child->wants = true;
        due_ms_ = 0;
    }
}

void ChildNames::forget(uint64_t node)
{
    std::erase_if(children_, [node](const Child &child) { return child.node == node; });
    if (claims_.directory.has_garbage())
        due_ms_ = 0;
}

bool ChildNames::is_complete(const router::Router &router) const
{
    return std::all_of(router.peers().begin(), router.peers().end(), [this](const router::Peer &peer) {
        if (peer.node == 0 || peer.kind != PeerKind::kChild || peer.state == PeerState::kLeft)
            return true;
        auto child = std::find_if(children_.begin(), children_.end(), [&](const Child &each) { return each.node == peer.node; });
        return peer.state == PeerState::kVerified && child != children_.end() && child->names->is_valid();
    });
}

/// The key asks for seq and digest, which are compared; a seq, for what is behind it.
void ChildNames::ask(Child &child, router::Router &router, int64_t now_ms)
{
    char body[std::max(kKeySize, kWantSize)];
    if (child.wants) {
        char *end = put_want(body, child.names->have());
        child.wants = !router.tell_names(child.node, Op::kWant, {body, static_cast<size_t>(end - body)});
        child.ask_ms = now_ms + kAskMs;
    } else if (now_ms >= child.ask_ms) {
        char *end = put_key(body, prints_.key());
        router.tell_names(child.node, Op::kKey, {body, static_cast<size_t>(end - body)});
        child.ask_ms = now_ms + kAskMs;
    }
}

void ChildNames::flush(router::Router &router, int64_t now_ms)
{
    if (now_ms < due_ms_)
        return;
    due_ms_ = kNever;
    for (Child &child : children_) {
        if (child.names->is_valid() || child.names->has_too_many())
            continue;
        if (router.takes_names(child.node))
            ask(child, router, now_ms);
        due_ms_ = std::min(due_ms_, std::max(child.ask_ms, now_ms + kRetryMs));
    }
    if (claims_.directory.has_garbage()) {
        claims_.directory.sweep();
        due_ms_ = claims_.directory.has_garbage() ? now_ms + 1 : due_ms_;
    }
}

} // namespace wm::cluster
