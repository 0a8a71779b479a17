/**
 * @file
 * The hub: uid -> connections, and sending to them. Owned by its app; the app's thread.
 */
#ifndef WM_HUB_HUB_H
#define WM_HUB_HUB_H

#include "hub/uid_table.h"
#include "wm/hub.h"
#include "worker/app.h"
#include "worker/options.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace wm {

/// The calls that another thread can post to a hub.
enum class HubVerb : uint8_t { kSend, kBroadcast, kOnline };

/// Where the result of a pending call goes.
struct HubReply {
    wm_hub_result_fn done;
    void *user;
    wm_destroy_fn destroy;
};

class Hub : public AppPart {
public:
    explicit Hub(App &app) : app_(app) { app.add_part(this); }
    Hub(const Hub &) = delete;
    Hub &operator=(const Hub &) = delete;
    ~Hub() override { app_.remove_part(this); }

    int bind(std::string_view uid, Connection &conn);
    int unbind(Connection &conn);

    /// Returns how many connections took the message, or WM_EMSGSIZE.
    int64_t send(std::string_view uid, const void *data, size_t len, int32_t flags);
    int64_t broadcast(const void *data, size_t len, int32_t flags);
    int64_t online(std::string_view uid) const;

    void released(Connection &conn) override;
    void run(Command &command) override;
    std::string_view uid_of(const Connection &conn) const override;
    /// The command that posts a call. Any thread.
    Command command(HubVerb verb, int32_t flags, const HubReply &reply) const;

    App &app() { return app_; }

    /// Whether a connection was ever bound: from then on the name, which is the hub's identity, cannot change.
    bool was_used() const { return !bindings_.empty(); }

    HubOptions options;

private:
    static constexpr uint32_t kNone = UINT32_MAX;

    struct Binding {
        Uid *uid = nullptr;
        uint32_t slot = 0; ///< the connection's
        uint32_t older = kNone;
        uint32_t newer = kNone;
        uint32_t listed = 0; ///< index in all_; of a free binding the next free one
    };

    static void gone(App *app, const Command &command);
    static void reply(App *app, Hub *hub, const Command &command, int32_t status, int64_t connections);
    static int64_t send_to(Reactor &reactor, const std::vector<uint32_t> &slots, SharedMessage &message);
    uint32_t binding_of(const Connection &conn) const { return conn.slot < by_slot_.size() ? by_slot_[conn.slot] : kNone; }
    uint32_t take_binding();
    void append(Uid *uid, uint32_t index);
    void remove(uint32_t index);

    App &app_;
    UidTable uids_;
    std::vector<Binding> bindings_;
    std::vector<uint32_t> by_slot_; ///< connection slot -> binding
    std::vector<uint32_t> all_;     ///< bindings in use, dense, for broadcasts
    uint32_t free_ = kNone;
};

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
