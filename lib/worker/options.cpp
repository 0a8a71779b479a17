#include "worker/options.h"

#include "net/address.h"
#include "proto/websocket/client_handshake.h"
#include "wm/types.h"

#include <algorithm>
#include <iterator>

namespace wm {

namespace {

constexpr int64_t kForever = int64_t{1} << 40; // 34 years in ms: no sum of it with a clock overflows
constexpr int64_t kLargest = int64_t{1} << 31;

bool is_source_address(std::string_view text)
{
    SocketAddress ignored;
    return text.empty() || parse_source(std::string(text), ignored);
}

const char *check_path(std::string_view value)
{
    return value.empty() ? nullptr : websocket::check_target(value);
}

/// As a part of a channel's name, which engines read in their own ways.
bool is_cluster(std::string_view text)
{
    auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), fits);
}

// The structures have a standard layout but for their base: offsetof is supported by both compilers for it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"

#define WM_INT(owner, name, unit, min, max, live, text)                                                                                    \
    {                                                                                                                                      \
#name, false, unit, owner().name, min, max, live, text, offsetof(owner, name), {}                                                  \
    }

#define WM_TEXT(owner, name, live, text, ...)                                                                                              \
    {                                                                                                                                      \
#name, true, "", 0, 0, 0, live, text, offsetof(owner, name),                                                                       \
        {                                                                                                                                  \
            __VA_ARGS__                                                                                                                    \
        }                                                                                                                                  \
    }

#define WM_FORM(owner, name, live, text, form, fits)                                                                                       \
    {                                                                                                                                      \
#name, true, "", 0, 0, 0, live, text, offsetof(owner, name), {}, form, fits                                                        \
    }

#define WM_CHECKED(owner, name, live, text, wrong)                                                                                         \
    {                                                                                                                                      \
#name, true, "", 0, 0, 0, live, text, offsetof(owner, name), {}, nullptr, nullptr, nullptr, wrong                                  \
    }

#define WM_CONN_ROWS(owner)                                                                                                                \
    WM_INT(owner, max_message, "bytes", 0, kLargest, true, "longest message that a peer may send"),                                        \
        WM_INT(owner, send_high_water, "bytes", 0, kLargest, true, "queue size above which sends return WM_BACKPRESSURE"),                 \
        WM_INT(owner, max_send_buffer, "bytes", 0, kLargest, true, "memory of the send queue above which sends return WM_EFULL"),          \
        WM_INT(owner, idle_timeout_ms, "ms", 0, kForever, true,                                                                            \
               "closes a connection whose peer has sent no part of a message, or taken none of an http answer, for so long; pings and "    \
               "pongs count "                                                                                                              \
               "for nothing; 0: never"),                                                                                                   \
        WM_INT(owner, ping_interval_ms, "ms", 0, kForever, true, "websocket: time between pings, jittered by a tenth; 0: no pings"),       \
        WM_INT(owner, pong_timeout_ms, "ms", 1, kForever, true, "websocket: ends a connection that is silent for so long after a ping"),   \
        WM_INT(owner, close_timeout_ms, "ms", 1, kForever, true, "ends a closing connection that makes no progress for so long"),          \
        WM_INT(owner, send_timeout_ms, "ms", 0, kForever, true,                                                                            \
               "ends an open connection that has taken nothing of what is queued for it for so long; 0: never"),                           \
        WM_INT(owner, half_open, "bool", 0, 1, true,                                                                                       \
               "tcp, text: stays open for answers when the peer has ended its side, within close_timeout_ms"),                             \
        WM_INT(owner, auto_pong, "bool", 0, 1, true, "websocket: answers pings with their payload; 0: the host does, by wm_conn_pong"),    \
        WM_INT(owner, slow_policy, "mode", WM_SLOW_REFUSE, WM_SLOW_LATEST, true,                                                           \
               "messages to a peer that reads too slowly: 0: WM_EFULL over max_send_buffer; 1: the same, and it closes; 2: the oldest "    \
               "that wait are dropped; 3: likewise, and for newer ones of their key; http: always 0")

