#include "hub/router/router.h"

#include <algorithm>

namespace wm::router {

namespace {

/// What a target gets of the time, so that what it answers at the very end is still in time here.
uint32_t shorten(uint32_t timeout_ms)
{
    return timeout_ms - std::min(kHopMs, timeout_ms / 8);
}

/// As of now, whatever clock or timeout a peer claims to have.
Request with_sane_times(const Request &request, int64_t clock_offset, int64_t now_ms)
{
    Request sane = request;
    sane.timeout_ms = std::clamp<uint32_t>(request.timeout_ms, 1, kMaxTimeoutMs);
    sane.sent_ms = std::min(std::clamp(request.sent_ms, -kLatestMs, kLatestMs) + clock_offset, now_ms);
    return sane;
}

bool is_stale(const Request &request, int64_t now_ms)
{
    return request.sent_ms <= now_ms - request.timeout_ms;
}

} // namespace

/// The one place where targets are chosen: everybody that may hold a connection. What narrows them belongs here. A process is asked over
/// one path, always the same, or it would get a request twice, or two in the wrong order: where there is a service, the service asks the
/// sibling, too; and what one machine asks another, that one asks its children alone.
Router::Targets Router::choose(const Request &request, const Origin &origin, int64_t now_ms) const
{
    Targets targets;
    if (request.flags & kNoForward)
        return targets;
    PeerSet may_have = PeerSet::all();
    bool from_machine = origin.peer != Origin::kLocal && peers_[origin.peer].kind == PeerKind::kMachine;
    if (horizon_ && !from_machine) {
        if (!horizon_->is_complete(now_ms))
            targets.missing.add_silent(Reason::kUnreachable);
        horizon_->narrow(request, may_have);
    }
    for (uint32_t i = 0; i < peers_.size(); i++) {
        const Peer &peer = peers_[i];
        if (i == origin.peer || peer.state == PeerState::kLeft || (hub_ != kNone && i != hub_))
            continue;
        if (!may_have.has(i) || (from_machine && peer.kind == PeerKind::kMachine))
            continue;
        if (peer.state == PeerState::kVerified) {
            targets.ask.add(i);
            targets.count++;
        } else {
            targets.missing.add_silent(peer.state == PeerState::kUnsure ? Reason::kSuspect : Reason::kUnreachable);
        }
    }
    return targets;
}

bool Router::request(const Request &request, uint64_t ref, int64_t now_ms, Result &result)
{
    Request own = with_sane_times(request, 0, now_ms);
    own.sent_ms = now_ms;
    return start(own, {Origin::kLocal, 0, ref}, now_ms, result);
}

/// True: answered in `result`, though peers may still have to account for it.
bool Router::start(const Request &request, const Origin &origin, int64_t now_ms, Result &result)
{
    counters_.requests++;
    result = host_.take(request);
    Targets targets = choose(request, origin, now_ms);
    result.add(targets.missing);
    if (targets.count == 0)
        return true;
    Pending *pending = outstanding_.open(request.sent_ms + request.timeout_ms);
    if (!pending) {
        counters_.busy += targets.count;
        result.add_silent(Reason::kBusy, targets.count);
        return true;
    }
    pending->origin = origin;
    pending->first = request.flags & kFirst;
    pending->result = result;
    ask_all(request, targets.ask, *pending, now_ms);
    result = pending->result;
    if (pending->waits == 0) {
        outstanding_.close(*pending);
        return true;
    }
    pending->answered = pending->first && result.connections > 0;
    if (pending->answered)
        result.add_silent(Reason::kNone, pending->waits);
    return pending->answered;
}

void Router::ask_all(const Request &request, const PeerSet &peers, Pending &pending, int64_t now_ms)
{
    Request copy = request;
    copy.timeout_ms = shorten(request.timeout_ms);
    peers.each([&](uint32_t index) {
        Peer &peer = peers_[index];
        copy.flags = peer.kind == PeerKind::kChild ? request.flags | kNoForward : request.flags;
        Reason refused = ask(peer, copy, pending.ref, now_ms);
        if (refused == Reason::kNone) {
            pending.waiting.add(index);
            pending.waits++;
        } else {
            pending.result.add_silent(refused);
        }
    });
}

/// kNone: the peer has to answer.
Reason Router::ask(Peer &peer, const Request &request, uint32_t ref, int64_t now_ms)
{
    size_t size = kRecordHeader + request.body_size();
    if (size > std::min(limits_.peer_bytes, peer.max_batch) - kBatchHeader || request.name.size() > UINT16_MAX ||
        request.extra.size() > UINT16_MAX)
        return Reason::kTooLarge;
    if (peer.batch.size() + size > peer.max_batch)
        send_batch(peer);
    size_t batched = peer.batch.size() + size;
    if (peer.in_flight() + batched > limits_.peer_bytes || in_flight_ + batched > limits_.total_bytes ||
        peer.requests >= limits_.peer_requests || !peer.batch.add(request, ref)) {
        counters_.busy++;
        return Reason::kBusy;
    }
    peer.asking = true;
    peer.requests++;
    if (peer.unread_ms == Peer::kNever) {
        peer.unread_ms = now_ms;
        peers_due_ms_ = std::min(peers_due_ms_, now_ms + limits_.suspect_ms);
    }
    written(peer);
    return Reason::kNone;
}

// ---- from peers

bool Router::take_request(Peer &from, const Record &record, int64_t now_ms)
{
    Request request;
    if (!read_request(record, request))
        return false;
    request = with_sane_times(request, from.clock_offset, now_ms);
    owe_report(from, now_ms);
    Origin origin = {index_of(from), from.serial, record.ref};
    Result result = {0, 1, Reason::kStale};
    if (left_)
        result = {}; // as its BYE says
    else if (is_stale(request, now_ms))
        counters_.stale++;
    else if (!start(request, origin, now_ms, result))
        return true;
    tell(origin, result);
    return true;
}

bool Router::take_acks(Peer &from, const Record &record)
{
    if (!is_ack_list(record.body))
        return false;
    uint32_t index = index_of(from);
    Ack ack = {};
    for (size_t i = 0; read_ack(record.body, i, ack); i++) {
        Pending *pending = outstanding_.find(ack.ref);
        if (pending && pending->waiting.has(index))
            resolve(*pending, index, ack.result);
        else
            counters_.late++;
    }
    return true;
}

// ---- answers

/// A peer has answered, or will not.
void Router::resolve(Pending &pending, uint32_t peer, const Result &result)
{
    pending.waiting.remove(peer);
    pending.waits--;
    peers_[peer].requests--;
    pending.result.add(result);
    if (pending.waits == 0) {
        finish(pending);
        return;
    }
    if (!pending.first || pending.answered || pending.result.connections == 0)
        return;
    pending.answered = true;
    Result early = pending.result;
    early.add_silent(Reason::kNone, pending.waits);
    tell(pending.origin, early);
}

/// Closes before it tells: the receiver may make requests, which move the others.
void Router::finish(Pending &pending)
{
    Origin origin = pending.origin;
    Result result = pending.result;
    bool answered = pending.answered;
    outstanding_.close(pending);
    if (!answered)
        tell(origin, result);
}

void Router::expire(Pending &pending)
{
    pending.waiting.each([this](uint32_t peer) { peers_[peer].requests--; });
    pending.result.add_silent(Reason::kDeadline, pending.waits);
    finish(pending);
}

void Router::tell(const Origin &origin, const Result &result)
{
    if (origin.peer == Origin::kLocal) {
        host_.answer(origin.ref, result);
        return;
    }
    Peer &peer = peers_[origin.peer];
    if (!peer.linked || peer.serial != origin.serial)
        return;
    if (peer.batch.add(Ack{static_cast<uint32_t>(origin.ref), result}))
        written(peer);
    else
        peer.owes = true;
}

} // namespace wm::router
