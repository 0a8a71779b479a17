#include "hub/hub.h"

#include "core/error.h"
#include "core/reserve.h"
#include "proto/websocket/frame.h"
#include "session/sessions.h"
#include "worker/broadcast.h"
#include "worker/handles.h"

namespace wm {

uint32_t Hub::take_binding()
{
    if (free_ != kNone) {
        uint32_t index = free_;
        free_ = bindings_[index].listed;
        return index;
    }
    bindings_.emplace_back();
    return static_cast<uint32_t>(bindings_.size() - 1);
}

void Hub::append(Uid *uid, uint32_t index)
{
    Binding &binding = bindings_[index];
    binding.older = uid->newest;
    binding.newer = kNone;
    if (uid->newest != kNone)
        bindings_[uid->newest].newer = index;
    else
        uid->oldest = index;
    uid->newest = index;
    uid->count++;
}

int Hub::bind(std::string_view uid, Connection &conn)
{
    if (uid.empty() || uid.size() > static_cast<size_t>(options.max_uid))
        return fail(WM_EINVAL, "a uid has from 1 to %lld bytes, not %zu", static_cast<long long>(options.max_uid), uid.size());
    if (codec_of(conn).answers_only)
        return fail(WM_ESTATE, "an http connection takes answers only: it cannot be bound to a uid");
    if (conn.state > ConnState::kOpen)
        return fail(WM_ECLOSED, "the connection is closing");
    // All allocations come first, so that a bind that fails changes nothing.
    if (conn.slot >= by_slot_.size())
        by_slot_.resize(conn.slot + 1 + conn.slot / 4, kNone);
    all_.reserve(all_.size() == all_.capacity() ? all_.size() + all_.size() / 2 + 16 : all_.capacity());
    if (free_ == kNone && bindings_.size() == bindings_.capacity())
        bindings_.reserve(bindings_.size() + bindings_.size() / 2 + 16);
    Uid *entry = uids_.find(uid);
    if (!entry)
        entry = uids_.add(uid);
    if (!entry)
        return fail(WM_ENOMEM, "out of memory for a uid");

    uint32_t before = binding_of(conn);
    if (before != kNone && bindings_[before].uid == entry)
        return 0;
    entry->count++; // keeps remove() from freeing the entry
    if (before != kNone)
        remove(before);
    entry->count--;
    uint32_t index = take_binding();
    bindings_[index] = {entry, conn.slot, kNone, kNone, static_cast<uint32_t>(all_.size())};
    all_.push_back(index);
    by_slot_[conn.slot] = index;
    append(entry, index);
    while (entry->count > static_cast<uint32_t>(options.max_per_uid)) {
        Connection &oldest = *app_.reactor.connections.at(bindings_[entry->oldest].slot);
        remove(entry->oldest);
        app_.reactor.lifecycle.close(oldest, WM_REASON_LIMIT, websocket::kPolicy, "replaced");
    }
    return 0;
}

void Hub::remove(uint32_t index)
{
    Binding &binding = bindings_[index];
    Uid *uid = binding.uid;
    if (binding.older != kNone)
        bindings_[binding.older].newer = binding.newer;
    else
        uid->oldest = binding.newer;
    if (binding.newer != kNone)
        bindings_[binding.newer].older = binding.older;
    else
        uid->newest = binding.older;
    if (--uid->count == 0)
        uids_.remove(uid);
    by_slot_[binding.slot] = kNone;
    uint32_t last = all_.back();
    all_[binding.listed] = last;
    bindings_[last].listed = binding.listed;
    all_.pop_back();
    binding.uid = nullptr;
    binding.listed = free_;
    free_ = index;
}

int Hub::unbind(Connection &conn)
{
    uint32_t index = binding_of(conn);
    if (index == kNone)
        return fail(WM_ESTATE, "the connection has no uid in this hub");
    remove(index);
    return 0;
}

void Hub::released(Connection &conn)
{
    uint32_t index = binding_of(conn);
    if (index != kNone)
        remove(index);
}

std::string_view Hub::uid_of(const Connection &conn) const
{
    uint32_t index = binding_of(conn);
    return index == kNone ? std::string_view() : bindings_[index].uid->text();
}

/// Of a copy of the list: an encode callback may change the hub, or free it.
int64_t Hub::send_to(Reactor &reactor, const std::vector<uint32_t> &slots, SharedMessage &message)
{
    int64_t taken = 0;
    for (uint32_t slot : slots)
        taken += reactor.outbox.send(*reactor.connections.at(slot), message) >= 0;
    return taken;
}

int64_t Hub::send(std::string_view uid, const void *data, size_t len, int32_t flags)
{
    Uid *entry = uids_.find(uid);
    if (!entry)
        return 0;
    if (entry->oldest == entry->newest) {
        Connection &only = *app_.reactor.connections.at(bindings_[entry->oldest].slot);
        int result = app_.reactor.outbox.send(only, {static_cast<const char *>(data), len}, flags);
        if (result == WM_EFULL)
            app_.reactor.todos.add(only, kTodoRefused);
        return result == WM_EMSGSIZE ? result : result >= 0;
    }
    SharedMessage message(data, len, flags);
    int64_t taken = app_.reactor.outbox.check(message);
    if (taken < 0)
        return taken;
    if (app_.sessions->protocols.encodes()) {
        std::vector<uint32_t> slots;
        if (!reserve_in(slots, entry->count))
            return fail(WM_ENOMEM, "out of memory for a list of %u connections", entry->count);
        for (uint32_t index = entry->oldest; index != kNone; index = bindings_[index].newer)
            slots.push_back(bindings_[index].slot);
        return send_to(app_.reactor, slots, message);
    }
    for (uint32_t index = entry->oldest; index != kNone; index = bindings_[index].newer)
        taken += app_.reactor.outbox.send(*app_.reactor.connections.at(bindings_[index].slot), message) >= 0;
    return taken;
}

int64_t Hub::broadcast(const void *data, size_t len, int32_t flags)
{
    SharedMessage message(data, len, flags);
    int64_t taken = app_.reactor.outbox.check(message);
    if (taken < 0)
        return taken;
    if (app_.sessions->protocols.encodes()) {
        std::vector<uint32_t> slots;
        if (!reserve_in(slots, all_.size()))
            return fail(WM_ENOMEM, "out of memory for a list of %zu connections", all_.size());
        for (uint32_t index : all_)
            if (app_.reactor.connections.at(bindings_[index].slot)->state == ConnState::kOpen)
                slots.push_back(bindings_[index].slot);
        return send_to(app_.reactor, slots, message);
    }
    for (uint32_t index : all_)
        taken += broadcast_to(app_.reactor.outbox, *app_.reactor.connections.at(bindings_[index].slot), message);
    return taken;
}

int64_t Hub::online(std::string_view uid) const
{
    Uid *entry = uids_.find(uid);
    int64_t live = 0;
    for (uint32_t index = entry ? entry->oldest : kNone; index != kNone; index = bindings_[index].newer)
        live += app_.reactor.connections.at(bindings_[index].slot)->state <= ConnState::kOpen;
    return live;
}

Command Hub::command(HubVerb verb, int32_t flags, const HubReply &reply) const
{
    Command command = {};
    command.kind = Command::Kind::kPart;
    command.part = id();
    command.verb = static_cast<uint8_t>(verb);
    command.flags = flags;
    command.done = reinterpret_cast<Command::AnyFunction>(reply.done);
    command.user = reply.user;
    command.destroy = reply.destroy;
    command.gone = &Hub::gone;
    return command;
}

void Hub::run(Command &command)
{
    App *app = &app_;
    int64_t connections = 0;
    switch (static_cast<HubVerb>(command.verb)) {
    case HubVerb::kSend:
        connections = send(command.head(), command.body().data(), command.len, command.flags);
        break;
    case HubVerb::kBroadcast:
        connections = broadcast(command.body().data(), command.len, command.flags);
        break;
    case HubVerb::kOnline:
        connections = online(command.head());
        break;
    }
    int32_t status = connections < 0 ? static_cast<int32_t>(connections) : 0;
    Hub *self = app->find_part(command.part) ? this : nullptr; // an encode callback may have freed it
    reply(app, self, command, status, connections < 0 ? 0 : connections);
}

/// The hub was freed while the command was pending: the caller still gets its one result.
void Hub::gone(App *app, const Command &command)
{
    reply(app, nullptr, command, app ? WM_ECLOSED : WM_ESTOPPED, 0);
}

void Hub::reply(App *app, Hub *hub, const Command &command, int32_t status, int64_t connections)
{
    auto done = reinterpret_cast<wm_hub_result_fn>(command.done);
    if (!app) { // it is being freed: no record and no end of a turn follows
        if (done)
            done(handle(hub), status, connections, command.user);
        if (command.destroy)
            command.destroy(command.user);
        return;
    }
    if (!done) {
        app->reactor.dispatch.hub(status, connections, command.user, command.destroy);
        return;
    }
    app->reactor.callback_watch.begin(nullptr, "hub result");
    done(handle(hub), status, connections, command.user);
    app->reactor.callback_watch.end();
    app->reactor.retire(command.user, command.destroy);
}

} // namespace wm
