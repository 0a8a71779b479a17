/**
 * @file
 * What `wm-serve push` was asked for, and the checks of it that need no socket.
 */
#ifndef WM_SERVE_PUSH_OPTIONS_H
#define WM_SERVE_PUSH_OPTIONS_H

#include <cstdint>
#include <string>
#include <vector>

namespace wm::serve {

struct PushOptions {
    std::string listen = "websocket://127.0.0.1:1234";
    std::string inner = "text://127.0.0.1:5678";
    std::string http = "http://127.0.0.1:5680";
    std::vector<std::string> hosts;   ///< names by which --http may be addressed
    std::vector<std::string> origins; ///< of pages; empty: any
    bool insecure_inner = false;
    int count = 1;
    std::string name = "push"; ///< of the instance
    std::string run_dir;       ///< empty: the library's standard
    std::string log_file;
    std::string user;
    std::string group;
    int64_t uid_timeout_ms = 10000;
    int64_t ping_ms = 25000;
    int64_t pong_timeout_ms = 10000;
    int64_t drain_ms = 1000; ///< over which a reload tells the pages to come back
    int64_t max_page_message = 64 << 10;
    int64_t max_push = 1 << 20;

    /// Empty, or what is wrong: a usage error, which names the flag and what would be right.
    std::string wrong() const;
    /// Empty, or a line to say once.
    std::string warning() const;
};

inline constexpr const char *kOff = "off"; ///< in place of an address: without that listener

} // namespace wm::serve

#endif
