// The whole stack over the public API: the input drives two peers of one worker on a unix socket, and the
// host that polls it. For any order of bytes, EOFs, answers, closes and pauses, each connection's first event
// is connect and its last is close. Input: one octet selects the protocol and the size of the poll's array;
// then operations of one octet each, with their operands.
#include "wm/wm.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr size_t kPeers = 2;

void check(bool holds, const char *what)
{
    if (holds)
        return;
    std::fprintf(stderr, "%s (%s)\n", what, wm_last_error());
    std::abort();
}

enum class Seen : uint8_t { kConnected, kOpen, kClosed };

/// A host in pull mode: checks the order of events, and reads every byte that a record points to.
class Host {
public:
    explicit Host(const char *scheme, size_t cap) : app_(wm_app_new()), events_(cap)
    {
        wm_protocol *own = wm_protocol_new(app_, "own");
        check(own && wm_protocol_set_str(own, "delimiter", "|") == 0, "no protocol");
        // An abstract address: leaves no file behind.
        name_ = "wm-fuzz-" + std::to_string(getpid());
        worker_ = wm_worker_new(app_, (std::string(scheme) + "@" + name_).c_str());
        check(worker_ && wm_worker_set_int(worker_, "max_message", 4096) == 0, "no worker");
        check(wm_worker_set_int(worker_, "defer_handshake", 1) == 0 && wm_app_set_int(app_, "stop_timeout_ms", 0) == 0, "no option");
        poll();
    }
    Host(const Host &) = delete;
    Host &operator=(const Host &) = delete;
    ~Host()
    {
        wm_app_stop(app_);
        int rounds = 0;
        while (poll() >= 0)
            check(++rounds < 1000, "a stop without an end");
        for (const auto &[conn, seen] : seen_)
            check(seen == Seen::kClosed, "a connection without its close event");
        wm_app_free(app_);
    }

    int dial() const
    {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        struct sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        memcpy(address.sun_path + 1, name_.data(), name_.size());
        auto len = static_cast<socklen_t>(offsetof(struct sockaddr_un, sun_path) + 1 + name_.size());
        check(connect(fd, reinterpret_cast<struct sockaddr *>(&address), len) == 0, "no connection");
        return fd;
    }

    int poll()
    {
        int count = wm_app_poll(app_, events_.data(), events_.size(), 0);
        for (int i = 0; i < count; i++)
            take(events_[static_cast<size_t>(i)]);
        return count;
    }

    /// Acts on the connection of the last event, which may be closed.
    void act(uint8_t what, const uint8_t *data, size_t len)
    {
        switch (what % 8) {
        case 0:
            wm_conn_send(last_, data, len, WM_SEND_BINARY);
            break;
        case 1:
            wm_conn_close(last_, 0, nullptr, 0);
            break;
        case 2:
            wm_conn_destroy(last_);
            break;
        case 3:
            wm_conn_pause_recv(last_);
            break;
        case 4:
            wm_conn_resume_recv(last_);
            break;
        case 5:
            answer();
            break;
        case 6:
            wm_request_keep(requests_.empty() ? 0 : requests_.front());
            break;
        default:
            wm_app_flush(app_);
        }
    }

private:
    void take(const wm_event &event)
    {
        for (size_t i = 0; i < event.len; i++)
            sum_ = sum_ + static_cast<const unsigned char *>(event.data)[i];
        check(event.worker == worker_ && wm_worker_conn_count(event.worker) >= 0, "a record of no worker");
        if (event.kind == WM_EVENT_STOP) {
            check(event.conn == 0 && stops_++ == 0, "a stop of a connection, or two of one worker");
            return;
        }
        last_ = event.conn;
        auto known = seen_.find(event.conn);
        check((known == seen_.end()) == (event.kind == WM_EVENT_CONNECT), "the connect event is not the first");
        check(known == seen_.end() || known->second != Seen::kClosed, "an event behind the close");
        if (event.kind == WM_EVENT_OPEN)
            check(known->second == Seen::kConnected, "opened twice");
        if (event.kind == WM_EVENT_CLOSING)
            check(known->second == Seen::kOpen, "a closing event of one that is not open");
        if (event.kind == WM_EVENT_MESSAGE)
            check(known->second == Seen::kOpen && event.len <= 256 * 1024, "a message before the open event, or over the limit");
        if (event.kind == WM_EVENT_CONNECT || event.kind == WM_EVENT_OPEN || event.kind == WM_EVENT_CLOSE)
            seen_[event.conn] = event.kind == WM_EVENT_CONNECT ? Seen::kConnected
                                : event.kind == WM_EVENT_OPEN  ? Seen::kOpen
                                                               : Seen::kClosed;
        if (event.id == 0)
            return;
        requests_.push_back(event.id);
        if (event.kind == WM_EVENT_HANDSHAKE)
            answer();
    }

