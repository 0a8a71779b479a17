#include "hub/cluster/machines.h"

#include "core/reserve.h"
#include "wm/wm.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace wm::cluster {

using router::PeerState;

namespace {

/// For operators only: without memory they see what was there before.
void copy_text(std::string &out, std::string_view text)
{
    try {
        out.assign(text);
    } catch (const std::bad_alloc &) {
        return;
    }
}

} // namespace

Machines::Machines(MachinesHost &host, router::Router &router, const OwnMachine *own, Identity identity, Seal seal, const Times &times)
    : host_(host), router_(router), own_(own), identity_(std::move(identity)), seal_(std::move(seal)), times_(times)
{
    router_.join_machines(identity_.node, *this);
}

Machines::Machine *Machines::find(uint64_t node)
{
    auto found = std::find_if(machines_.begin(), machines_.end(), [node](const Machine &machine) { return machine.node == node; });
    return found == machines_.end() ? nullptr : &*found;
}

Machines::Machine *Machines::find_link(uint64_t link)
{
    auto found = std::find_if(machines_.begin(), machines_.end(), [link](const Machine &machine) { return machine.link == link; });
    return found == machines_.end() ? nullptr : &*found;
}

// ---- the carrier

void Machines::up(size_t max_bytes, int64_t now_ms)
{
    if (retired_ || max_bytes < kEnvelopeExtra + router::kBatchHeader + kMaxControl)
        return;
    max_bytes_ = max_bytes;
    fresh_from_ms_ = kNever;
    stale_from_ms_ = now_ms;
    echo_ms_ = {kLongAgo, kLongAgo};
    names_left_ = kNamesUnread;
    if (own_)
        told_ = ClaimStream(own_->claims().seq()); // who misses what was before asks for it
    say_hello(0, true, now_ms);
    next_hello_ms_ = now_ms + times_.hello_ms;
    probe(now_ms);
    due_ms_ = now_ms; // tick() finds out
}

void Machines::down(int64_t now_ms)
{
    max_bytes_ = 0;
    fresh_from_ms_ = kNever;
    stale_from_ms_ = now_ms;
    for (Machine &machine : machines_) {
        end_link(machine);
        machine.names_last = false;
        machine.answer.reset();
    }
    due_ms_ = now_ms;
}

char *Machines::room(size_t body)
{
    size_t size = body + kEnvelopeExtra;
    if (size > capacity_) {
        size_t capacity = std::max(size, 2 * router::kBatchBytes);
        std::unique_ptr<char[]> larger(new (std::nothrow) char[capacity]);
        if (!larger)
            return nullptr;
        message_ = std::move(larger);
        capacity_ = capacity;
    }
    return message_.get() + kEnvelopeHeader;
}

/// The body is in its place, behind the header. False: it is not sent.
bool Machines::send_body(uint64_t to, Kind kind, size_t body, int64_t now_ms)
{
    const Machine *machine = to != 0 ? find(to) : nullptr;
    Envelope envelope = {};
    envelope.kind = kind;
    envelope.node = identity_.node;
    envelope.epoch = identity_.epoch;
    envelope.to = to;
    envelope.number = ++number_;
    envelope.sent_ms = now_ms;
    envelope.echo_ms = machine ? machine->newest_ms : 0;
    size_t size = write_envelope(message_.get(), envelope, body, seal_);
    return size > 0 && host_.carry(to, message_.get(), size);
}

/// Of this machine, with connections for all that is known.
uint32_t Machines::processes() const
{
    return static_cast<uint32_t>(std::count_if(router_.peers().begin(), router_.peers().end(), [](const router::Peer &peer) {
        return peer.node != 0 && peer.kind == router::PeerKind::kChild && peer.state != PeerState::kLeft;
    }));
}

void Machines::say_hello(uint64_t to, bool asks, int64_t now_ms)
{
    char *body = room(kMaxControl);
    if (!body)
        return;
    Hello hello;
    hello.processes = processes();
    hello.name = identity_.name;
    hello.address = identity_.address;
    hello.version = WM_VERSION;
    if (own_) {
        hello.seq = own_->claims().seq();
        hello.digest = own_->claims().digest();
        hello.knows_names = knew_names_ = own_->knows_names();
    }
    char *at = put_hello(body, hello);
    if (asks)
        at = put_control(at, ControlOp::kWho);
    send_body(to, Kind::kControl, static_cast<size_t>(at - body), now_ms);
}

