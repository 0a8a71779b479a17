/**
 * @file
 * The peers of a random API program: clients on sockets that never block, and what they say.
 */
#ifndef FUZZ_API_PEERS_H
#define FUZZ_API_PEERS_H

#include "api_world.h"

#include <algorithm>
#include <array>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace fuzz {

/// A name of answers, whose numbers grow on each connection: they leave in the order of the requests.
inline constexpr std::string_view kNumber = "X-N: ";

class Peers {
public:
    static constexpr size_t kPeers = 4;

    Peers() = default;
    Peers(const Peers &) = delete;
    Peers &operator=(const Peers &) = delete;
    ~Peers()
    {
        for (size_t i = 0; i < kPeers; i++)
            close(i);
    }

    /// Connects to an address ...unix://@NAME.
    void dial(size_t i, std::string_view address)
    {
        close(i);
        size_t at = address.find('@');
        if (at == address.npos)
            return;
        std::string_view name = address.substr(at + 1);
        struct sockaddr_un to = {};
        to.sun_family = AF_UNIX;
        memcpy(to.sun_path + 1, name.data(), name.size());
        auto len = static_cast<socklen_t>(offsetof(struct sockaddr_un, sun_path) + 1 + name.size());
        for (int type : {SOCK_STREAM, SOCK_DGRAM}) {
            peers_[i].fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
            sa_family_t unnamed = AF_UNIX; // the kernel gives a datagram socket a name, so that it can be answered
            bool bound = type == SOCK_STREAM || bind(peers_[i].fd, reinterpret_cast<struct sockaddr *>(&unnamed), sizeof unnamed) == 0;
            if (bound && connect(peers_[i].fd, reinterpret_cast<struct sockaddr *>(&to), len) == 0)
                return;
            close(i);
        }
    }

    void say(size_t i, std::string_view bytes) const
    {
        if (peers_[i].fd >= 0)
            (void)!send(peers_[i].fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }

    /// A masked frame; the mask is zero, so that the payload stands as it is.
    void say_frame(size_t i, uint8_t first, std::string_view payload) const
    {
        std::string frame = {static_cast<char>(first), static_cast<char>(0x80 | std::min<size_t>(payload.size(), 126))};
        if (payload.size() >= 126) {
            frame += static_cast<char>(payload.size() >> 8);
            frame += static_cast<char>(payload.size());
        }
        frame.append(4, '\0');
        frame += payload.substr(0, 65535);
        say(i, frame);
    }

    void read(size_t i, size_t most)
    {
        char bytes[65536];
        ssize_t got = 0;
        while (peers_[i].fd >= 0 && most > 0 && (got = recv(peers_[i].fd, bytes, std::min(most, sizeof bytes), 0)) > 0) {
            most -= static_cast<size_t>(got);
            hear(peers_[i], {bytes, static_cast<size_t>(got)});
        }
    }

    void end_writing(size_t i) const { shutdown(peers_[i].fd, SHUT_WR); }

    void close(size_t i)
    {
        if (peers_[i].fd >= 0)
            ::close(peers_[i].fd);
        peers_[i] = {};
    }

private:
    struct Peer {
        int fd = -1;
        unsigned last = 0; ///< number of the last answer
        std::string rest;  ///< of a line
    };

    static void hear(Peer &peer, std::string_view bytes)
    {
        peer.rest += bytes;
        size_t line = 0, end;
        while ((end = peer.rest.find('\n', line)) != std::string::npos) {
            if (peer.rest.compare(line, kNumber.size(), kNumber) == 0) {
                auto number = static_cast<unsigned>(atoi(peer.rest.c_str() + line + kNumber.size()));
                check(number > peer.last, "answers out of order");
                peer.last = number;
            }
            line = end + 1;
        }
        peer.rest.erase(0, line);
        if (peer.rest.size() > 256)
            peer.rest.erase(0, peer.rest.size() - 1); // a body: no line of a head is as long
    }

    std::array<Peer, kPeers> peers_;
};

/// What peers say to servers of each protocol.
inline constexpr std::string_view kSayings[] = {
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /2?q HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET http://b HTTP/1.0\r\n\r\n",
    "POST /c HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "POST /%61?a=%62&c HTTP/1.1\r\nHost: a\r\nCookie: a=b; c\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: "
    "5\r\n\r\n"
    "a=b+c",
    "POST /b%00 HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 57\r\n\r\n"
    "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nc\r\n--b--\r\n",
    "POST /d HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n"
    "47\r\n--b\r\nContent-Disposition: form-data; name=a; filename=\"f\"\r\n\r\nabcd\r\n--b-\r\n3\r\n-\r\n\r\n0\r\nX: y\r\n\r\n",
    "GET /page.html HTTP/1.1\r\nHost: a\r\nRange: bytes=1-9\r\nAccept-Encoding: gzip\r\nIf-Modified-Since: Thu, 01 Jan 1970 00:00:00 "
    "GMT\r\n\r\n",
    "GET /packed HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
    {"\xc1\x87\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\0", 13}, // Hello, compressed (RFC 7692 §7.2.3.1)
    {"\xc1\x85\0\0\0\0\xf2\0\x11\0\0", 11},             // the same by the window of the message before
    "PROXY TCP4 192.0.2.7 192.0.2.1 50001 443\r\n",
    "GET /told HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.9\r\n\r\n",
    "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "one line\n\r\nthree\n",
    "GET ",
    "\r\n\r\n",
};

} // namespace fuzz

#endif
