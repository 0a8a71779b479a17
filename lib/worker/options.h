/**
 * @file
 * Options: the values, and the one table of their names, ranges and texts, from which set, get and wm_option_next are made.
 */
#ifndef WM_WORKER_OPTIONS_H
#define WM_WORKER_OPTIONS_H

#include "conn/options.h"
#include "net/tls/ticket_keys.h"
#include "session/custom/options.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wm {

struct WorkerOptions : EndpointOptions {
    int64_t backlog = 4096;
    int64_t accept_batch = 64;
    int64_t max_connections = 0;
    int64_t reserve_connections = 0;
    int64_t max_silent = 0;
    int64_t max_per_ip = 0;
    int64_t tcp_nodelay = 1;
    int64_t keepalive = 1;
    int64_t reuse_port = 0;
    int64_t share_listener = 0;
    int64_t unix_mode = 0660;
    int64_t count = 1;
    int64_t reloadable = 1;
    int64_t max_requests = 0;
    std::string transport;
    std::string user;
    std::string group;
};

struct ClientOptions : EndpointOptions {
    int64_t connect_timeout_ms = 10000;
    int64_t reconnect_min_ms = 0;
    int64_t reconnect_max_ms = 30000;
    int64_t tcp_nodelay = 1;
    int64_t keepalive = 1;
    std::string source_address;
    std::string ws_path;
    std::string ws_headers;
    std::string ws_subprotocol;
    std::string proxy;
    std::string transport;

    ClientOptions() { tls_verify = 1; }
};

struct AppOptions {
    int64_t max_connections = 0;
    int64_t max_mailbox = 16 << 20;
    int64_t max_queue_total = 0;
    int64_t max_assembly_total = 256 << 20;
    int64_t max_kept_total = 256 << 20;
    int64_t max_deflate_total = 256 << 20;
    int64_t max_file_answers = 1024;
    int64_t max_uploads = 1024;
    int64_t stop_timeout_ms = 2000;
    int64_t reload_timeout_ms = 10000;
    int64_t graceful_timeout_ms = 60000;
    int64_t drain_ms = 1000;
    int64_t log_max_size = 10 << 20;
    int64_t max_wait_ms = 0;
    int64_t slow_callback_ms = 500;
    int64_t tls_check_ms = 5000;
    int64_t tls_ticket_ms = TicketKeys::kRotateMs;
    int64_t pull = 0;
    std::string name;
    std::string run_dir;
    std::string pid_file;
    std::string log_file;
    std::string stdout_file = "/dev/null";
    std::string start_method = "fork";
    std::string log_level = "info";
};

inline constexpr size_t kMaxUid = 65535; ///< bytes: the most that max_uid can be
inline constexpr size_t kMaxGroup = 255; ///< bytes of a group's name
inline constexpr size_t kMaxTopic = 255; ///< bytes

struct HubOptions {
    std::string name = "hub";
    int64_t max_uid = 255;
    int64_t max_per_uid = 16;
    int64_t max_groups = 128;
    int64_t max_topics = 1024;
    int64_t timeout_ms = 1000;
    std::string engine; ///< without its passwords
    std::string cluster = "default";
    std::string secret_file;
    std::string engine_password; ///< whether there is one
    std::string engine_password_file;
    std::string engine_tls_ca_file;
    int64_t engine_tls_verify = 1;
};

enum class Scope : int32_t { kApp = 1, kWorker = 2, kConn = 3, kHub = 4, kClient = 5, kProtocol = 6 };

/// One row of the table. Values stand in a structure of the scope, at `offset`.
struct OptionRow {
    const char *name;
    bool text_value;
    const char *unit;
    int64_t default_value;
    int64_t min;
    int64_t max;
    bool live; ///< may change after listen
    const char *text;
    size_t offset;
    const char *words[4];       ///< of a text: the values that it may have; none: any
    const char *form = nullptr; ///< what `fits` demands
    bool (*fits)(std::string_view value) = nullptr;
    bool (*number_fits)(int64_t value) = nullptr;
    /// Of a text that may hold a secret: what is wrong with the value, which the detail leaves out; nullptr: nothing.
    const char *(*wrong)(std::string_view value) = nullptr;
};

/// The row at index, or nullptr.
const OptionRow *option_at(Scope scope, size_t index);

struct Connection;

/// Sets an option of one connection: as set_option.
int set_conn_option(Connection &conn, const char *name, int64_t value);

/// Sets in `options`, the scope's structure: 0, WM_EOPTION, WM_EINVAL or WM_ESTATE (`late` and the row is not live), with a detail.
int set_option(Scope scope, void *options, bool late, const char *name, int64_t value);
int set_option(Scope scope, void *options, bool late, const char *name, const char *value);
int get_option(Scope scope, const void *options, const char *name, int64_t *value);
int get_option(Scope scope, const void *options, const char *name, const char **value);

} // namespace wm

#endif