void Machines::probe(int64_t now_ms)
{
    next_probe_ms_ = now_ms + times_.probe_ms;
    if (char *body = room(kMaxControl)) {
        char *at = put_probe(body, host_.clock_us());
        send_body(identity_.node, Kind::kControl, static_cast<size_t>(at - body), now_ms);
    }
}

void Machines::bye(int64_t now_ms)
{
    if (max_bytes_ > 0 && !retired_ && processes() == 0)
        if (char *body = room(kMaxControl))
            send_body(0, Kind::kControl, static_cast<size_t>(put_control(body, ControlOp::kBye) - body), now_ms);
    retire();
    left_ = true;
}

void Machines::retire()
{
    retired_ = true;
    max_bytes_ = 0;
    fresh_from_ms_ = kNever;
    for (Machine &machine : machines_)
        end_link(machine);
}

/// The other life of this node is not heard any more: it has ended, or was made up, where there is no secret. Returns when to look again.
int64_t Machines::tick_retired(int64_t now_ms)
{
    if (!retired_ || left_)
        return kNever;
    if (now_ms - replaced_ms_ < times_.lost_ms)
        return replaced_ms_ + times_.lost_ms;
    retired_ = false;
    host_.renew("a later service of this machine was heard, and is not any more");
    return kNever;
}

// ---- messages in

/// Not one that came twice, or after a later one, or of an earlier life.
bool Machines::is_new(Machine &machine, const Envelope &envelope)
{
    if (envelope.epoch < machine.epoch)
        return false;
    if (envelope.epoch > machine.epoch) {
        end_link(machine);
        machine.epoch = envelope.epoch;
        machine.numbers = {};
        machine.left = false;
        machine.link_from_ms = 0;
    }
    uint64_t &last = machine.numbers[envelope.to == 0 ? kAll : kInbox];
    if (envelope.number <= last)
        return false;
    last = envelope.number;
    return !machine.left;
}

/// The entry of a machine that has not been heard of before; nullptr: over the limit, or out of memory.
Machines::Machine *Machines::meet(uint64_t node, int64_t now_ms)
{
    if (machines_.size() == router::kMaxMachines || !reserve_in(machines_, machines_.size() + 1)) {
        over_ms_ = now_ms;
        return nullptr;
    }
    Machine &machine = machines_.emplace_back();
    machine.node = node;
    machine.met_ms = machine.heard_ms = now_ms;
    due_ms_ = std::min(due_ms_, now_ms + times_.doubt_ms);
    return &machine;
}

void Machines::receive(const char *bytes, size_t size, int64_t now_ms)
{
    if (max_bytes_ == 0 && !retired_)
        return;
    Envelope envelope;
    Refusal refusal = read_envelope(bytes, size, seal_, envelope);
    if (refusal != Refusal::kNone) {
        counters_.refused++;
        host_.refused(refusal, envelope);
        return;
    }
    if (envelope.node == identity_.node) {
        take_own(envelope, now_ms);
        return;
    }
    if (retired_)
        return;
    Machine *machine = envelope.to == 0 || envelope.to == identity_.node ? find(envelope.node) : nullptr;
    if (!machine && (envelope.to == 0 || envelope.to == identity_.node))
        machine = meet(envelope.node, now_ms);
    if (!machine || !is_new(*machine, envelope)) {
        counters_.late++;
        return;
    }
    machine->clock.sample(envelope.sent_ms, envelope.echo_ms, now_ms);
    machine->newest_ms = envelope.sent_ms; // not the highest that came: a lie would stay
    // A message that was recorded knows older times of ours.
    machine->answered = machine->answered || (envelope.echo_ms >= machine->met_ms && envelope.echo_ms <= now_ms);
    heard(*machine, now_ms);
    if (envelope.kind == Kind::kControl) {
        take_control(*machine, envelope, now_ms);
    } else if (machine->link != 0 && machine->clock.is_known()) { // else nothing tells whether it is in time
        router_.set_clock(machine->link, machine->clock.offset());
        router_.receive(machine->link, envelope.body.data(), envelope.body.size(), now_ms);
    }
}

