// Workers of datagrams over the public API, in pull mode: the input drives three peers on unix sockets, and the host that polls. What a
// peer has sent arrives whole, once and in order, each datagram parsed by itself, unless the host has closed the socket between; no event
// but messages and errors tells of a peer; a peer's user pointer is destroyed once. Input: one octet selects the protocol and the size of
// the poll's array; then operations of one octet each, with their operands.
#include "fuzz_check.h"
#include "fuzz_input.h"
#include "wm/wm.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace {

using fuzz::check;
using fuzz::Input;

constexpr size_t kPeers = 3;
constexpr size_t kMaxMessage = 200;

enum class Protocol : uint8_t { kWhole, kText, kFrame, kOwn };
constexpr const char *kSchemes[] = {"udp", "text", "frame", "own"};

/// The messages that a datagram has, by a reading of its own; none of frame and own, which have no other reading here.
std::deque<std::string> messages_of(Protocol protocol, const std::string &datagram)
{
    if (datagram.size() > kMaxMessage)
        return {};
    if (protocol == Protocol::kWhole)
        return {datagram};
    std::deque<std::string> out;
    size_t at = 0;
    for (size_t end; protocol == Protocol::kText && (end = datagram.find('\n', at)) != std::string::npos; at = end + 1)
        out.push_back(datagram.substr(at, end - at - (end > at && datagram[end - 1] == '\r')));
    return out;
}

class World {
public:
    World(Protocol protocol, size_t cap) : protocol_(protocol), app_(wm_app_new()), events_(cap)
    {
        wm_protocol *own = wm_protocol_new(app_, "own");
        check(own && wm_protocol_on_input(own, input, nullptr, nullptr) == 0, "no protocol");
        name_ = "wm-fuzz-" + std::to_string(getpid());
        std::string scheme = kSchemes[static_cast<size_t>(protocol)];
        worker_ = wm_worker_new(app_, (scheme + "+unix://@" + name_).c_str());
        check(worker_ && wm_worker_set_int(worker_, "max_message", kMaxMessage) == 0 &&
                  (protocol == Protocol::kWhole || wm_worker_set_str(worker_, "transport", "udp") == 0) &&
                  wm_worker_set_int(worker_, "refuse_http", 0) == 0 && wm_app_set_int(app_, "stop_timeout_ms", 0) == 0,
              "no option");
        check(wm_worker_listen(worker_) == 0, "no socket");
        poll();
        for (Peer &peer : peers_)
            peer.fd = dial();
    }
    World(const World &) = delete;
    World &operator=(const World &) = delete;
    ~World()
    {
        for (int i = 0; i < 1000 && poll() > 0; i++)
            ;
        wm_app_stop(app_);
        int rounds = 0;
        while (poll() >= 0)
            check(++rounds < 1000, "a stop without an end");
        wm_app_free(app_);
        check(users_ == destroyed_, "a user pointer was destroyed twice, or never");
        for (const Peer &peer : peers_)
            close(peer.fd);
    }

    void say(size_t index, const std::string &datagram)
    {
        Peer &peer = peers_[index];
        if (send(peer.fd, datagram.data(), datagram.size(), 0) < 0)
            return; // the queue is full, or the worker does not listen
        auto messages = messages_of(protocol_, datagram);
        peer.due.insert(peer.due.end(), messages.begin(), messages.end());
    }

    int poll()
    {
        int count = wm_app_poll(app_, events_.data(), events_.size(), 0);
        for (int i = 0; i < count; i++)
            take(events_[static_cast<size_t>(i)]);
        return count;
    }

    void act(uint8_t what, const std::string &text)
    {
        switch (what % 12) {
        case 0:
            wm_conn_send(last_, text.data(), text.size(), what & 16 ? WM_SEND_NOW : 0);
            break;
        case 1:
            wm_conn_close(last_, 0, nullptr, 0);
            break;
        case 2:
            wm_conn_destroy(last_);
            break;
        case 3:
            users_ += wm_conn_set_user(last_, this, destroyed) == 0;
            break;
        case 4:
            wm_worker_send_to(worker_, text.c_str(), text.data(), text.size(), 0);
            break;
        case 5:
            wm_worker_set_int(worker_, "udp_peers", 1 + what / 16 % 3);
            break;
        case 6:
            listen_again();
            break;
        case 7:
            wm_worker_broadcast(worker_, text.data(), text.size(), 0);
            break;
        case 8:
            check(wm_conn_pause_recv(last_) < 0 && wm_conn_shutdown(last_) < 0 && wm_conn_pipe(last_, last_) < 0, "a peer is no stream");
            break;
        case 9:
            wm_conn_set_int(last_, "idle_timeout_ms", 100);
            break;
        case 10:
            wm_worker_pause_accept(worker_);
            poll();
            wm_worker_resume_accept(worker_);
            break;
        default:
            wm_app_flush(app_);
        }
    }

private:
    struct Peer {
        int fd = -1;
        std::deque<std::string> due;
    };