#define WM_TLS_ROWS(owner, live)                                                                                                           \
    WM_TEXT(owner, tls_cert, live, "TLS: path of the certificate with its chain behind it, PEM"),                                          \
        WM_TEXT(owner, tls_key, live, "TLS: path of the certificate's key, PEM; empty: it is in tls_cert"),                                \
        WM_TEXT(owner, tls_passphrase_file, live, "TLS: path of a file whose first line is the passphrase of the keys"),                   \
        WM_TEXT(owner, tls_ca, live,                                                                                                       \
                "TLS: path of the CAs that a peer's certificate has to come from, PEM; empty: of a client the system's"),                  \
        WM_TEXT(owner, tls_alpn, live, "TLS: protocols to agree on by ALPN, with commas; empty: http/1.1 for https and wss"),              \
        WM_TEXT(owner, tls_ciphers, live,                                                                                                  \
                "TLS: ciphers as 'openssl ciphers' lists them; empty: those with forward secrecy and authenticated encryption"),           \
        WM_TEXT(owner, tls_min_version, live, "TLS: lowest version, 1.2 (the default) or 1.3", "1.2", "1.3"),                              \
        WM_INT(owner, tls_handshakes_per_turn, "count", 1, 10000, true,                                                                    \
               "TLS: handshakes that go on in one turn of the loop; others wait for the next, those that are through do not")

#define WM_DEFLATE_ROWS(owner)                                                                                                             \
    WM_TEXT(owner, deflate, true,                                                                                                          \
            "websocket: permessage-deflate (RFC 7692): off (the default); shared: each message by itself, at next to no memory for a "     \
            "connection; own: with the messages before it, which is smaller, at up to 308 KiB for a connection",                           \
            "off", "shared", "own"),                                                                                                       \
        WM_INT(owner, deflate_min, "bytes", 0, kLargest, true, "deflate: shorter messages are sent as they are"),                          \
        WM_INT(owner, deflate_level, "level", 1, 9, true, "deflate: 1 is fastest, 9 smallest"),                                            \
        WM_INT(owner, deflate_window_bits, "bits", 9, 15, true,                                                                            \
               "deflate: a window has at most 2 to the power of so many bytes: own connections take less memory with fewer, and compress " \
               "less")

constexpr const char *kQueueTotal = "memory of all send queues; 0: a quarter of the memory, or of what the control group allows";

constexpr const char *kAssemblyTotal =
    "memory of the incomplete messages of all connections; at the limit the one that has held most for longest is turned away";

constexpr const char *kKeptTotal = "http: memory of kept requests, and of answers given before their turn; what goes over it is WM_EFULL";

constexpr const char *kPingEvents = "pull mode, websocket: pings and pongs without a callback are records";