/// What this node has sent has come back.
void Machines::take_own(const Envelope &envelope, int64_t now_ms)
{
    if (envelope.epoch > identity_.epoch) { // the service was replaced, and this is the older one
        if (!retired_)
            retire();
        replaced_ms_ = now_ms;
        due_ms_ = std::min(due_ms_, now_ms + times_.lost_ms);
        return;
    }
    if (retired_ || envelope.epoch < identity_.epoch || envelope.sent_ms > now_ms)
        return;
    int64_t &echo = echo_ms_[envelope.to == 0 ? kAll : kInbox];
    echo = std::max(echo, envelope.sent_ms);
    Control control = {};
    std::string_view rest = envelope.body;
    uint64_t sent_us = 0;
    if (next_control(rest, control) && control.op == ControlOp::kProbe && read_probe(control.body, sent_us)) {
        rtt_us_ = std::max<uint64_t>(host_.clock_us() - sent_us, 1);
        names_left_ = kNamesUnread;
    }
    note_freshness(now_ms);
}

void Machines::heard(Machine &machine, int64_t now_ms)
{
    machine.heard_ms = now_ms;
    machine.doubted = false;
    if (machine.link == 0 && now_ms >= machine.link_from_ms)
        begin_link(machine, now_ms);
}

/// Unknown records are skipped, and what is malformed ends the message: nothing in it could do harm. Answered once, however often it asks.
void Machines::take_control(Machine &machine, const Envelope &envelope, int64_t now_ms)
{
    std::string_view rest = envelope.body;
    Control control = {};
    bool asked = false, wants = false;
    while (next_control(rest, control)) {
        Hello hello;
        switch (control.op) {
        case ControlOp::kHello:
            if (read_hello(control.body, hello))
                wants = take_hello(machine, hello) || wants;
            break;
        case ControlOp::kWho:
            asked = true;
            break;
        case ControlOp::kBye:
            machine.left = true;
            machine.link = 0;
            machine.names.reset();
            machine.answer.reset();
            router_.forget(machine.node);
            return;
        case ControlOp::kProbe:
            break;
        case ControlOp::kDelta:
        case ControlOp::kWant:
        case ControlOp::kState:
            wants = take_names(machine, control) || wants;
            break;
        }
    }
    if (asked)
        say_hello(machine.node, false, now_ms);
    if (wants)
        want_names(machine, now_ms);
}

/// Whether its names are to be asked for.
bool Machines::take_hello(Machine &machine, const Hello &hello)
{
    copy_text(machine.name, hello.name);
    copy_text(machine.address, hello.address);
    copy_text(machine.version, hello.version);
    if (!machine.names)
        return false;
    if (hello.knows_names)
        return machine.names->hello(machine.epoch, hello.seq, hello.digest);
    machine.names->doubt();
    return false;
}

// ---- links

/// From now on it may hold connections. If the router cannot take another peer, not all are known any more.
void Machines::begin_link(Machine &machine, int64_t now_ms)
{
    machine.link_from_ms = now_ms + times_.relink_ms;
    machine.agreed_ms = now_ms;
    if (!router_.expect(machine.node, router::PeerKind::kMachine)) {
        over_ms_ = now_ms;
        return;
    }
    uint32_t place = router_.place_of(machine.node);
    if (own_ && (!machine.names || machine.place != place))
        machine.names.reset(new (std::nothrow) PeerClaims(directory_, place));
    if (machine.names)
        machine.names->doubt();
    machine.place = place;
    machine.names_last = false;
    machine.link = kLinkBit | ++last_link_;
    counters_.links++;
    router_.connected(machine.link, machine.node, max_batch(), now_ms);
}

/// It speaks, and does not answer: what was known of its life and its positions may be wrong, as after a batch that was forged.
void Machines::begin_anew(Machine &machine, int64_t now_ms)
{
    machine.link = 0;
    router_.forget(machine.node);
    begin_link(machine, now_ms);
}

void Machines::end_link(Machine &machine)
{
    uint64_t link = std::exchange(machine.link, 0);
    if (link != 0)
        router_.disconnected(link);
}

