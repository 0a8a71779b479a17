/**
 * @file
 * The hub: connections by uid and by group, functions by topic, and the calls that reach them. Owned by its app; the app's thread.
 *
 * A call is a request (hub/router/wire.h), whether the host makes it here, on another thread, or in another process.
 */
#ifndef WM_HUB_HUB_H
#define WM_HUB_HUB_H

#include "hub/announced_names.h"
#include "hub/engine/engine_choice.h"
#include "hub/groups.h"
#include "hub/name_table.h"
#include "hub/router/wire.h"
#include "hub/topics.h"
#include "wm/hub.h"
#include "worker/app.h"
#include "worker/options.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace wm {

class Exchange;

/// Where the result of a pending call goes.
struct HubReply {
    wm_hub_result_fn done;
    void *user;
    wm_destroy_fn destroy;
};

class Hub : public AppPart {
public:
    explicit Hub(App &app);
    Hub(const Hub &) = delete;
    Hub &operator=(const Hub &) = delete;
    ~Hub() override;

    int bind(std::string_view uid, Connection &conn);
    int unbind(Connection &conn);
    /// Into a group, of 1 to kMaxGroup bytes: 0 or an error, as wm_hub_join.
    int join(std::string_view group, Connection &conn);
    int leave(std::string_view group, const Connection &conn);

    /// The request of a call. code: WM_SEND_ flags, or the close code of kKick. key: of a message, up to Backlog::kMaxKey bytes.
    static router::Request request(router::Op op, int32_t code, std::string_view name, std::string_view extra = {},
                                   std::string_view payload = {}, std::string_view key = {});
    /// Makes a call: 0 with the exact number of connections, WM_PARTIAL with a lower bound, or an error; or WM_PENDING, and the reply gets
    /// the result by answer(); the call of its notifier is reserved by then, its record is not. The one place where other processes are
    /// asked. A callback of the host may have freed the hub.
    int call(const router::Request &request, const HubReply &reply, int64_t &connections);
    /// Takes a request in this process, also one of another process: what it says is checked. Returns how many connections (kPublish:
    /// functions) took it, or WM_E... with its detail. Does not throw. A callback of the host may have freed the hub.
    int64_t take(const router::Request &request);

    void released(Connection &conn) override;
    void run(Command &command) override;
    std::string_view uid_of(const Connection &conn) const override;
    /// The command that posts a request, whose texts go with it. Any thread.
    Command command(const router::Request &request, const HubReply &reply) const;
    /// The end of a pending call: once, on the app's thread. hub nullptr: it was freed; app nullptr: it is being freed.
    static void answer(App *app, Hub *hub, const HubReply &reply, int32_t status, int64_t connections);

    App &app() { return app_; }

    /// 0, WM_EOPTION, WM_EINVAL, or WM_ESTATE where it is too late.
    int set_option(const char *name, int64_t value);
    int set_option(const char *name, const char *value);
    /// Checks what the start checks of the engine: 0, or a WM_E... code with its detail.
    int check() const;
    /// 0, or WM_EENGINE with the reason why calls cannot be exact.
    int ready() const;
    EngineChoice engine() const { return {&options, &engine_secrets_}; }

    /// Its uids and groups are told, and what comes and goes from now on; id: of this hub, in requests. False: out of memory, and some were
    /// not told.
    bool announce(cluster::OwnNames &names, uint16_t id);
    /// The end of that. takes_back: they are told to be gone.
    void stop_announcing(bool takes_back);

    /// Whether something was ever bound to it, or another process knows of it: from then on the name, which is the hub's identity, cannot
    /// change.
    bool was_used() const;
    /// Whether there are other processes: to ask, or that it does not know yet.
    bool has_peers() const { return has_peers_; }
    void set_peers(bool any) { has_peers_ = any; }

