/**
 * @file
 * Options of a connection and of its endpoint. The table in worker/options.cpp holds their names, ranges and
 * texts.
 */
#ifndef WM_CONN_OPTIONS_H
#define WM_CONN_OPTIONS_H

#include "net/tls/tls_options.h"
#include "proto/http/methods.h"

#include <cstdint>
#include <string>

namespace wm {

/// Options that a connection may override. Its endpoint's values are the default.
struct ConnOptions {
    int64_t max_message = 10 << 20;
    int64_t send_high_water = 256 << 10;
    int64_t max_send_buffer = 1 << 20;
    int64_t idle_timeout_ms = 0;
    int64_t ping_interval_ms = 0;
    int64_t pong_timeout_ms = 10000;
    int64_t close_timeout_ms = 5000;
    int64_t send_timeout_ms = 0;
    int64_t half_open = 0;
    int64_t auto_pong = 1;
    int64_t slow_policy = 0; ///< a SlowPolicy

    bool operator==(const ConnOptions &) const = default;
};

/// Options that apply to all connections of an endpoint.
struct EndpointOptions : ConnOptions, TlsOptions {
    int64_t handshake_timeout_ms = 10000;
    int64_t tls_handshakes_per_turn = 4;
    int64_t max_header_bytes = 16 << 10;
    int64_t max_headers = 100;
    int64_t max_pipelined = 64;
    int64_t request_timeout_ms = 0;
    int64_t body_timeout_ms = 30000;
    int64_t body_min_rate = 100;
    int64_t keepalive_timeout_ms = 0;
    int64_t event_keepalive_ms = 15000;
    int64_t stream_body = 0;
    int64_t stream_parts = 0;
    int64_t max_body = 0;
    int64_t max_discard = 1 << 20;
    int64_t max_fields = 1000;
    int64_t max_parts = 1024;
    int64_t max_part_header_bytes = 8 << 10;
    int64_t max_upload = 0;
    int64_t defer_handshake = 0;
    int64_t ping_events = 0;
    int64_t ws_subprotocol_required = 0;
    int64_t skip_oversize = 0;
    int64_t refuse_http = 1;
    int64_t proxy_protocol = 0;
    int64_t deflate_min = 128;
    int64_t deflate_level = 6;
    int64_t deflate_window_bits = 15;
    int64_t udp_peers = 1024;
    int64_t rcvbuf = 0;
    int64_t sndbuf = 0;
    std::string trusted_proxies;
    std::string proxy_header = "X-Forwarded-For";
    std::string upload_dir;
    std::string ws_subprotocols;
    std::string methods{http::kKnownMethods};
    std::string access_log;
    std::string access_log_format = "combined";
    std::string deflate = "off";
    std::string name = "none";
};

} // namespace wm

#endif