const OptionRow kAppRows[] = {
    WM_INT(AppOptions, max_connections, "count", 0, kLargest, true,
           "connections at a time, of all workers; 0: 90 % of the descriptor limit less the descriptors that are open at the start"),
    WM_INT(AppOptions, max_mailbox, "bytes", 0, kLargest, true, "what other threads may have queued for the app's thread"),
    WM_INT(AppOptions, max_queue_total, "bytes", 0, kForever, true, kQueueTotal),
    WM_INT(AppOptions, max_assembly_total, "bytes", 0, kForever, true, kAssemblyTotal),
    WM_INT(AppOptions, max_kept_total, "bytes", 0, kForever, true, kKeptTotal),
    WM_INT(AppOptions, max_deflate_total, "bytes", 0, kForever, true,
           "websocket, deflate own: memory of the windows of all connections; at the limit a connection goes on without compression"),
    WM_INT(AppOptions, max_file_answers, "count", 0, kLargest, true,
           "http: files over 16 KiB that answers hold open until their last byte has left; one more is WM_EFULL"),
    WM_INT(AppOptions, max_uploads, "count", 0, kLargest, true,
           "http, upload_dir: files of forms held open, each until its request ends; one more is not stored (WM_EFULL)"),
    WM_INT(AppOptions, stop_timeout_ms, "ms", 0, kForever, true, "how long a stop waits for connections to close"),
    WM_INT(AppOptions, reload_timeout_ms, "ms", 1, kForever, false,
           "reload: time for a new process to be ready, and for an old one to end its connections"),
    WM_INT(AppOptions, graceful_timeout_ms, "ms", 1, kForever, false, "reload -g and stop -g: time for connections to end by themselves"),
    WM_INT(AppOptions, drain_ms, "ms", 0, kForever, false,
           "reload and stop -g: websocket and text connections end over this time, so that they do not come back at once"),
    WM_INT(AppOptions, log_max_size, "bytes", 0, kForever, false,
           "size at which log_file is renamed to log_file.1, unless it is a link; 0: never"),
    WM_INT(AppOptions, max_wait_ms, "ms", 0, kForever, true,
           "longest wait of a turn; costs less than a timeout for each poll; 0: without limit"),
    WM_INT(AppOptions, slow_callback_ms, "ms", 0, kForever, true, "logs a callback that holds up the loop for longer; 0: never"),
    WM_INT(AppOptions, tls_check_ms, "ms", 10, kForever, true, "how often certificate and key files are looked at for changes"),
    WM_INT(AppOptions, tls_ticket_ms, "ms", 100, kForever, false,
           "wm_app_main: how often there are new keys for session tickets; those of the time before are taken once more as long"),
    WM_INT(AppOptions, pull, "bool", 0, 1, false, "wm_app_main returns WM_CHILD in each process, and the host polls"),
    WM_TEXT(AppOptions, name, false, "name of the instance, and of its files; empty: the program's, its files with a hash of its path"),
    WM_TEXT(AppOptions, run_dir, false,
            "directory of NAME.pid, NAME.program and NAME.sock; empty: /run/wm for root, else $XDG_RUNTIME_DIR/wm, else /tmp/wm-UID"),
    WM_TEXT(AppOptions, pid_file, false, "path of the pid file; empty: NAME.pid in run_dir"),
    WM_TEXT(AppOptions, log_file, false, "path of the log; empty: standard error, and with -d NAME.log in run_dir"),
    WM_TEXT(AppOptions, stdout_file, false, "with -d: what standard output and standard error are appended to"),
    WM_TEXT(AppOptions, start_method, false, "fork (the default); or exec: each process is the program started again", "fork", "exec"),
    WM_TEXT(AppOptions, log_level, true,
            "lines below it are dropped from the log of the process: debug, info (the default), warning or error", "debug", "info",
            "warning", "error"),
};

