#include "hub/router/router.h"

#include "core/reserve.h"

#include <algorithm>

namespace wm::router {

// ---- peers and their links

Peer *Router::find(uint64_t node)
{
    for (Peer &peer : peers_)
        if (peer.node == node && node != 0)
            return &peer;
    return nullptr;
}

uint32_t Router::place_of(uint64_t node) const
{
    for (uint32_t i = 0; i < peers_.size(); i++)
        if (peers_[i].node == node && node != 0)
            return i;
    return kNone;
}

Peer *Router::find_link(uint64_t link)
{
    for (Peer &peer : peers_)
        if (peer.linked && peer.link == link)
            return &peer;
    return nullptr;
}

/// Where states change. A peer that has left comes back with another link only.
void Router::set_state(Peer &peer, PeerState state)
{
    if (state == PeerState::kVerified && peer.state == PeerState::kLeft)
        return;
    if (state == PeerState::kUnsure)
        counters_.suspects++;
    peer.state = state;
}

bool Router::expect(uint64_t node, PeerKind kind)
{
    if (node == 0)
        return false;
    if (find(node))
        return true;
    auto place = std::find_if(peers_.begin(), peers_.end(), [](const Peer &peer) { return peer.node == 0; });
    if (place == peers_.end()) {
        if (peers_.size() == kMaxPeers || !reserve_in(peers_, peers_.size() + 1) || !reserve_in(dirty_, peers_.size() + 1))
            return false;
        place = peers_.emplace(peers_.end());
    }
    bool dirty = place->dirty;
    *place = Peer();
    place->dirty = dirty;
    place->node = node;
    place->kind = kind;
    if (kind == PeerKind::kHub)
        hub_ = index_of(*place);
    return true;
}

void Router::forget(uint64_t node)
{
    Peer *peer = find(node);
    if (!peer)
        return;
    if (peer->linked)
        drop_link(*peer);
    if (hub_ == index_of(*peer))
        hub_ = kNone;
    peer->node = 0;
    set_state(*peer, PeerState::kLeft);
}

void Router::begin_link(Peer &peer, uint64_t link)
{
    peer.link = link;
    peer.linked = true;
    peer.serial = ++last_serial_;
    peer.batch.clear();
    peer.asking = peer.parting = peer.owes = false;
    peer.next_who_ms = 0;
    set_state(peer, PeerState::kJoining);
    counters_.links++;
}

/// What was on the way to the peer is gone, and whether it had its requests is not known.
void Router::end_link(Peer &peer)
{
    peer.linked = false;
    if (peer.state != PeerState::kLeft)
        set_state(peer, PeerState::kLost);
    in_flight_ -= peer.in_flight();
    peer.acked = peer.asked_to = peer.bye_to = peer.position;
    peer.unread_ms = peer.owed_ms = Peer::kNever;
    resolve_all(peer, {0, 1, Reason::kLost});
}

/// Everything that the peer was asked and has not answered.
void Router::resolve_all(Peer &peer, const Result &result)
{
    uint32_t index = index_of(peer);
    for (size_t place = 0; place < outstanding_.places() && peer.requests > 0; place++) {
        Pending *pending = outstanding_.at(place);
        if (pending && pending->waiting.has(index))
            resolve(*pending, index, result);
    }
}

void Router::drop_link(Peer &peer)
{
    counters_.drops++;
    host_.drop(peer.link);
    end_link(peer);
}

void Router::connected(uint64_t link, uint64_t node, int64_t now_ms)
{
    Peer *peer = find(node);
    if (!peer) {
        refuse(link, nullptr);
        return;
    }
    if (peer->linked)
        drop_link(*peer);
    begin_link(*peer, link);
    tick_peer(*peer, now_ms, false);
}

void Router::connected(uint64_t link, uint64_t node, size_t max_batch, int64_t now_ms)
{
    if (Peer *peer = find(node)) {
        peer->max_batch = max_batch;
        // The other side may remember this one for longer than this one does: positions grow with the time, as no sender is as fast.
        auto least = static_cast<uint64_t>(now_ms) << kPositionShift;
        if (peer->position < least) {
            in_flight_ -= peer->in_flight();
            peer->position = peer->acked = peer->asked_to = peer->bye_to = least;
        }
    }
    connected(link, node, now_ms);
}

void Router::doubt(uint64_t node, int64_t now_ms)
{
    Peer *peer = find(node);
    if (!peer || peer->state != PeerState::kVerified)
        return;
    set_state(*peer, PeerState::kUnsure);
    peer->next_who_ms = now_ms;
    tick_peer(*peer, now_ms, false);
}

void Router::set_clock(uint64_t link, int64_t offset)
{
    if (Peer *peer = find_link(link))
        peer->clock_offset = offset;
}

void Router::disconnected(uint64_t link)
{
    if (Peer *peer = find_link(link))
        end_link(*peer);
}

// ---- batches in

/// A link becomes the peer's with HELLO: what comes before is of a link that has ended.
bool Router::adopt_link(Peer &peer, uint64_t link, const BatchHeader &header, const Record &first)
{
    if (first.op != Op::kHello)
        return false;
    if (peer.linked && peer.link != link)
        drop_link(peer);
    if (!peer.linked)
        begin_link(peer, link);
    peer.epoch = header.epoch;
    return true;
}

/// What the peer has read is not on the way any more; and it is not silent.
void Router::note_read(Peer &peer, const BatchHeader &header, int64_t now_ms)
{
    if (header.seen > peer.acked) {
        in_flight_ -= header.seen - peer.acked;
        peer.acked = header.seen;
    }
    peer.seen = header.position;
    if (peer.seen - peer.reported > limits_.peer_bytes / 4) // of answers alone no report would follow
        owe_report(peer, now_ms);
    bool unread = peer.asking || peer.acked < peer.asked_to;
    peer.unread_ms = unread ? now_ms : Peer::kNever;
    if (unread)
        peers_due_ms_ = std::min(peers_due_ms_, now_ms + limits_.suspect_ms);
}

void Router::refuse(uint64_t link, Peer *owner)
{
    if (owner) {
        drop_link(*owner);
        return;
    }
    counters_.drops++;
    host_.drop(link);
}

void Router::owe_report(Peer &peer, int64_t now_ms)
{
    if (peer.owed_ms != Peer::kNever)
        return;
    peer.owed_ms = now_ms;
    peers_due_ms_ = std::min(peers_due_ms_, now_ms + limits_.report_ms);
}

void Router::receive(uint64_t link, const char *batch, size_t size, int64_t now_ms)
{
    BatchReader reader(batch, size);
    BatchHeader header = {};
    Peer *owner = find_link(link);
    Peer *peer = reader.header(header) ? find(header.node) : nullptr;
    if (!peer || (owner && owner != peer)) {
        refuse(link, owner);
        return;
    }
    // Of an earlier life, or of an earlier link, or for the second time.
    if (header.epoch < peer->epoch || (header.epoch == peer->epoch && header.position <= peer->seen))
        return;
    Record record = {};
    bool more = reader.next(record);
    bool is_new = !owner || header.epoch != peer->epoch;
    if (is_new && !(more && adopt_link(*peer, link, header, record)))
        return;
    if (header.seen > peer->position) {
        drop_link(*peer);
        return;
    }
    peer->whole = peer->state == PeerState::kJoining || (peer->whole && header.position - peer->seen == size);
    note_read(*peer, header, now_ms);
    while (more && take_record(*peer, record, now_ms))
        more = reader.next(record);
    if (!reader.is_complete() || more)
        drop_link(*peer);
}

/// False: the peer broke a rule.
bool Router::take_record(Peer &peer, const Record &record, int64_t now_ms)
{
    switch (record.op) {
    case Op::kHello:
        set_state(peer, PeerState::kVerified);
        host_.joined(peer);
        return true;
    case Op::kWho:
        say_hello(peer);
        return true;
    case Op::kBye:
        take_bye(peer);
        return true;
    case Op::kAck:
        return take_acks(peer, record);
    case Op::kKey:
    case Op::kNames:
    case Op::kDelta:
    case Op::kWant:
    case Op::kState:
        host_.names(peer, record);
        return true;
    default:
        return !is_request(record.op) || take_request(peer, record, now_ms);
    }
}

/// What a peer has answered came before its BYE, and what it has not, no connection of it has or gets. Unless an answer is missing.
void Router::take_bye(Peer &peer)
{
    if (peer.kind != PeerKind::kChild) // the service speaks for others
        return;
    set_state(peer, PeerState::kLeft);
    if (peer.whole)
        resolve_all(peer, {});
}

// ---- batches out

void Router::written(Peer &peer)
{
    if (!peer.dirty) {
        peer.dirty = true;
        dirty_.push_back(index_of(peer));
    }
    if (peer.batch.is_full())
        send_batch(peer);
}

void Router::say(Peer &peer, Op op)
{
    if (peer.batch.add(op))
        written(peer);
}

void Router::say_hello(Peer &peer)
{
    say(peer, Op::kHello);
    if (left_)
        say_bye(peer);
}

/// Behind all answers, of which none may be missing: else the end of the link says that something is not known.
void Router::say_bye(Peer &peer)
{
    if (peer.owes || !peer.batch.add(Op::kBye))
        return;
    peer.parting = true;
    written(peer);
}

void Router::send_batch(Peer &peer)
{
    size_t size = peer.batch.size();
    // Before HELLO, the peer may be another life of the one whose bytes were seen.
    uint64_t seen = peer.state == PeerState::kJoining ? 0 : peer.seen;
    uint64_t own = peer.kind == PeerKind::kMachine ? machine_ : node_;
    const char *batch = peer.batch.finish({own, epoch_, peer.position + size, seen});
    if (!batch)
        return; // an empty one, which only reports what is read: the next does, too
    peer.reported = seen;
    peer.position += size;
    in_flight_ += size;
    if (peer.asking)
        peer.asked_to = peer.position;
    if (peer.parting)
        peer.bye_to = peer.position;
    peer.asking = peer.parting = false;
    peer.owed_ms = Peer::kNever;
    host_.send(peer.link, batch, size);
    peer.batch.clear();
}

bool Router::takes_names(uint64_t node) const
{
    auto peer = std::find_if(peers_.begin(), peers_.end(), [node](const Peer &each) { return each.node == node; });
    return node != 0 && peer != peers_.end() && peer->state == PeerState::kVerified &&
           peer->in_flight() + peer->batch.size() < limits_.peer_bytes / 2;
}

bool Router::tell_names(uint64_t node, Op op, std::string_view body)
{
    Peer *peer = find(node);
    if (!peer || !peer->linked || !peer->batch.add(op, body))
        return false;
    written(*peer);
    return true;
}

void Router::bye()
{
    left_ = true;
    for (Peer &peer : peers_)
        if (peer.linked) {
            say_bye(peer);
            say(peer, Op::kWho); // the answer reports what was read
        }
}

bool Router::bye_was_read() const
{
    return left_ && std::none_of(peers_.begin(), peers_.end(),
                                 [](const Peer &peer) { return peer.linked && (peer.parting || peer.acked < peer.bye_to); });
}

void Router::flush()
{
    // A link that ends has results, whose receiver may send again.
    while (!dirty_.empty()) {
        Peer &peer = peers_[dirty_.back()];
        dirty_.pop_back();
        peer.dirty = false;
        if (!peer.linked)
            continue;
        if (!peer.batch.empty())
            send_batch(peer);
        if (peer.in_flight() > limits_.drop_bytes())
            drop_link(peer);
    }
}

// ---- time

int64_t Router::due_ms() const
{
    return std::min(outstanding_.due_ms(), peers_due_ms_);
}

void Router::tick(int64_t now_ms)
{
    while (Pending *pending = outstanding_.next_due(now_ms))
        expire(*pending);
    if (now_ms < peers_due_ms_)
        return;
    bool overslept = now_ms - peers_due_ms_ >= limits_.report_ms;
    peers_due_ms_ = Peer::kNever;
    for (Peer &peer : peers_)
        if (peer.linked)
            tick_peer(peer, now_ms, overslept);
}

void Router::tick_peer(Peer &peer, int64_t now_ms, bool overslept)
{
    int64_t due = Peer::kNever;
    if (peer.state == PeerState::kVerified && peer.unread_ms != Peer::kNever) {
        // If this process itself has been stopped, the peer's answer may wait in the socket.
        if (overslept)
            peer.unread_ms = now_ms;
        due = peer.unread_ms + limits_.suspect_ms;
        if (now_ms >= due) {
            set_state(peer, PeerState::kUnsure);
            peer.next_who_ms = now_ms;
        }
    }
    if (peer.state == PeerState::kJoining || peer.state == PeerState::kUnsure) {
        if (now_ms >= peer.next_who_ms) {
            if (peer.state == PeerState::kJoining)
                say_hello(peer);
            say(peer, Op::kWho);
            peer.next_who_ms = now_ms + limits_.who_ms;
        }
        due = peer.next_who_ms;
    }
    if (peer.owed_ms != Peer::kNever) {
        if (now_ms - peer.owed_ms >= limits_.report_ms)
            send_batch(peer);
        else
            due = std::min(due, peer.owed_ms + limits_.report_ms);
    }
    peers_due_ms_ = std::min(peers_due_ms_, due);
}

} // namespace wm::router