    HubOptions options;
    Topics topics;

private:
    struct Binding {
        Name *uid = nullptr;
        uint32_t slot = 0; ///< the connection's
        uint32_t older = kNoIndex;
        uint32_t newer = kNoIndex;
        uint32_t listed = 0; ///< index in all_; of a free binding the next free one
    };

    static void gone(App *app, const Command &command);
    Connection &conn_at(uint32_t slot) const { return *app_.reactor.connections.at(slot); }
    uint32_t binding_of(uint32_t slot) const { return slot < by_slot_.size() ? by_slot_[slot] : kNoIndex; }
    uint32_t take_binding();
    void remove(uint32_t index);
    static int check(const Connection &conn);

    int64_t send(std::string_view uid, std::string_view payload, int32_t flags);
    int64_t broadcast(std::string_view except, std::string_view payload, int32_t flags);
    int64_t group_send(std::string_view group, std::string_view except, std::string_view payload, int32_t flags);
    int64_t take_latest(const router::Request &request);
    int64_t publish(std::string_view topic, std::string_view payload);
    int64_t online(std::string_view uid) const;
    int64_t kick(std::string_view uid, int32_t code, std::string_view reason);
    int64_t join_all(std::string_view uid, std::string_view group);
    int64_t leave_all(std::string_view uid, std::string_view group);
    static int no_request(router::Op op);
    template <class Each> int64_t send_to(SharedMessage &message, size_t most, Each each);
    template <class Visit> void each_bound(std::string_view except, Visit visit) const;
    template <class Visit> void each_in_group(std::string_view group, std::string_view except, Visit visit) const;
    template <class Visit> void each_of(const Name *uid, Visit visit) const;

    int check_engine_time(const char *name) const;

    App &app_;
    EngineSecrets engine_secrets_;
    Exchange *exchange_; ///< nullptr: the hub is of this process alone
    bool has_peers_ = false;
    NameTable uids_;
    std::vector<Binding> bindings_;
    std::vector<uint32_t> by_slot_; ///< connection slot -> binding
    std::vector<uint32_t> all_;     ///< bindings in use, dense, for broadcasts
    uint32_t free_ = kNoIndex;
    Groups groups_;
    AnnouncedNames announced_uids_{cluster::NameKind::kUid};
    AnnouncedNames announced_groups_{cluster::NameKind::kGroup};
};

// Inline, so that a call of the host, which knows its op, is one call of what does it.

inline router::Request Hub::request(router::Op op, int32_t code, std::string_view name, std::string_view extra, std::string_view payload,
                                    std::string_view key)
{
    router::Request request;
    request.op = op;
    request.code = static_cast<uint32_t>(code) | static_cast<uint32_t>(key.size()) << 24;
    request.name = name;
    request.extra = extra;
    request.key = key;
    request.payload = payload;
    if (router::has_key(op) && code & WM_SEND_FIRST)
        request.flags = router::kFirst;
    return request;
}

inline int64_t Hub::take(const router::Request &request)
{
    int32_t code = static_cast<int32_t>(request.code);
    if (!request.key.empty()) [[unlikely]]
        return take_latest(request);
    switch (request.op) {
    case router::Op::kSend:
        return send(request.name, request.payload, code);
    case router::Op::kBroadcast:
        return broadcast(request.extra, request.payload, code);
    case router::Op::kGroupSend:
        return group_send(request.name, request.extra, request.payload, code);
    case router::Op::kPublish:
        return publish(request.name, request.payload);
    case router::Op::kQuery:
        return online(request.name);
    case router::Op::kKick:
        return kick(request.name, code, request.extra);
    case router::Op::kJoin:
        return join_all(request.name, request.extra);
    case router::Op::kLeave:
        return leave_all(request.name, request.extra);
    default:
        return no_request(request.op);
    }
}

inline wm_hub *handle(Hub *hub)
{
    return reinterpret_cast<wm_hub *>(hub);
}
inline Hub *object(wm_hub *hub)
{
    return reinterpret_cast<Hub *>(hub);
}

} // namespace wm

#endif