const OptionRow kWorkerRows[] = {
    WM_CONN_ROWS(WorkerOptions),
    WM_INT(WorkerOptions, backlog, "count", 1, 65535, false, "connections that the kernel holds until they are accepted"),
    WM_INT(WorkerOptions, handshake_timeout_ms, "ms", 1, kForever, true,
           "time for a TLS handshake, and for a websocket handshake or the head of an http request"),
    WM_INT(WorkerOptions, max_header_bytes, "bytes", 64, 1 << 20, true, "http, websocket: longest head of a request"),
    WM_INT(WorkerOptions, max_headers, "count", 1, 10000, true, "http, websocket: header lines of a request"),
    WM_INT(WorkerOptions, max_pipelined, "count", 1, 10000, true, "http: unanswered requests of a connection at which reading pauses"),
    WM_INT(WorkerOptions, request_timeout_ms, "ms", 0, kForever, true,
           "http: time for the host to answer a request, or to begin a streamed answer, else 503 and a line in the log; 0: without limit"),
    WM_INT(WorkerOptions, body_timeout_ms, "ms", 0, kForever, true,
           "http: in each such time part of a body that is awaited has to come, as body_min_rate says, else 408; 0: without limit"),
    WM_INT(WorkerOptions, body_min_rate, "bytes/s", 0, kLargest, true,
           "http: what has to come of a body, on average over body_timeout_ms; 0: anything will do"),
    WM_INT(WorkerOptions, keepalive_timeout_ms, "ms", 0, kForever, true,
           "http: closes a connection that has no request for so long, its first one included; 0: idle_timeout_ms alone"),
    WM_INT(WorkerOptions, event_keepalive_ms, "ms", 0, kForever, true,
           "http: a stream of server-sent events that is silent for so long gets an empty comment; 0: never"),
    WM_INT(WorkerOptions, stream_body, "bool", 0, 1, true,
           "http: a request with a body is a message of WM_KIND_HTTP_HEAD, and its body comes in pieces (wm_worker_on_body)"),
    WM_INT(WorkerOptions, stream_parts, "bool", 0, 1, true,
           "http, stream_body, for a host that polls: a multipart form comes as its parts (WM_EVENT_PART), as with wm_worker_on_part"),
    WM_INT(WorkerOptions, max_body, "bytes", 0, kForever, true, "http, stream_body: longest body of a request; 0: without limit"),
    WM_INT(WorkerOptions, max_discard, "bytes", 0, kLargest, true,
           "http, stream_body: what is read of a body whose request is answered; when more follows, the connection closes"),
    WM_INT(WorkerOptions, max_fields, "count", 1, 1 << 20, true,
           "http: names with values that a query, a form or the cookies of a request may have"),
    WM_INT(WorkerOptions, max_parts, "count", 1, 1 << 20, true, "http: parts that a multipart form may have, files and fields"),
    WM_INT(WorkerOptions, max_part_header_bytes, "bytes", 64, 1 << 20, true, "http: longest header lines of a part of a multipart form"),
    WM_TEXT(
        WorkerOptions, upload_dir, true,
        "http, stream_body: directory of the files that parts of forms have in place of their pieces (wm_worker_on_part, stream_parts); "
        "empty: parts come in pieces"),
    WM_INT(WorkerOptions, max_upload, "bytes", 0, kForever, true, "http, upload_dir: longest file of a form; 0: max_body alone"),
    WM_FORM(WorkerOptions, methods, true,
            "http: methods that reach the host, with commas, or any; default: those of RFC 9110, and PATCH; these get 405 if left out, all "
            "others 501",
            "'any', or methods in capitals as in 'GET, POST' (they are case-sensitive, RFC 9110 §9.1)", http::valid_methods),
    WM_TEXT(
        WorkerOptions, trusted_proxies, true,
        "proxies that tell whose a connection or a request is: addresses and networks (10.0.0.0/8, 2001:db8::/32) with commas, unix, or "
        "* for every peer; holds for new connections"),
    WM_INT(WorkerOptions, proxy_protocol, "bool", 0, 1, true,
           "new connections begin with a PROXY header (HAProxy's, version 1 or 2) of a trusted proxy, others are refused"),
    WM_TEXT(
        WorkerOptions, proxy_header, true,
        "http, websocket: the header in which trusted proxies tell a client's address, X-Forwarded-For (the default) or Forwarded; or none",
        "X-Forwarded-For", "Forwarded", "none"),
    WM_TEXT(WorkerOptions, access_log, false,
            "http, websocket: path of a file that gets a line for each answer, opened anew by a reload; empty: none"),
    WM_TEXT(WorkerOptions, access_log_format, false,
            "lines of access_log: combined (the default), as those of Apache and nginx; or json, an object each", "combined", "json"),
    WM_INT(WorkerOptions, accept_batch, "count", 1, 10000, true, "connections accepted in one turn"),
    WM_INT(WorkerOptions, max_connections, "count", 0, kLargest, true,
           "connections of the worker at a time in a process; 0: no limit but the app's"),
    WM_INT(WorkerOptions, reserve_connections, "count", 0, 1 << 20, false,
           "descriptors that the process keeps for connections of this worker, whatever others take"),
    WM_INT(WorkerOptions, max_silent, "count", 0, kLargest, true,
           "connections without a word yet, over it the oldest goes; 0: http, websocket: half of all, tcp, text: no limit"),
    WM_INT(WorkerOptions, max_per_ip, "count", 0, kLargest, true,
           "connections of one address (IPv6: of a /64) in a process, others are refused; unix sockets have none; 0: no limit"),
    WM_INT(WorkerOptions, tcp_nodelay, "bool", 0, 1, false, "TCP_NODELAY"),
    WM_INT(WorkerOptions, keepalive, "bool", 0, 1, false, "SO_KEEPALIVE, with probes every 55 s"),
    WM_INT(WorkerOptions, share_listener, "bool", 0, 1, false,
           "with count 0 and a master: the master opens the listener at the start, and all processes that call wm_worker_listen share it"),
    WM_INT(WorkerOptions, reuse_port, "bool", 0, 1, false, "SO_REUSEPORT: several sockets may listen on one port"),
    WM_INT(WorkerOptions, unix_mode, "mode", 0, 0777, false, "file mode of a unix socket"),
    WM_CHECKED(
        WorkerOptions, ws_subprotocols, true,
        "websocket: subprotocols with commas, the preferred one first: the first that a client offers is chosen, none if it offers none",
        websocket::check_protocols),
    WM_INT(WorkerOptions, ws_subprotocol_required, "bool", 0, 1, true,
           "websocket: a handshake that offers none of ws_subprotocols is answered with 400"),
    WM_INT(WorkerOptions, ping_events, "bool", 0, 1, true, kPingEvents),
    WM_INT(WorkerOptions, defer_handshake, "bool", 0, 1, true, "pull mode, websocket: WM_EVENT_HANDSHAKE waits for wm_handshake_accept"),
    WM_DEFLATE_ROWS(WorkerOptions),
    WM_INT(WorkerOptions, skip_oversize, "bool", 0, 1, true, "text: a line over max_message is an error event and skipped, not a close"),
    WM_INT(WorkerOptions, refuse_http, "bool", 0, 1, true,
           "text: a line that begins an HTTP request, a Host field or a TLS hello ends the connection, so that no web page speaks to it"),
    WM_INT(WorkerOptions, count, "count", 0, 1024, false,
           "wm_app_main: processes; 0: none of its own, a process of another worker opens it by wm_worker_listen"),
    WM_INT(WorkerOptions, reloadable, "bool", 0, 1, false, "wm_app_main: 0: a reload calls on_reload only, and the process stays"),
    WM_INT(WorkerOptions, max_requests, "count", 0, kForever, false,
           "wm_app_main: requests (total_request), and up to a tenth more, after which another process replaces this one; 0: never"),
    WM_INT(WorkerOptions, udp_peers, "count", 1, 1 << 20, true,
           "udp: peers that the process knows at a time; the one whose last use is longest ago goes for another"),
    WM_INT(WorkerOptions, rcvbuf, "bytes", 0, kLargest - 1, false,
           "SO_RCVBUF, of tcp for each connection; the kernel has a limit (net.core.rmem_max); 0: the system's"),
    WM_INT(WorkerOptions, sndbuf, "bytes", 0, kLargest - 1, false, "SO_SNDBUF, likewise (net.core.wmem_max)"),
    WM_TEXT(WorkerOptions, transport, false,
            "below the protocol of the address: ssl for TLS, udp for datagrams; empty: as the address says", "tcp", "ssl", "unix", "udp"),
    WM_TLS_ROWS(WorkerOptions, false),
    WM_INT(
        WorkerOptions, tls_verify, "mode", 0, 2, false,
        "TLS: 1: asks clients for a certificate of tls_ca, and refuses those without; 2: asks, and takes those without; 0: does not ask"),
    WM_TEXT(WorkerOptions, name, true, "name in the log and in listings"),
    WM_TEXT(WorkerOptions, user, false, "wm_app_main, as root: user that the processes run as"),
    WM_TEXT(WorkerOptions, group, false, "wm_app_main, as root: group that the processes run as; empty: the user's"),
};

