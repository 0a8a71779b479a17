// The part of Machines about names: what others are told of those of this machine, and what is known of theirs.
#include "hub/cluster/machines.h"

#include <algorithm>

namespace wm::cluster {

namespace {

constexpr int kNamesATurn = 8;   // records of names to one listener
constexpr int kSweepsATurn = 16; // segments of the directory

} // namespace

void Machines::want_names(const Machine &machine, int64_t now_ms)
{
    if (char *body = room(kMaxControl)) {
        char *end = put_want(put_control_header(body, ControlOp::kWant, kWantSize), machine.names->have());
        send_body(machine.node, Kind::kControl, static_cast<size_t>(end - body), now_ms);
    }
}

/// Whether some are missing, and are to be asked for.
bool Machines::take_names(Machine &machine, const Control &control)
{
    uint64_t have = 0;
    Delta delta;
    StatePart part;
    if (control.op == ControlOp::kWant) {
        if (own_ && read_want(control.body, have))
            machine.answer.emplace(have);
        return false;
    }
    if (!machine.names)
        return false;
    if (control.op == ControlOp::kDelta)
        return read_delta(control.body, delta) && machine.names->apply(delta);
    return read_state(control.body, part) && machine.names->apply(part);
}

/// A few records of what a stream has to say; false: there is more, or the carrier takes no more now.
bool Machines::tell_names(uint64_t to, ClaimStream &stream, int64_t now_ms)
{
    for (int i = 0; i < kNamesATurn && names_left_ > 0; i++) {
        char *record = room(router::kRecordHeader + kMaxClaimBody);
        size_t size = 0;
        ClaimOp op = record ? stream.next(own_->claims(), record + router::kRecordHeader, &size) : ClaimOp::kNoMemory;
        if (op == ClaimOp::kNone)
            return true;
        if (op == ClaimOp::kNoMemory)
            return false;
        put_control_header(record, op == ClaimOp::kDelta ? ControlOp::kDelta : ControlOp::kState, size);
        bool fits = router::kRecordHeader + size <= max_batch(); // else this machine is asked for everything
        if (fits && !send_body(to, Kind::kControl, router::kRecordHeader + size, now_ms))
            return false; // a record is missing to others, and they say so
        names_left_ -= std::min(names_left_, size);
        if (names_left_ == 0)
            probe(now_ms);
    }
    return stream.is_done(own_->claims());
}

void Machines::flush(int64_t now_ms)
{
    for (int i = 0; i < kSweepsATurn && directory_.has_garbage(); i++)
        directory_.sweep();
    if (!own_ || max_bytes_ == 0)
        return;
    bool done = !directory_.has_garbage();
    if (own_->knows_names() != knew_names_)
        say_hello(0, false, now_ms);
    if (!told_.is_done(own_->claims()))
        done = tell_names(0, told_, now_ms) && done;
    for (Machine &machine : machines_) {
        if (!machine.answer)
            continue;
        if (tell_names(machine.node, *machine.answer, now_ms)) {
            machine.answer.reset();
            say_hello(machine.node, false, now_ms);
        } else {
            done = false;
        }
    }
    if (!done && names_left_ > 0) // else a probe comes back
        due_ms_ = std::min(due_ms_, now_ms + 1);
}

/// Whether a machine is not asked for a name that the directory does not have of it. One that is lost has those that it had.
bool Machines::may_skip(const Machine &machine) const
{
    if (!machine.names || machine.place >= router_.peers().size())
        return false;
    switch (router_.peers()[machine.place].state) {
    case router::PeerState::kVerified:
        return machine.names->is_valid() && !machine.doubted;
    case router::PeerState::kLost:
        return machine.names_last;
    default:
        return false;
    }
}

void Machines::narrow(const router::Request &request, router::PeerSet &peers) const
{
    if (!own_ || request.op == router::Op::kBroadcast || request.op == router::Op::kPublish)
        return;
    NameKind kind = request.op == router::Op::kGroupSend ? NameKind::kGroup : NameKind::kUid;
    router::PeerSet claimed;
    directory_.each(own_->prints().of(request.hub, kind, request.name), [&claimed](uint32_t place) { claimed.add(place); });
    for (const Machine &machine : machines_)
        if (may_skip(machine) && !claimed.has(machine.place))
            peers.remove(machine.place);
}

} // namespace wm::cluster
