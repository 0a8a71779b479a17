/**
 * @file
 * The options of `wm-serve push`, and the checks that need no socket.
 */
#ifndef WM_SERVE_PUSH_OPTIONS_H
#define WM_SERVE_PUSH_OPTIONS_H

#include "shared/duration.h"
#include "wm-serve/engine_options.h"
#include "wm-serve/instance_options.h"
#include "wm-serve/proxy_options.h"
#include "wm-serve/tls_options.h"

#include <cstdint>
#include <string>
#include <vector>

namespace wm::serve {

struct PushOptions : InstanceOptions {
    std::string listen = "websocket://127.0.0.1:1234";
    std::string inner = "text://127.0.0.1:5678";
    std::string http = "http://127.0.0.1:5680";
    TlsOptions tls;                        ///< pages connect by wss, and --http is https
    ProxyOptions proxies;                  ///< in front of pages
    std::vector<std::string> hosts;        ///< allowed in Host on --http
    std::vector<std::string> origins;      ///< allowed for pages; empty: any
    std::vector<std::string> subprotocols; ///< of pages, that are accepted
    std::string auth = "uid";              ///< who a page is: uid (as it says), jwt (as its token says), or ticket (as a back end says)
    std::string jwt_key;                   ///< path of the key that tokens are signed with
    std::string jwt_audience;              ///< that a token has to name; empty: a token must not have one
    std::string jwt_issuer;                ///< that a token has to be from; empty: any
    int64_t ticket_ttl_ms = 30000;         ///< how long a ticket may be used
    bool ticket_in_url = false;            ///< a page may have its ticket in the query of its URL
    std::string uid_key;                   ///< the first message of a page is JSON with the uid there; empty: it is the uid
    std::string text_ping;                 ///< "ping=pong": a text of pages, and its answer; empty: none
    std::string slow = "close";            ///< what happens to pushes to a page that reads too slowly: close, drop-oldest or latest
    std::string deflate = "off";           ///< compression of pages: off, shared or own, as the option of workers
    int64_t max_header = 16 << 10;         ///< bytes of a request's head, with its cookies
    bool insecure_inner = false;
    std::string access_log;                     ///< path of a file with a line for each answer to pages and on --http; empty: none
    std::string access_log_format = "combined"; ///< of its lines: combined or json
    std::string inner_secret_file;              ///< path of the secret of back ends; empty: they need none
    EngineOptions engine;                       ///< that joins it with those of other machines
    int64_t count = 1;
    int64_t uid_timeout_ms = 10000;
    int64_t ping_ms = 25000;
    int64_t pong_timeout_ms = 10000;
    int64_t drain_ms = 1000;     ///< a reload closes the pages over this time
    int64_t max_pages = 0;       ///< 0: as many as the descriptor limit has room for
    int64_t max_per_ip = 0;      ///< pages of one address; 0: no limit
    int64_t rate_connects = 0;   ///< of one address, a second; 0: no limit
    std::string rate = "20/100"; ///< messages of a page a second, and in a burst; or off
    int64_t max_page_message = 64 << 10;
    int64_t max_push = 1 << 20;

    PushOptions() : InstanceOptions("wm-serve-push") {}

    bool uses_jwt() const { return auth == "jwt"; }
    bool uses_tickets() const { return auth == "ticket"; }
    /// Empty, or a usage error that names the flag and the remedy.
    std::string error() const;
    /// Whether pages connect where http listens: --listen and --http are one address.
    bool one_port() const;
    /// An address as it is listened at: wss and https where there is TLS, which a unix socket has not.
    std::string served(const std::string &address) const;
    /// What to warn of at start.
    std::vector<std::string> warnings() const;

private:
    std::string tls_error() const;
};

inline constexpr int64_t kMaxCount = 128; ///< processes, as many as the library joins in one hub

/// A ticket is for a page that connects now.
inline constexpr DurationRange kTicketTtl = {std::chrono::seconds(1), std::chrono::hours(1)};

inline constexpr const char *kOff = "off"; ///< instead of an address: no such listener

} // namespace wm::serve

#endif
