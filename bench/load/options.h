/**
 * @file
 * The command line of wm-load. Read once in main, constant from there on.
 */
#ifndef WM_LOAD_OPTIONS_H
#define WM_LOAD_OPTIONS_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "socket.h"
#include "tls.h"

namespace wm::load {

enum class Mode : uint8_t { kEcho, kText, kFrame, kUdp, kWs, kHttp, kPush, kBroadcast, kChurn, kIdle, kHandshakes };

struct Options {
    Mode mode = Mode::kEcho;
    Address target;                        ///< HOST:PORT of echo, text, frame, udp, ws, http and handshakes; --ws of the modes with pages
    Address inner;                         ///< --inner of push and broadcast
    uint32_t connections = 50;             ///< -c: connections; pages of push, broadcast and idle; cycles in flight of churn
    uint32_t inner_connections = 4;        ///< --inner-connections of push and broadcast
    uint32_t pipeline = 1;                 ///< -p: messages of one batch
    uint64_t messages = 0;                 ///< -n: all connections together; 0: by time
    double seconds = 3;                    ///< -d
    double rate = 0;                       ///< --rate: messages a second over all connections; 0: as fast as answers come
    size_t size = 64;                      ///< -s: payload bytes; push: bytes of a line without its LF
    size_t max_batch = 16384;              ///< --max-batch: bytes of a connection's batch
    uint32_t miss_every = 0;               ///< --miss-every of push: every N-th line is for an unknown uid
    uint32_t hold_seconds = 0;             ///< --hold of idle
    uint64_t limit = 0;                    ///< --limit of idle: bytes per client; 0: none
    uint32_t timeout_seconds = 10;         ///< --timeout: without any progress
    std::string body = "Hello, world!";    ///< --body of http
    std::string path = "/";                ///< --path of http
    uint32_t targets = 1;                  ///< --targets of http
    std::vector<int> server_pids;          ///< --server-pid, several with commas
    TlsOptions tls_options;                ///< --tls and what begins with it
    std::shared_ptr<const TlsContext> tls; ///< made of these; nullptr: plain
    bool resume = false;                   ///< --resume of handshakes
    bool binary = false;                   ///< --binary of ws
    bool bare_line = false;                ///< --bare-line of broadcast: the value alone, without the command around it
    bool events = false;                   ///< --events of broadcast: the pages are listeners of server-sent events
    bool json = false;                     ///< --json
};

const char *mode_name(Mode mode);

/// Parses the command line; on an error prints a message on standard error and exits with 2.
Options parse_options(int argc, char **argv);

} // namespace wm::load

#endif