const OptionRow kClientRows[] = {
    WM_CONN_ROWS(ClientOptions),
    WM_INT(ClientOptions, connect_timeout_ms, "ms", 1, kForever, true,
           "time from wm_client_connect to the open event: name, connection and handshakes"),
    WM_INT(ClientOptions, reconnect_min_ms, "ms", 0, kForever, true,
           "connects again after a random time of up to this, twice as much each time up to reconnect_max_ms; 0: the host connects again"),
    WM_INT(ClientOptions, reconnect_max_ms, "ms", 1, kForever, true, "the most that the time before the next attempt grows to"),
    WM_INT(ClientOptions, tcp_nodelay, "bool", 0, 1, true, "TCP_NODELAY"),
    WM_INT(ClientOptions, keepalive, "bool", 0, 1, true, "SO_KEEPALIVE, with probes every 55 s"),
    WM_FORM(ClientOptions, source_address, true, "address that the socket is bound to, with a port or without; empty: the kernel chooses",
            "empty, or an address as in '192.0.2.1', '192.0.2.1:4000' or '[2001:db8::1]:4000'", is_source_address),
    WM_INT(ClientOptions, rcvbuf, "bytes", 0, kLargest - 1, true,
           "udp: SO_RCVBUF; the kernel has a limit (net.core.rmem_max); 0: the system's"),
    WM_INT(ClientOptions, sndbuf, "bytes", 0, kLargest - 1, true, "udp: SO_SNDBUF, likewise (net.core.wmem_max)"),
    WM_TEXT(ClientOptions, transport, true, "below the protocol of the address: ssl for TLS, udp for datagrams; empty: as the address says",
            "tcp", "ssl", "udp"),
    WM_TLS_ROWS(ClientOptions, true),
    WM_TEXT(ClientOptions, tls_server_name, true,
            "TLS: the name that the server's certificate has to have, and that is asked for; empty: the host of the address"),
    WM_INT(ClientOptions, tls_verify, "bool", 0, 1, true,
           "TLS: the server's certificate has to come from tls_ca and have its name; 0: any is taken, and the log says so"),
    WM_INT(ClientOptions, max_header_bytes, "bytes", 64, 1 << 20, true, "ws, proxy: longest head of a response"),
    WM_INT(ClientOptions, max_headers, "count", 1, 10000, true, "ws, proxy: header lines of a response"),
    WM_INT(ClientOptions, ping_events, "bool", 0, 1, true, kPingEvents),
    WM_CHECKED(ClientOptions, ws_path, true, "ws: path and query of the request; empty: the address's, or /", check_path),
    WM_CHECKED(ClientOptions, ws_headers, true,
               "ws: lines 'Name: value\\r\\n' of the request: Origin, Cookie, Authorization, Host and others",
               websocket::check_request_fields),
    WM_CHECKED(ClientOptions, ws_subprotocol, true, "ws: subprotocols with commas, the preferred one first", websocket::check_protocols),
    WM_DEFLATE_ROWS(ClientOptions),
    WM_TEXT(ClientOptions, proxy, true,
            "http://[USER:PASSWORD@]HOST:PORT, or socks5:// likewise, through which the client connects; reads back without the password"),
    WM_TEXT(ClientOptions, name, true, "name in the log and in listings"),
};

