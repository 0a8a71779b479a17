// The whole stack over the public API: the input drives two peers of one worker on a unix socket, and the
// host that polls it. For any order of bytes, EOFs, answers, closes and pauses, each connection's first event
// is connect and its last is close; a body in pieces is one of a head that has come, has one last piece, and none behind
// its answer. Input: one octet selects the protocol and the size of the poll's array; then operations of one octet each,
// with their operands.
#include "fuzz_check.h"
#include "wm/wm.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace {

using fuzz::check;

constexpr size_t kPeers = 2;

enum class Seen : uint8_t { kConnected, kOpen, kClosed };

struct Setting {
    const char *scheme;
    bool body = false; ///< in pieces
    bool parts = false;
    const char *upload_dir = "";
    const char *deflate = "off";
    bool proxied = false; ///< each peer is a proxy, and a PROXY header comes first
};

/// A request whose body comes in pieces.
struct Body {
    bool whole = false;
    unsigned answered_in = 0; ///< that poll, or behind it
};

/// A host in pull mode: checks the order of events, and reads every byte that a record points to.
class Host {
public:
    Host(const Setting &setting, size_t cap) : app_(wm_app_new()), events_(cap)
    {
        wm_protocol *own = wm_protocol_new(app_, "own");
        check(own && wm_protocol_set_str(own, "delimiter", "|") == 0, "no protocol");
        // An abstract address: leaves no file behind.
        name_ = "wm-fuzz-" + std::to_string(getpid());
        worker_ = wm_worker_new(app_, (std::string(setting.scheme) + "@" + name_).c_str());
        check(worker_ && wm_worker_set_int(worker_, "max_message", 4096) == 0, "no worker");
        check(wm_worker_set_int(worker_, "defer_handshake", 1) == 0 && wm_app_set_int(app_, "stop_timeout_ms", 0) == 0, "no option");
        check(wm_worker_set_int(worker_, "stream_body", setting.body) == 0 &&
                  wm_worker_set_int(worker_, "stream_parts", setting.parts) == 0 &&
                  wm_worker_set_str(worker_, "upload_dir", setting.upload_dir) == 0,
              "no option of bodies");
        check(wm_worker_set_str(worker_, "deflate", setting.deflate) == 0 && wm_worker_set_str(worker_, "trusted_proxies", "unix") == 0 &&
                  wm_worker_set_int(worker_, "proxy_protocol", setting.proxied) == 0,
              "no option of websockets or proxies");
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
        polls_++;
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
    void touch(const void *data, size_t len)
    {
        for (size_t i = 0; i < len; i++)
            sum_ = sum_ + static_cast<const unsigned char *>(data)[i];
    }

    void take_piece(const wm_event &event)
    {
        auto known = bodies_.find(event.id);
        check(known != bodies_.end() && !known->second.whole, "a piece of no body, or behind its last one");
        check(known->second.answered_in == 0 || known->second.answered_in == polls_, "a piece behind the answer");
        check(event.flags <= 1 && seen_[event.conn] == Seen::kOpen, "a piece of a connection that is not open");
        if (event.kind == WM_EVENT_BODY) {
            known->second.whole = event.flags == 1;
            check(event.len > 0 || event.flags == 1, "an empty piece that is not the last");
            return;
        }
        const auto *part = static_cast<const wm_part *>(event.data);
        check(event.len == sizeof *part && part->size >= static_cast<int64_t>(part->data_len), "a part that is none");
        touch(part->name, part->name_len);
        touch(part->filename, part->filename_len);
        touch(part->type, part->type_len);
        touch(part->headers, part->headers_len);
        touch(part->data, part->data_len);
        check(part->fd < 0 || (lseek(part->fd, 0, SEEK_END) == part->size && part->data_len == 0), "a file that is not the part");
    }

    void take(const wm_event &event)
    {
        touch(event.data, event.len);
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
        if (event.kind == WM_EVENT_BODY || event.kind == WM_EVENT_PART) {
            take_piece(event);
            return;
        }
        if (event.id == 0)
            return;
        if (event.kind == WM_EVENT_MESSAGE && (event.flags & 255) == WM_KIND_HTTP_HEAD)
            check(bodies_.emplace(event.id, Body()).second, "two heads of one request");
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
        auto known = bodies_.find(request);
        if (wm_handshake_accept(request, nullptr, 0) != 0 && wm_request_respond(request, 200, nullptr, 0, body, len, 0) >= 0 &&
            known != bodies_.end())
            known->second.answered_in = polls_;
    }

    wm_app *app_;
    wm_worker *worker_ = nullptr;
    std::vector<wm_event> events_;
    std::string name_;
    std::map<wm_conn, Seen> seen_;
    std::map<wm_request, Body> bodies_;
    unsigned polls_ = 0;
    int stops_ = 0;
    std::vector<wm_request> requests_;
    wm_conn last_ = 0;
    bool turn_ = false;
    volatile unsigned sum_ = 0;
};

// What begins a connection, and frames that permessage-deflate compresses (RFC 7692 §7.2.3): whole, in two, by the window of another.
constexpr std::string_view kBeginnings[] = {
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nX-Forwarded-For: 192.0.2.1\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n\r\n",
    {"\xc1\x87\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\0", 13},
    {"\x41\x83\0\0\0\0\xf2\x48\xcd\x80\x84\0\0\0\0\xc9\xc9\x07\0", 19},
    {"\xc1\x85\0\0\0\0\xf2\0\x11\0\0", 11},
    "PROXY TCP4 192.0.2.7 192.0.2.1 50001 443\r\n",
    {"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x07\xc0\0\x02\x01\x10\0\x01\xbb", 28},
};
constexpr std::string_view kRequests[] = {
    "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /b HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
    "POST /c HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 300\r\n\r\n",
    "--b\r\nContent-Disposition: form-data; name=a; filename=\"f\"\r\n\r\nabcdefgh\r\n",
    "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Type: a/b\r\n\r\nabcd\r\n",
    "--b--\r\n",
    "0\r\nX: y\r\n\r\n",
    "POST /d HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n47\r\n"
    "--b\r\nContent-Disposition: form-data; name=a; filename=\"f\"\r\n\r\nabcd\r\n--b-\r\n3\r\n-\r\n\r\n0\r\n\r\n",
};

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
    static constexpr Setting kSettings[] = {{"unix://"},
                                            {"text+unix://"},
                                            {"websocket+unix://"},
                                            {"http+unix://"},
                                            {"frame+unix://"},
                                            {"own+unix://"},
                                            {"http+unix://", true},
                                            {"http+unix://", true, true},
                                            {"http+unix://", true, true, "/tmp"},
                                            {.scheme = "websocket+unix://", .deflate = "shared"},
                                            {.scheme = "websocket+unix://", .deflate = "own"},
                                            {.scheme = "websocket+unix://", .deflate = "own", .proxied = true},
                                            {.scheme = "http+unix://", .proxied = true}};
    static int quiet = wm_log_set([](int32_t, const void *, size_t, void *) {}, nullptr, nullptr);
    check(quiet == 0, "no log");
    if (size == 0)
        return 0;
    Host host(kSettings[data[0] % std::size(kSettings)], 1 + data[0] / 16 % 8);
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
            peers.write(peer, kBeginnings[operation / 32].data(), kBeginnings[operation / 32].size());
            break;
        case 3:
            peers.write(peer, kRequests[operation / 32].data(), kRequests[operation / 32].size());
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