    static void destroyed(void *world) { static_cast<World *>(world)->destroyed_++; }

    /// Whatever the bytes say, also what makes no sense.
    static int64_t input(wm_conn, const void *data, size_t len, void *)
    {
        auto first = static_cast<int8_t>(*static_cast<const unsigned char *>(data));
        return first == 0 ? 0 : first > 0 ? first % static_cast<int64_t>(len + 2) : first;
    }

    int dial()
    {
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        struct sockaddr_un own = {};
        own.sun_family = AF_UNIX;
        check(bind(fd, reinterpret_cast<struct sockaddr *>(&own), sizeof own.sun_family) == 0, "no name");
        connect_to(fd);
        return fd;
    }

    void connect_to(int fd)
    {
        struct sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        memcpy(address.sun_path + 1, name_.data(), name_.size());
        auto len = static_cast<socklen_t>(offsetof(struct sockaddr_un, sun_path) + 1 + name_.size());
        check(connect(fd, reinterpret_cast<struct sockaddr *>(&address), len) == 0, "no connection");
    }

    /// What the old socket holds is lost with it.
    void listen_again()
    {
        check(wm_worker_unlisten(worker_) == 0 && wm_worker_conn_count(worker_) >= 0 && wm_worker_listen(worker_) == 0, "no socket again");
        for (Peer &peer : peers_) {
            connect_to(peer.fd);
            peer.due.clear();
        }
    }

    Peer *peer_of(wm_conn conn)
    {
        char name[128];
        if (wm_conn_remote_address(conn, name, sizeof name) < 0)
            return nullptr; // the host has closed it since
        for (Peer &peer : peers_) {
            struct sockaddr_un own = {};
            socklen_t len = sizeof own;
            getsockname(peer.fd, reinterpret_cast<struct sockaddr *>(&own), &len);
            if (std::string_view(name + 1) == std::string_view(own.sun_path + 1, len - offsetof(struct sockaddr_un, sun_path) - 1))
                return &peer;
        }
        check(false, "a peer of no socket");
        return nullptr;
    }

    void take(const wm_event &event)
    {
        if (event.kind == WM_EVENT_STOP)
            return;
        check(event.kind == WM_EVENT_MESSAGE || event.kind == WM_EVENT_ERROR, "an event of a peer that is neither message nor error");
        check(event.worker == worker_, "a message of another worker");
        last_ = event.conn;
        std::string data(static_cast<const char *>(event.data), event.len);
        if (event.kind == WM_EVENT_ERROR || (protocol_ != Protocol::kWhole && protocol_ != Protocol::kText))
            return;
        Peer *peer = peer_of(event.conn);
        if (!peer)
            return;
        // What came before a close is not asked about any more, so what is due may be ahead.
        auto found = std::find(peer->due.begin(), peer->due.end(), data);
        check(found != peer->due.end(), "a message that was not sent, or not in this order");
        peer->due.erase(peer->due.begin(), found + 1);
    }

    Protocol protocol_;
    wm_app *app_;
    wm_worker *worker_;
    std::string name_;
    std::vector<wm_event> events_;
    Peer peers_[kPeers];
    wm_conn last_ = 0;
    int users_ = 0;
    int destroyed_ = 0;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    wm_log_set([](int32_t, const void *, size_t, void *) {}, nullptr, nullptr);
    Input input(data, size);
    uint8_t setting = input.octet();
    static constexpr size_t kCaps[] = {1, 2, 7, 64};
    World world(static_cast<Protocol>(setting & 3), kCaps[setting >> 2 & 3]);
    while (!input.empty()) {
        uint8_t operation = input.octet();
        if (operation < 96)
            world.poll();
        else if (operation < 192)
            world.say(operation % kPeers, std::string(input.take(input.octet())));
        else
            world.act(operation, std::string(input.take(operation & 7)));
    }
    return 0;
}
