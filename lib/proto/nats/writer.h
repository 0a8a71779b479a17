/**
 * @file
 * What a NATS client sends. Pure functions, any thread.
 */
#ifndef WM_PROTO_NATS_WRITER_H
#define WM_PROTO_NATS_WRITER_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wm::nats {

inline constexpr std::string_view kLineEnd = "\r\n";
inline constexpr std::string_view kPing = "PING\r\n";
inline constexpr std::string_view kPong = "PONG\r\n";

/// What CONNECT says of the client. Empty texts are left out.
struct Connect {
    std::string_view user;
    std::string_view password;
    std::string_view token;
    std::string_view name;    ///< in the server's lists of connections
    std::string_view version; ///< of the client
    bool tls = false;         ///< the connection is over TLS
};

/// The line of CONNECT: without +OK for each line, what the connection sends comes back to its own subscriptions, and INFO comes again
/// when it changes. No NUL is inside a text. Throws std::bad_alloc.
std::string connect_line(const Connect &connect);

/// The line of SUB.
std::string sub_line(std::string_view subject, uint64_t sid);

/// Writes the line of PUB, of at most kMaxPubHead bytes, and returns its length. The payload and kLineEnd follow. The subject has at
/// most kMaxSubject bytes.
size_t write_pub(char *out, std::string_view subject, size_t payload);

} // namespace wm::nats

#endif
