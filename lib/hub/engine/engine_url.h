/**
 * @file
 * The URL of an engine: which kind it is, its servers, and the login.
 *
 *     redis://[USER[:PASSWORD]@]HOST[:6379]                    redis+unix:///PATH
 *     redis+sentinel://[...@]HOST[:26379][,HOST...]/MASTER     the login is that of Redis, and of sentinels that ask for one
 *     redis+cluster://[...@]HOST[:6379][,HOST...]
 *     nats://[USER:PASSWORD@ | TOKEN@]HOST[:4222][,HOST...]
 *
 * rediss for redis, and nats+tls or tls for nats, are over TLS. Of several servers each may have the scheme and the login once more. In a
 * login
 * ':', '@', '/', ',' and '%' are percent-encoded. Pure; throws bad_alloc.
 */
#ifndef WM_HUB_ENGINE_ENGINE_URL_H
#define WM_HUB_ENGINE_ENGINE_URL_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wm {

enum class EngineKind : uint8_t { kRedis, kSentinel, kRedisCluster, kNats };

struct EngineServer {
    std::string host; ///< without brackets; empty: a unix socket
    uint16_t port = 0;
    std::string path; ///< of a unix socket

    /// "HOST:PORT", "[IPv6]:PORT" or the path.
    std::string text() const;
    bool operator==(const EngineServer &) const = default;
};

/// HOST or HOST:PORT, without a scheme and a login: 0, or WM_EINVAL with its detail. port: the default; 0: there is none.
int parse_engine_server(std::string_view text, uint16_t port, EngineServer &out);

struct EngineUrl {
    static constexpr size_t kMaxServers = 64;

    EngineKind kind = EngineKind::kRedis;
    bool tls = false;
    std::vector<EngineServer> servers; ///< one at least
    std::string user;                  ///< of nats without a password: the token
    std::string password;
    std::string master; ///< of Sentinel: what it calls the master
    std::string shown;  ///< without the login

    /// 0, or WM_EINVAL. The detail leaves the login out.
    int parse(std::string_view text);

private:
    int choose_scheme(std::string_view name);
    int parse_servers(std::string_view list, std::string_view scheme);
    int parse_login(std::string_view text);
    int parse_path(std::string_view path);
};

} // namespace wm

#endif
