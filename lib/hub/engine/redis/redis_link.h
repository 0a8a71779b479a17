/**
 * @file
 * A connection to one Redis server: it says who it is, looks at what it has got, and then publishes, subscribes, or asks. Replies come in
 * the order of the commands; one that does not come in time ends it. The app's thread.
 */
#ifndef WM_HUB_ENGINE_REDIS_REDIS_LINK_H
#define WM_HUB_ENGINE_REDIS_REDIS_LINK_H

#include "core/loop.h"
#include "hub/engine/engine_socket.h"
#include "hub/engine/redis/redis_error.h"
#include "hub/engine/redis/resp_reader.h"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace wm::redis {

class RedisLink;

/// The values of a reply to a question, in the order of the wire.
struct Answer {
    static constexpr size_t kMaxBytes = size_t{1} << 20; ///< of its texts

    struct Item {
        RespType type;
        uint8_t depth;
        int64_t number; ///< of an array: how many values it has
        size_t at;      ///< of its text
        size_t size;
    };

    std::vector<Item> items;
    std::string texts;

    std::string_view text(const Item &item) const { return std::string_view(texts).substr(item.at, item.size); }
};

/// From the loop. An event may drop the link, and may neither connect it anew nor delete it.
class RedisLinkEvents {
public:
    /// The server is one that was asked for, and has said what it is.
    virtual void link_ready(RedisLink &link) = 0;
    virtual void link_answered(RedisLink &, const Answer &) {}
    /// A channel is subscribed.
    virtual void link_subscribed(RedisLink &) {}
    virtual void link_received(RedisLink &, std::string_view) {}
    /// A message was not published. False: the link ends for that.
    virtual bool link_refused(RedisLink &, const Cause &) { return false; }
    /// The end; it is dropped. Once after each connect() that was true, unless it is dropped. Does not throw; what the others throw for
    /// want of memory ends the link. No text: out of memory.
    virtual void link_ended(RedisLink &link, const Cause &why) = 0;

protected:
    ~RedisLinkEvents() = default;
};

/// What a link finds out of its server before it is ready.
enum class Greeting : uint8_t {
    kLogin,   ///< it logs in, where there is a login
    kVersion, ///< and asks for the version
    kMaster,  ///< and whether it is a master
    kNone,    ///< not even that
};

class RedisLink final : private EngineSocketEvents, private RespSink {
public:
    static constexpr int64_t kReplyMs = 2000; ///< of the oldest command that is unanswered, from the last reply on

    RedisLink(App &app, RedisLinkEvents &events) : events_(events), socket_(app, *this) {}
    RedisLink(const RedisLink &) = delete;
    RedisLink &operator=(const RedisLink &) = delete;

    /// Begins; commands may follow at once, and leave behind the greeting. False with why in cause: no event follows. Throws bad_alloc.
    bool connect(const EngineServer &server, const EngineUrl &url, const EngineSettings &settings, Greeting greeting, Cause &cause);
    /// Without an event.
    void drop();
    /// What was sent leaves.
    void close();

    /// A command with one reply, which link_answered() gets. Throws bad_alloc.
    bool ask(std::initializer_list<std::string_view> words);
    /// The link receives from here on.
    bool subscribe(std::string_view command, std::string_view channel);
    /// Its reply is looked at only if it is an error. False: the socket takes no more now.
    bool publish(std::string_view command, std::string_view channel, const char *bytes, size_t size);

    bool in_use() const { return socket_.in_use(); }
    bool is_ready() const { return ready_; }
    const EngineServer &server() const { return server_; }
    const std::string &version() const { return version_; }
    /// The first number of the version; 0: not known.
    int major() const;

    int64_t due_ms() const { return reply_by_ms_; }
    /// Ends it when a reply is overdue.
    void run(int64_t now_ms);

private:
    enum class Asked : uint8_t { kLogin, kName, kVersion, kRole, kSubscribe, kQuestion };

    // EngineSocketEvents
    void socket_opened(EngineSocket &socket) override;
    void socket_received(EngineSocket &socket, const char *bytes, size_t size) override;
    void socket_ended(EngineSocket &socket, const char *why) override;
    // RespSink
    bool take(const RespValue &value) override;
    bool complete() override;

    bool greet(const EngineUrl &url, const EngineSettings &settings, Greeting greeting);
    bool command(std::initializer_list<std::string_view> words, Asked asked);
    void begin_reply(const RespValue &value);
    bool take_pushed(const RespValue &value);
    bool keep(const RespValue &value);
    bool complete_pushed();
    bool answered(Asked what);
    bool refused(Asked what);
    bool refused_publish();
    bool take_version();
    bool take_role();
    bool make_ready();
    bool refuse(Cause why);
    void expect_reply();
    void end(const Cause &why);
    template <class Tell> void end_as(Tell tell);

    RedisLinkEvents &events_;
    EngineSocket socket_;
    RespReader reader_;
    EngineServer server_;
    std::string version_;
    std::string mode_;         ///< "standalone", "cluster" or "sentinel"
    std::vector<Asked> asked_; ///< unanswered, oldest first; publishes are behind these
    size_t published_ = 0;     ///< unanswered
    Answer answer_;            ///< that is being read
    enum class Pushed : uint8_t { kNothing, kMessage, kSubscribed, kOther };
    bool is_push_ = false;             ///< what is being read is no answer, but a message or the state of a subscription
    Pushed pushed_ = Pushed::kNothing; ///< which of them
    int64_t reply_by_ms_ = Loop::kNever;
    bool ready_ = false;
    bool over_tls_ = false;
    bool was_opened_ = false;
    bool was_answered_ = false;
    bool reading_ = false; ///< inside the reader, which cannot be closed then
    Cause cause_;          ///< inside the reader: why it is to end
};

} // namespace wm::redis

#endif