const OptionRow kConnRows[] = {WM_CONN_ROWS(ConnOptions)};

const OptionRow kProtocolRows[] = {
    WM_FORM(ProtocolOptions, delimiter, false, "ends each message; \\n \\r \\t \\0 \\xHH and \\\\ stand for a byte",
            "at most 255 bytes, in which a backslash begins \\n, \\r, \\t, \\0, \\xHH or \\\\", valid_delimiter),
    {"length_size",
     false,
     "bytes",
     0,
     0,
     8,
     false,
     "length field: its size, 1, 2, 4 or 8; 0: there is none",
     offsetof(ProtocolOptions, length_size),
     {},
     "0, 1, 2, 4 or 8",
     nullptr,
     valid_length_size},
    WM_INT(ProtocolOptions, length_offset, "bytes", 0, 65535, false, "length field: bytes in front of it"),
    WM_TEXT(ProtocolOptions, length_endian, false, "length field: its first byte", "big", "little"),
    WM_INT(ProtocolOptions, length_adjust, "bytes", -kLargest, kLargest, false,
           "length field: added to it for the bytes that follow it; of one that counts itself too, minus length_size"),
    WM_INT(ProtocolOptions, strip, "bytes", -1, 65535, false,
           "length field: bytes at the front of a message that the host does not get; -1: with length_offset 0 the field, else none"),
    WM_INT(ProtocolOptions, max_message, "bytes", 0, kLargest, false,
           "longest message; 0: the connection's max_message, which holds in any case"),
    WM_TEXT(ProtocolOptions, kind, false, "of messages: WM_KIND_TEXT or WM_KIND_BINARY", "text", "binary"),
};