void Machines::send(uint64_t link, const char *batch, size_t size, int64_t now_ms)
{
    const Machine *machine = max_bytes_ > 0 ? find_link(link) : nullptr;
    char *body = machine && size <= max_batch() ? room(size) : nullptr;
    if (!body)
        return; // its requests wait for their deadline
    memcpy(body, batch, size);
    send_body(machine->node, Kind::kBatch, size, now_ms);
}

void Machines::drop(uint64_t link, int64_t now_ms)
{
    Machine *machine = find_link(link);
    if (!machine)
        return;
    machine->link = 0;
    machine->link_from_ms = now_ms + times_.relink_ms;
}

// ---- time

bool Machines::is_fresh(int64_t now_ms) const
{
    return max_bytes_ > 0 && now_ms - echo_ms_[kInbox] <= times_.probe_fresh_ms && now_ms - echo_ms_[kAll] <= times_.hello_fresh_ms;
}

bool Machines::is_complete(int64_t now_ms) const
{
    return is_fresh(now_ms) && fresh_from_ms_ != kNever && now_ms - fresh_from_ms_ >= times_.settle_ms &&
           now_ms - over_ms_ >= times_.settle_ms;
}

void Machines::note_freshness(int64_t now_ms)
{
    bool fresh = is_fresh(now_ms);
    if (fresh && fresh_from_ms_ == kNever) {
        fresh_from_ms_ = now_ms;
        stale_from_ms_ = kNever;
    } else if (!fresh && fresh_from_ms_ != kNever) {
        fresh_from_ms_ = kNever;
        stale_from_ms_ = now_ms;
    }
}

bool Machines::is_forgotten(const Machine &machine, int64_t now_ms) const
{
    // One that has never answered is not known to be more than its name; while it speaks, it may be a machine that hears nothing.
    return now_ms - machine.heard_ms >= (machine.answered ? times_.forget_ms : times_.lost_ms);
}

/// Returns when it is to be looked at again.
int64_t Machines::tick_machine(Machine &machine, int64_t now_ms)
{
    int64_t silent = now_ms - machine.heard_ms;
    if (machine.link != 0 && silent >= times_.lost_ms) {
        machine.names_last = machine.names && machine.names->is_valid();
        end_link(machine);
    }
    if (machine.link != 0 && silent >= times_.doubt_ms && !machine.doubted) {
        machine.doubted = true;
        router_.doubt(machine.node, now_ms);
    }
    if (machine.link == 0)
        return machine.heard_ms + (machine.answered ? times_.forget_ms : times_.lost_ms);
    if (router_.peers()[machine.place].state == PeerState::kVerified)
        machine.agreed_ms = now_ms;
    else if (now_ms - machine.agreed_ms >= times_.lost_ms)
        begin_anew(machine, now_ms);
    return machine.heard_ms + (machine.doubted ? times_.lost_ms : times_.doubt_ms);
}

void Machines::tick(int64_t now_ms)
{
    if (now_ms < due_ms_)
        return;
    int64_t due = tick_retired(now_ms);
    if (max_bytes_ > 0) {
        note_freshness(now_ms); // before what a long turn has made old is sent again
        if (now_ms >= next_hello_ms_) {
            next_hello_ms_ = now_ms + times_.hello_ms;
            say_hello(0, fresh_from_ms_ == kNever, now_ms);
        }
        if (now_ms >= next_probe_ms_)
            probe(now_ms);
        if (fresh_from_ms_ == kNever && now_ms - stale_from_ms_ >= times_.renew_ms) {
            counters_.renewals++;
            stale_from_ms_ = now_ms;
            host_.renew("what this machine sends does not come back");
        }
        due = std::min(next_hello_ms_, next_probe_ms_);
    }
    for (size_t i = 0; i < machines_.size(); i++) {
        if (is_forgotten(machines_[i], now_ms)) {
            router_.forget(machines_[i].node);
            machines_.erase(machines_.begin() + static_cast<ptrdiff_t>(i--));
        } else {
            due = std::min(due, tick_machine(machines_[i], now_ms));
        }
    }
    due_ms_ = due;
}

} // namespace wm::cluster