    /// Answers the newest request every other time: any order is allowed.
    void answer()
    {
        if (requests_.empty())
            return;
        turn_ = !turn_;
        wm_request request = turn_ ? requests_.back() : requests_.front();
        requests_.erase(turn_ ? requests_.end() - 1 : requests_.begin());
        const void *body = nullptr;
        size_t len = 0;
        if (wm_request_body(request, &body, &len) != 0)
            len = 0;
        if (wm_handshake_accept(request, nullptr, 0) != 0)
            wm_request_respond(request, 200, nullptr, 0, body, len, 0);
    }

    wm_app *app_;
    wm_worker *worker_ = nullptr;
    std::vector<wm_event> events_;
    std::string name_;
    std::map<wm_conn, Seen> seen_;
    int stops_ = 0;
    std::vector<wm_request> requests_;
    wm_conn last_ = 0;
    bool turn_ = false;
    volatile unsigned sum_ = 0;
};

constexpr char kHandshake[] = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
constexpr char kRequest[] = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// The peers: sockets that write as much as the kernel accepts and read what has arrived.
class Peers {
public:
    explicit Peers(const Host &host) : host_(host) {}
    Peers(const Peers &) = delete;
    Peers &operator=(const Peers &) = delete;
    ~Peers()
    {
        for (int fd : fds_)
            if (fd >= 0)
                close(fd);
    }

    void write(size_t peer, const void *data, size_t len)
    {
        if (fds_[peer] < 0)
            fds_[peer] = host_.dial();
        (void)!send(fds_[peer], data, len, MSG_NOSIGNAL);
    }
    void read(size_t peer)
    {
        char bytes[4096];
        while (fds_[peer] >= 0 && recv(fds_[peer], bytes, sizeof bytes, 0) > 0)
            continue;
    }
    void end(size_t peer, bool half)
    {
        if (fds_[peer] < 0)
            return;
        if (half) {
            shutdown(fds_[peer], SHUT_WR);
            return;
        }
        close(fds_[peer]);
        fds_[peer] = -1;
    }

private:
    const Host &host_;
    int fds_[kPeers] = {-1, -1};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const kSchemes[] = {"unix://", "text+unix://", "websocket+unix://", "http+unix://", "frame+unix://", "own+unix://"};
    if (size == 0)
        return 0;
    Host host(kSchemes[data[0] % std::size(kSchemes)], 1 + data[0] / 8 % 8);
    Peers peers(host);
    for (size_t at = 1; at < size;) {
        uint8_t operation = data[at++];
        size_t peer = operation / 8 % kPeers;
        size_t len = at < size ? std::min<size_t>(data[at], size - at - 1) : 0;
        const uint8_t *bytes = data + std::min(at + 1, size);
        switch (operation % 8) {
        case 0:
        case 1:
            peers.write(peer, bytes, len);
            at += len + 1;
            break;
        case 2:
            peers.write(peer, kHandshake, sizeof kHandshake - 1);
            break;
        case 3:
            peers.write(peer, kRequest, sizeof kRequest - 1);
            break;
        case 4:
            peers.end(peer, operation & 128);
            break;
        case 5:
            host.act(operation / 32, bytes, len);
            break;
        case 6:
            peers.read(peer);
            break;
        default:
            host.poll();
        }
    }
    return 0;
}