const OptionRow kHubRows[] = {
    WM_TEXT(HubOptions, name, false, "its identity: hubs of one name in several processes are one hub, once they are joined"),
    WM_INT(HubOptions, max_uid, "bytes", 1, kMaxUid, true, "longest uid"),
    WM_INT(HubOptions, max_per_uid, "count", 1, 1 << 20, true, "connections of one uid; the oldest goes"),
    WM_INT(HubOptions, max_groups, "count", 1, 1 << 20, true, "groups that a connection is in at a time"),
    WM_INT(HubOptions, max_topics, "count", 1, 1 << 20, true, "topics with a function of wm_hub_on_message"),
    WM_INT(HubOptions, timeout_ms, "ms", 10, 600000, true, "how long a call waits for the answers of other processes"),
    WM_TEXT(HubOptions, engine, false,
            "wm_app_main: engine that joins the hubs of several machines, as redis://[USER:PASSWORD@]HOST:PORT or nats://HOST:PORT; reads "
            "back without the password; empty: none"),
    WM_FORM(HubOptions, cluster, false, "engine: machines with the same cluster are joined", "1 to 64 letters, digits, - and _",
            is_cluster),
    WM_TEXT(HubOptions, secret_file, false,
            "engine: path of the secret with which machines of the cluster prove what they send: a line, in a file that other users cannot "
            "open; empty: none"),
    WM_TEXT(HubOptions, engine_password, false, "engine: its password; reads back as ***"),
    WM_TEXT(HubOptions, engine_password_file, false, "engine: path of its password, likewise"),
    WM_TEXT(HubOptions, engine_tls_ca_file, false,
            "engine over TLS: path of the CAs that its certificate has to come from, PEM; empty: the system's"),
    WM_INT(HubOptions, engine_tls_verify, "bool", 0, 1, false, "engine over TLS: 0: any certificate is taken, and the log says so"),
};

#undef WM_CONN_ROWS
#undef WM_TLS_ROWS
#undef WM_DEFLATE_ROWS
#undef WM_INT
#undef WM_TEXT
#undef WM_FORM
#undef WM_CHECKED
#pragma GCC diagnostic pop

struct Table {
    const OptionRow *rows;
    size_t count;
};

Table table_of(Scope scope)
{
    switch (scope) {
    case Scope::kApp:
        return {kAppRows, std::size(kAppRows)};
    case Scope::kWorker:
        return {kWorkerRows, std::size(kWorkerRows)};
    case Scope::kClient:
        return {kClientRows, std::size(kClientRows)};
    case Scope::kConn:
        return {kConnRows, std::size(kConnRows)};
    case Scope::kHub:
        return {kHubRows, std::size(kHubRows)};
    case Scope::kProtocol:
        return {kProtocolRows, std::size(kProtocolRows)};
    }
    return {nullptr, 0};
}

} // namespace

const OptionRow *option_at(Scope scope, size_t index)
{
    Table table = table_of(scope);
    return index < table.count ? &table.rows[index] : nullptr;
}

} // namespace wm
