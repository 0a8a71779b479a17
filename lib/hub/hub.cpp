#include "hub/hub.h"

#include "conn/send_flags.h"
#include "core/error.h"
#include "core/log.h"
#include "core/reserve.h"
#include "hub/engine/settings_text.h"
#include "hub/exchange.h"
#include "proto/websocket/close.h"
#include "session/sessions.h"
#include "worker/broadcast.h"
#include "worker/handles.h"
#include "worker/process_link.h"

#include <cstring>
#include <exception>

namespace wm {

namespace {

int call_host(Hub *hub, const Topics::Function &function, std::string_view topic, std::string_view payload)
{
    try {
        return function.fn(handle(hub), topic.data(), topic.size(), payload.data() ? payload.data() : "", payload.size(), function.user);
    } catch (const std::exception &error) {
        log_exception("a hub message callback", error.what());
        return WM_EINTERNAL;
    }
}

HubReply reply_of(const Command &command)
{
    return {reinterpret_cast<wm_hub_result_fn>(command.done), command.user, command.destroy};
}

} // namespace

Hub::Hub(App &app) : topics(app.reactor), app_(app), exchange_(Exchange::of(app))
{
    if (exchange_)
        exchange_->reserve(); // what throws comes first
    app_.add_part(this);
    if (exchange_)
        exchange_->add(*this);
}

Hub::~Hub()
{
    app_.remove_part(this);
    if (exchange_)
        exchange_->remove(*this);
}

bool Hub::announce(cluster::OwnNames &names, uint16_t id)
{
    bool uids = announced_uids_.begin(uids_, names, id);
    return announced_groups_.begin(groups_.names(), names, id) && uids;
}

void Hub::stop_announcing(bool takes_back)
{
    announced_uids_.end(uids_, takes_back);
    announced_groups_.end(groups_.names(), takes_back);
}

bool Hub::was_used() const
{
    return !bindings_.empty() || groups_.was_used() || topics.was_used() || (exchange_ && exchange_->has_named());
}

// ---- options

/// The service has its settings when the app's processes start.
int Hub::check_engine_time(const char *name) const
{
    bool late = app_.link || app_.started();
    return late ? fail(WM_ESTATE, "option '%s' must be set before wm_app_main, by the process that calls it", name) : 0;
}

int Hub::set_option(const char *name, int64_t value)
{
    if (int result = chooses_engine(name) ? check_engine_time(name) : 0)
        return result;
    return wm::set_option(Scope::kHub, &options, false, name, value);
}

int Hub::set_option(const char *name, const char *value)
{
    bool of_engine = chooses_engine(name);
    if (int result = of_engine ? check_engine_time(name) : 0)
        return result;
    if (strcmp(name, "engine") == 0)
        return set_engine(value, options, engine_secrets_);
    if (strcmp(name, "engine_password") == 0)
        return set_engine_password(value, options, engine_secrets_);
    return wm::set_option(Scope::kHub, &options, !of_engine && was_used(), name, value);
}

int Hub::check() const
{
    EngineSettings settings;
    int result = exchange_ ? exchange_->engine(settings) : 0;
    wipe(settings);
    return result;
}

int Hub::ready() const
{
    bool known = !app_.link || app_.link->unready().empty();
    return known ? 0 : fail(WM_EENGINE, "%s", app_.link->unready().c_str());
}

// ---- uids and groups

uint32_t Hub::take_binding()
{
    if (free_ != kNoIndex) {
        uint32_t index = free_;
        free_ = bindings_[index].listed;
        return index;
    }
    bindings_.emplace_back();
    return static_cast<uint32_t>(bindings_.size() - 1);
}

/// Whether a connection can have a uid or be in a group: 0, WM_ESTATE or WM_ECLOSED.
int Hub::check(const Connection &conn)
{
    if (codec_of(conn).answers_only)
        return fail(WM_ESTATE, "an http connection takes answers only: it can have no uid, and be in no group");
    if (conn.state > ConnState::kOpen)
        return fail(WM_ECLOSED, "the connection is closing");
    return 0;
}

int Hub::bind(std::string_view uid, Connection &conn)
{
    if (uid.empty() || uid.size() > static_cast<size_t>(options.max_uid))
        return fail(WM_EINVAL, "a uid has from 1 to %lld bytes, not %zu", static_cast<long long>(options.max_uid), uid.size());
    if (int wrong = check(conn))
        return wrong;
    // All allocations come first, so that a bind that fails changes nothing.
    if (conn.slot >= by_slot_.size())
        by_slot_.resize(conn.slot + 1 + conn.slot / 4, kNoIndex);
    all_.reserve(all_.size() == all_.capacity() ? all_.size() + all_.size() / 2 + 16 : all_.capacity());
    if (free_ == kNoIndex && bindings_.size() == bindings_.capacity())
        bindings_.reserve(bindings_.size() + bindings_.size() / 2 + 16);
    Name *entry = uids_.find(uid);
    if (!entry)
        entry = uids_.add(uid);
    if (!entry)
        return fail(WM_ENOMEM, "out of memory for a uid");

    uint32_t before = binding_of(conn.slot);
    if (before != kNoIndex && bindings_[before].uid == entry)
        return 0;
    entry->count++; // keeps remove() from freeing the entry
    if (before != kNoIndex)
        remove(before);
    entry->count--;
    uint32_t index = take_binding();
    bindings_[index] = {entry, conn.slot, kNoIndex, kNoIndex, static_cast<uint32_t>(all_.size())};
    all_.push_back(index);
    by_slot_[conn.slot] = index;
    append_member(*entry, bindings_, index);
    while (entry->count > static_cast<uint32_t>(options.max_per_uid)) {
        Connection &oldest = conn_at(bindings_[entry->oldest].slot);
        remove(entry->oldest);
        app_.reactor.lifecycle.close(oldest, WM_REASON_LIMIT, websocket::kPolicy, "replaced");
    }
    return 0;
}

void Hub::remove(uint32_t index)
{
    Binding &binding = bindings_[index];
    remove_member(*binding.uid, bindings_, index);
    if (binding.uid->count == 0)
        uids_.remove(binding.uid);
    by_slot_[binding.slot] = kNoIndex;
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
    uint32_t index = binding_of(conn.slot);
    if (index == kNoIndex)
        return fail(WM_ESTATE, "the connection has no uid in this hub");
    remove(index);
    return 0;
}

int Hub::join(std::string_view group, Connection &conn)
{
    if (int wrong = check(conn))
        return wrong;
    return groups_.join(group, conn.slot, static_cast<size_t>(options.max_groups));
}

int Hub::leave(std::string_view group, const Connection &conn)
{
    return groups_.leave(group, conn.slot) ? 0 : fail(WM_ESTATE, "the connection is not in that group of this hub");
}

void Hub::released(Connection &conn)
{
    uint32_t index = binding_of(conn.slot);
    if (index != kNoIndex)
        remove(index);
    groups_.leave_all(conn.slot);
}

std::string_view Hub::uid_of(const Connection &conn) const
{
    uint32_t index = binding_of(conn.slot);
    return index == kNoIndex ? std::string_view() : bindings_[index].uid->text();
}

/// Calls visit(conn) for each connection of a uid, oldest first. uid nullptr: there is none.
template <class Visit> void Hub::each_of(const Name *uid, Visit visit) const
{
    for (uint32_t index = uid ? uid->oldest : kNoIndex; index != kNoIndex; index = bindings_[index].newer)
        visit(conn_at(bindings_[index].slot));
}

// ---- requests

int Hub::no_request(router::Op op)
{
    return fail(WM_EINVAL, "a hub takes no request with op %d", static_cast<int>(op));
}

/// Sends to each connection that each(visit) visits, `most` at most. Where protocols encode, of a copy of the list: an encode callback may
/// change the hub, or free it.
template <class Each> int64_t Hub::send_to(SharedMessage &message, size_t most, Each each)
{
    Reactor &reactor = app_.reactor;
    int64_t taken = reactor.outbox.check(message);
    if (taken < 0)
        return taken;
    if (!app_.sessions->protocols.encodes()) {
        each([&](Connection &conn) { taken += reactor.outbox.send(conn, message) >= 0; });
        return taken;
    }
    HostCall stays(reactor);
    std::vector<uint32_t> slots;
    if (!reserve_in(slots, most))
        return fail(WM_ENOMEM, "out of memory for a list of %zu connections", most);
    each([&](const Connection &conn) { slots.push_back(conn.slot); });
    for (uint32_t slot : slots)
        taken += reactor.outbox.send(*reactor.connections.at(slot), message) >= 0;
    return taken;
}

int64_t Hub::send(std::string_view uid, std::string_view payload, int32_t flags)
{
    Name *known = uids_.find(uid);
    if (!known)
        return 0;
    if (known->oldest == known->newest) {
        Reactor &reactor = app_.reactor;
        Connection &only = conn_at(bindings_[known->oldest].slot);
        int result = reactor.outbox.send(only, payload, flags);
        if (result == WM_EFULL)
            reactor.todos.add(only, kTodoRefused);
        return result == WM_EMSGSIZE ? result : result >= 0;
    }
    SharedMessage message(payload.data(), payload.size(), flags);
    return send_to(message, known->count, [&](auto visit) { each_of(known, visit); });
}

/// Calls visit(conn) for each open connection with another uid than that.
template <class Visit> void Hub::each_bound(std::string_view except, Visit visit) const
{
    const Name *left_out = except.empty() ? nullptr : uids_.find(except);
    for (uint32_t index : all_)
        if (Connection &conn = conn_at(bindings_[index].slot); gets_broadcasts(conn) && bindings_[index].uid != left_out)
            visit(conn);
}

/// Calls visit(conn) for each open connection of a group, but for those of that uid.
template <class Visit> void Hub::each_in_group(std::string_view group, std::string_view except, Visit visit) const
{
    const Name *left_out = except.empty() ? nullptr : uids_.find(except);
    auto is_left_out = [&](uint32_t slot) {
        uint32_t index = left_out ? binding_of(slot) : kNoIndex;
        return index != kNoIndex && bindings_[index].uid == left_out;
    };
    groups_.each(group, [&](uint32_t slot) {
        if (Connection &conn = conn_at(slot); gets_broadcasts(conn) && !is_left_out(slot))
            visit(conn);
    });
}

int64_t Hub::broadcast(std::string_view except, std::string_view payload, int32_t flags)
{
    SharedMessage message(payload.data(), payload.size(), flags);
    return send_to(message, all_.size(), [&](auto visit) { each_bound(except, visit); });
}

int64_t Hub::group_send(std::string_view group, std::string_view except, std::string_view payload, int32_t flags)
{
    SharedMessage message(payload.data(), payload.size(), flags);
    return send_to(message, groups_.size(group), [&](auto visit) { each_in_group(group, except, visit); });
}

/// A message with a key.
int64_t Hub::take_latest(const router::Request &request)
{
    int32_t flags = (static_cast<int32_t>(request.code) & kSendFlags) | WM_SEND_SLOW_LATEST;
    SharedMessage message(request.payload.data(), request.payload.size(), flags, request.key);
    if (request.op == router::Op::kBroadcast)
        return send_to(message, all_.size(), [&](auto visit) { each_bound(request.extra, visit); });
    if (request.op == router::Op::kGroupSend)
        return send_to(message, groups_.size(request.name), [&](auto visit) { each_in_group(request.name, request.extra, visit); });
    const Name *known = uids_.find(request.name);
    return known ? send_to(message, known->count, [&](auto visit) { each_of(known, visit); }) : 0;
}

int64_t Hub::publish(std::string_view topic, std::string_view payload)
{
    const Topics::Function *found = topics.find(topic);
    if (!found)
        return 0;
    if (found->fn == Topics::make_record)
        return app_.reactor.dispatch.hub_message(topic, payload, found->user);
    Topics::Function function = *found; // a copy: it may set another in its place, or free the hub
    CallbackWatch &watch = app_.reactor.callback_watch;
    watch.begin(nullptr, "hub message");
    int verdict = call_host(this, function, topic, payload);
    watch.end();
    return verdict >= 0;
}

int64_t Hub::online(std::string_view uid) const
{
    int64_t live = 0;
    each_of(uids_.find(uid), [&](const Connection &conn) { live += conn.state <= ConnState::kOpen; });
    return live;
}

int64_t Hub::kick(std::string_view uid, int32_t code, std::string_view reason)
{
    if (int wrong = websocket::check_close(code, reason))
        return wrong;
    int64_t kicked = 0;
    each_of(uids_.find(uid), [&](Connection &conn) {
        if (conn.state > ConnState::kOpen)
            return;
        kicked++;
        app_.reactor.lifecycle.close(conn, WM_REASON_LOCAL, code ? code : int32_t{websocket::kPolicy}, reason);
    });
    return kicked;
}

/// An error only where not one connection has joined: the count tells of the others.
int64_t Hub::join_all(std::string_view uid, std::string_view group)
{
    if (group.empty() || group.size() > kMaxGroup)
        return fail(WM_EINVAL, "a group has from 1 to %zu bytes, not %zu", kMaxGroup, group.size());
    int64_t joined = 0;
    int wrong = 0;
    each_of(uids_.find(uid), [&](Connection &conn) {
        if (conn.state > ConnState::kOpen)
            return;
        int result = join(group, conn);
        joined += result == 0;
        wrong = result != 0 ? result : wrong;
    });
    return joined > 0 ? joined : wrong;
}

int64_t Hub::leave_all(std::string_view uid, std::string_view group)
{
    int64_t left = 0;
    each_of(uids_.find(uid), [&](const Connection &conn) { left += groups_.leave(group, conn.slot); });
    return left;
}

// ---- calls

Command Hub::command(const router::Request &request, const HubReply &reply) const
{
    Command command = {};
    command.kind = Command::Kind::kPart;
    command.part = id();
    command.verb = static_cast<uint8_t>(request.op);
    command.flags = static_cast<int32_t>(request.code);
    command.done = reinterpret_cast<Command::AnyFunction>(reply.done);
    command.user = reply.user;
    command.destroy = reply.destroy;
    command.gone = &Hub::gone;
    return command;
}

int Hub::call(const router::Request &request, const HubReply &reply, int64_t &connections)
{
    if (has_peers_)
        return exchange_->call(*this, request, reply, connections);
    connections = take(request);
    return connections < 0 ? static_cast<int>(connections) : 0;
}

void Hub::run(Command &command)
{
    App *app = &app_;
    HubReply reply = reply_of(command);
    int64_t connections = 0;
    std::string_view name = command.head(), key;
    if (router::has_key(router::Op{command.verb})) {
        key = name.substr(0, static_cast<uint32_t>(command.flags) >> 24);
        name.remove_prefix(key.size());
    }
    router::Request made = request(router::Op{command.verb}, command.flags, name, command.extra(), command.body(), key);
    int status = call(made, reply, connections);
    if (status != WM_PENDING)
        answer(app, app->find_part(command.part) ? this : nullptr, reply, status, status < 0 ? 0 : connections);
}

/// The hub was freed while the command was pending: the caller still gets its one result.
void Hub::gone(App *app, const Command &command)
{
    answer(app, nullptr, reply_of(command), app ? WM_ECLOSED : WM_ESTOPPED, 0);
}

void Hub::answer(App *app, Hub *hub, const HubReply &reply, int32_t status, int64_t connections)
{
    if (!app) { // no record and no end of a turn follows
        if (reply.done)
            reply.done(handle(hub), status, connections, reply.user);
        if (reply.destroy)
            reply.destroy(reply.user);
        return;
    }
    if (!reply.done) {
        app->reactor.dispatch.hub(status, connections, reply.user, reply.destroy);
        return;
    }
    app->reactor.callback_watch.begin(nullptr, "hub result");
    try {
        reply.done(handle(hub), status, connections, reply.user);
    } catch (const std::exception &error) {
        log_exception("a hub result callback", error.what());
    }
    app->reactor.callback_watch.end();
    app->reactor.retire(reply.user, reply.destroy);
}

} // namespace wm
