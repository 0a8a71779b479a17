/* libwm 0.1.0. Generated from include/wm by script/gen-cdef: change the headers, not this file. */
typedef uint64_t wm_conn;
typedef uint64_t wm_request;
typedef uint64_t wm_timer;
typedef uint64_t wm_watch;
typedef uint64_t wm_signal;
typedef struct wm_app wm_app;
typedef struct wm_worker wm_worker;
typedef struct wm_client wm_client;
typedef struct wm_protocol wm_protocol;
typedef struct wm_out wm_out;
typedef struct wm_hub wm_hub;
typedef void (*wm_destroy_fn)(void *user);
enum {
    WM_KIND_RAW = 1,
    WM_KIND_TEXT = 2,
    WM_KIND_BINARY = 3,
    WM_KIND_HTTP = 4,
    WM_KIND_DATAGRAM = 5,
    WM_KIND_HTTP_HEAD = 6
};
enum {
    WM_SEND_BINARY = 1,
    WM_SEND_RAW = 2,
    WM_SEND_NOW = 4,
    WM_SEND_FIRST = 8,
    WM_SEND_UNCOMPRESSED = 64,
    WM_SEND_SLOW_CLOSE = 256,
    WM_SEND_SLOW_DROP_OLDEST = 512,
    WM_SEND_SLOW_LATEST = 1024
};
enum {
    WM_SLOW_REFUSE = 0,
    WM_SLOW_CLOSE = 1,
    WM_SLOW_DROP_OLDEST = 2,
    WM_SLOW_LATEST = 3
};
enum {
    WM_REASON_PEER = 1,
    WM_REASON_LOCAL = 2,
    WM_REASON_TIMEOUT = 3,
    WM_REASON_PROTOCOL = 4,
    WM_REASON_LIMIT = 5,
    WM_REASON_ERROR = 6,
    WM_REASON_STOP = 7,
    WM_REASON_PIPE = 8
};
enum {
    WM_EVENT_CONNECT = 1,
    WM_EVENT_HANDSHAKE = 2,
    WM_EVENT_OPEN = 3,
    WM_EVENT_MESSAGE = 4,
    WM_EVENT_BUFFER_FULL = 5,
    WM_EVENT_BUFFER_DRAIN = 6,
    WM_EVENT_ERROR = 7,
    WM_EVENT_CLOSE = 8,
    WM_EVENT_TIMER = 9,
    WM_EVENT_POST = 10,
    WM_EVENT_HUB = 11,
    WM_EVENT_STOP = 12,
    WM_EVENT_RELOAD = 13,
    WM_EVENT_CLOSING = 14,
    WM_EVENT_WATCH = 15,
    WM_EVENT_SIGNAL = 16,
    WM_EVENT_BODY = 17,
    WM_EVENT_HUB_MESSAGE = 18,
    WM_EVENT_PART = 19,
    WM_EVENT_PING = 20,
    WM_EVENT_PONG = 21
};
typedef struct wm_event {
    uint32_t kind;
    uint32_t flags;
    wm_conn conn;
    wm_worker *worker;
    void *user;
    const void *data;
    size_t len;
    uint64_t id;
    int32_t code;
    int32_t detail;
} wm_event;
typedef void (*wm_post_fn)(wm_app *app, void *user);
typedef void (*wm_app_fn)(wm_app *app, void *user);
typedef void (*wm_exit_fn)(wm_app *app, wm_worker *worker, int32_t pid, int32_t status, void *user);
wm_app *wm_app_new(void);
void wm_app_free(wm_app *app);
int wm_app_set_int(wm_app *app, const char *option, int64_t value);
int wm_app_set_str(wm_app *app, const char *option, const char *value);
int wm_app_get_int(wm_app *app, const char *option, int64_t *value);
int wm_app_get_str(wm_app *app, const char *option, const char **value);
int wm_app_run(wm_app *app);
int wm_app_run_once(wm_app *app, int64_t timeout_ms);
int wm_app_poll(wm_app *app, wm_event *events, size_t cap, int64_t timeout_ms);
int wm_app_flush(wm_app *app);
int wm_app_fd(wm_app *app);
int wm_app_stop(wm_app *app);
int wm_app_main(wm_app *app, int argc, char **argv);
int wm_app_on_master_start(wm_app *app, wm_app_fn fn, void *user, wm_destroy_fn destroy);
int wm_app_on_master_stop(wm_app *app, wm_app_fn fn, void *user, wm_destroy_fn destroy);
int wm_app_on_master_reload(wm_app *app, wm_app_fn fn, void *user, wm_destroy_fn destroy);
int wm_app_on_worker_exit(wm_app *app, wm_exit_fn fn, void *user, wm_destroy_fn destroy);
int wm_app_post(wm_app *app, wm_post_fn fn, void *user, wm_destroy_fn destroy);
typedef int32_t (*wm_start_fn)(wm_worker *worker, int32_t index, void *user);
typedef void (*wm_stop_fn)(wm_worker *worker, void *user);
typedef void (*wm_reload_fn)(wm_worker *worker, void *user);
typedef int32_t (*wm_handshake_fn)(wm_worker *worker, wm_conn conn, wm_request request, void *user);
typedef void (*wm_conn_fn)(wm_worker *worker, wm_conn conn, void *user);
typedef void (*wm_message_fn)(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user);
typedef void (*wm_error_fn)(wm_worker *worker, wm_conn conn, int32_t code, const void *text, size_t len, void *user);
typedef void (*wm_close_fn)(wm_worker *worker, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *user);
wm_worker *wm_worker_new(wm_app *app, const char *address);
void wm_worker_free(wm_worker *worker);
int wm_worker_set_int(wm_worker *worker, const char *option, int64_t value);
int wm_worker_set_str(wm_worker *worker, const char *option, const char *value);
int wm_worker_add_certificate(wm_worker *worker, const char *name, const char *cert_file, const char *key_file);
int wm_worker_get_int(wm_worker *worker, const char *option, int64_t *value);
int wm_worker_get_str(wm_worker *worker, const char *option, const char **value);
int wm_worker_on_start(wm_worker *worker, wm_start_fn fn, void *user, wm_destroy_fn destroy);
int wm_worker_on_stop(wm_worker *worker, wm_stop_fn fn, void *user, wm_destroy_fn destroy);
int wm_worker_on_reload(wm_worker *worker, wm_reload_fn fn, void *user, wm_destroy_fn destroy);
int wm_worker_on_connect(wm_worker *worker, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
int wm_worker_on_handshake(wm_worker *worker, wm_handshake_fn fn, void *user, wm_destroy_fn destroy);
int wm_worker_on_open(wm_worker *worker, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
int wm_worker_on_message(wm_worker *worker, wm_message_fn fn, void *user, wm_destroy_fn destroy);
int wm_worker_on_error(wm_worker *worker, wm_error_fn fn, void *user, wm_destroy_fn destroy);
int wm_worker_on_close(wm_worker *worker, wm_close_fn fn, void *user, wm_destroy_fn destroy);
int wm_worker_on_closing(wm_worker *worker, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
int wm_worker_on_buffer_full(wm_worker *worker, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
int wm_worker_on_buffer_drain(wm_worker *worker, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
int wm_worker_listen(wm_worker *worker);
int wm_worker_check(wm_worker *worker);
int wm_worker_unlisten(wm_worker *worker);
int wm_worker_pause_accept(wm_worker *worker);
int wm_worker_resume_accept(wm_worker *worker);
wm_conn wm_worker_adopt(wm_worker *worker, int fd);
int wm_worker_stop(wm_worker *worker);
const char *wm_worker_address(wm_worker *worker);
int64_t wm_worker_conn_count(wm_worker *worker);
wm_conn wm_worker_next_conn(wm_worker *worker, wm_conn previous);
int64_t wm_worker_broadcast(wm_worker *worker, const void *data, size_t len, int32_t flags);
int wm_worker_send_to(wm_worker *worker, const char *address, const void *data, size_t len, int32_t flags);
const char *wm_worker_error(wm_worker *worker);
int wm_worker_index(wm_worker *worker);
wm_app *wm_worker_app(wm_worker *worker);
void *wm_worker_user(wm_worker *worker);
int wm_worker_set_user(wm_worker *worker, void *user, wm_destroy_fn destroy);
wm_client *wm_client_new(wm_app *app, const char *address);
void wm_client_free(wm_client *client);
int wm_client_set_int(wm_client *client, const char *option, int64_t value);
int wm_client_set_str(wm_client *client, const char *option, const char *value);
int wm_client_get_int(wm_client *client, const char *option, int64_t *value);
int wm_client_get_str(wm_client *client, const char *option, const char **value);
int wm_client_on_connect(wm_client *client, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
int wm_client_on_open(wm_client *client, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
int wm_client_on_message(wm_client *client, wm_message_fn fn, void *user, wm_destroy_fn destroy);
int wm_client_on_error(wm_client *client, wm_error_fn fn, void *user, wm_destroy_fn destroy);
int wm_client_on_close(wm_client *client, wm_close_fn fn, void *user, wm_destroy_fn destroy);
int wm_client_on_closing(wm_client *client, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
int wm_client_on_buffer_full(wm_client *client, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
int wm_client_on_buffer_drain(wm_client *client, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
int wm_client_connect(wm_client *client);
int wm_client_reconnect(wm_client *client, int64_t delay_ms);
int wm_client_cancel_reconnect(wm_client *client);
int wm_client_close(wm_client *client);
wm_conn wm_client_conn(wm_client *client);
wm_client *wm_conn_client(wm_conn conn);
const char *wm_client_ws_subprotocol(wm_client *client);
int wm_client_response_header(wm_client *client, const char *name, const void **out, size_t *len);
const char *wm_client_address(wm_client *client);
const char *wm_client_error(wm_client *client);
wm_app *wm_client_app(wm_client *client);
void *wm_client_user(wm_client *client);
int wm_client_set_user(wm_client *client, void *user, wm_destroy_fn destroy);
int wm_conn_send(wm_conn conn, const void *data, size_t len, int32_t flags);
int wm_conn_send_latest(wm_conn conn, const void *key, size_t key_len, const void *data, size_t len, int32_t flags);
int wm_conn_send_many(const void *data, size_t len, const int64_t *sends, size_t count, int32_t *results);
int wm_conn_close(wm_conn conn, int32_t code, const void *text, size_t len);
int wm_conn_shutdown(wm_conn conn);
int wm_conn_pipe(wm_conn from, wm_conn to);
int wm_conn_destroy(wm_conn conn);
int wm_conn_pause_recv(wm_conn conn);
int wm_conn_resume_recv(wm_conn conn);
int wm_conn_remote_ip(wm_conn conn, char *out, size_t cap);
int wm_conn_remote_port(wm_conn conn);
int wm_conn_remote_address(wm_conn conn, char *out, size_t cap);
int wm_conn_local_ip(wm_conn conn, char *out, size_t cap);
int wm_conn_local_port(wm_conn conn);
int wm_conn_local_address(wm_conn conn, char *out, size_t cap);
int64_t wm_conn_bytes_read(wm_conn conn);
int64_t wm_conn_bytes_written(wm_conn conn);
int64_t wm_conn_send_queue_size(wm_conn conn);
enum {
    WM_TLS_VERSION = 1,
    WM_TLS_CIPHER = 2,
    WM_TLS_ALPN = 3,
    WM_TLS_SERVER_NAME = 4,
    WM_TLS_PEER_SUBJECT = 5,
    WM_TLS_PEER_FINGERPRINT = 6,
    WM_TLS_RESUMED = 7
};
int wm_conn_tls_info(wm_conn conn, int32_t what, char *out, size_t cap);
wm_worker *wm_conn_worker(wm_conn conn);
void *wm_conn_user(wm_conn conn);
int wm_conn_set_user(wm_conn conn, void *user, wm_destroy_fn destroy);
int wm_conn_set_int(wm_conn conn, const char *option, int64_t value);
int wm_conn_get_int(wm_conn conn, const char *option, int64_t *value);
int wm_conn_on_message(wm_conn conn, wm_message_fn fn, void *user, wm_destroy_fn destroy);
int wm_conn_on_handshake(wm_conn conn, wm_handshake_fn fn, void *user, wm_destroy_fn destroy);
int wm_conn_on_open(wm_conn conn, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
int wm_conn_on_error(wm_conn conn, wm_error_fn fn, void *user, wm_destroy_fn destroy);
int wm_conn_on_closing(wm_conn conn, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
int wm_conn_on_close(wm_conn conn, wm_close_fn fn, void *user, wm_destroy_fn destroy);
int wm_conn_on_buffer_full(wm_conn conn, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
int wm_conn_on_buffer_drain(wm_conn conn, wm_conn_fn fn, void *user, wm_destroy_fn destroy);
enum {
    WM_COOKIE_SECURE = 1,
    WM_COOKIE_HTTP_ONLY = 2,
    WM_COOKIE_PARTITIONED = 4,
    WM_COOKIE_SAME_SITE_LAX = 8,
    WM_COOKIE_SAME_SITE_STRICT = 16,
    WM_COOKIE_SAME_SITE_NONE = 32,
    WM_COOKIE_ENCODE = 64
};
int wm_cookie_format(char *out, size_t cap, const char *name, const void *value, size_t value_len, const char *domain, const char *path, int64_t max_age_s, int64_t expires_s, int32_t flags);
enum {
    WM_EINVAL = -1,
    WM_ENOMEM = -2,
    WM_ECLOSED = -3,
    WM_EFULL = -4,
    WM_EMSGSIZE = -5,
    WM_ESTATE = -6,
    WM_ETHREAD = -7,
    WM_EFORK = -8,
    WM_EADDRESS = -9,
    WM_EADDRINUSE = -10,
    WM_EADDRNOTAVAIL = -11,
    WM_EACCES = -12,
    WM_EMFILE = -13,
    WM_EOPTION = -14,
    WM_EPROTOCOL = -15,
    WM_ETIMEDOUT = -16,
    WM_ECONNREFUSED = -17,
    WM_EDNS = -18,
    WM_ETLS = -19,
    WM_ESYS = -20,
    WM_EINTERNAL = -21,
    WM_ESTOPPED = -22,
    WM_EENGINE = -23,
    WM_ENOENT = -24,
    WM_EISDIR = -25,
    WM_EEXIST = -26
};
enum {
    WM_BACKPRESSURE = 1,
    WM_QUEUED = 2,
    WM_PENDING = 3,
    WM_PARTIAL = 4,
    WM_CHILD = 100
};
const char *wm_strerror(int code);
const char *wm_error_name(int code);
const char *wm_last_error(void);
int wm_request_path_decoded(wm_request request, const void **out, size_t *len);
int wm_request_query_at(wm_request request, size_t index, const void **name, size_t *name_len, const void **value, size_t *value_len);
int wm_request_query_value(wm_request request, const char *name, const void **out, size_t *len);
int wm_request_form_at(wm_request request, size_t index, const void **name, size_t *name_len, const void **value, size_t *value_len);
int wm_request_form_value(wm_request request, const char *name, const void **out, size_t *len);
int wm_request_cookie_at(wm_request request, size_t index, const void **name, size_t *name_len, const void **value, size_t *value_len);
int wm_request_cookie(wm_request request, const char *name, const void **out, size_t *len);
int wm_request_media_type(wm_request request, const void **out, size_t *len);
int wm_request_media_parameter(wm_request request, const char *name, const void **out, size_t *len);
typedef struct wm_part {
    const void *name;
    size_t name_len;
    const void *filename;
    size_t filename_len;
    const void *type;
    size_t type_len;
    const void *headers;
    size_t headers_len;
    const void *data;
    size_t data_len;
    const char *path;
    int64_t size;
    int32_t fd;
    int32_t error;
} wm_part;
int wm_request_part_at(wm_request request, size_t index, wm_part *out);
int wm_form_parts(const void *type, size_t type_len, const void *body, size_t len, wm_part *parts, size_t cap, void *text, size_t text_cap);
int wm_part_header(const wm_part *part, const char *name, const void **out, size_t *len);
wm_request wm_message_request(wm_conn conn);
int wm_request_method(wm_request request, const void **out, size_t *len);
int wm_request_target(wm_request request, const void **out, size_t *len);
int wm_request_path(wm_request request, const void **out, size_t *len);
int wm_request_query(wm_request request, const void **out, size_t *len);
int wm_request_authority(wm_request request, const void **out, size_t *len);
int wm_request_version(wm_request request, const void **out, size_t *len);
int wm_request_body(wm_request request, const void **out, size_t *len);
int wm_request_header(wm_request request, const char *name, const void **out, size_t *len);
int wm_request_header_at(wm_request request, size_t index, const void **name, size_t *name_len, const void **value, size_t *value_len);
wm_conn wm_request_conn(wm_request request);
int wm_request_keep(wm_request request);
int wm_request_respond(wm_request request, int32_t status, const void *headers, size_t headers_len, const void *body, size_t len, int32_t flags);
int wm_request_upgrade(wm_request request, const void *headers, size_t headers_len);
int wm_handshake_accept(wm_request request, const void *headers, size_t headers_len);
int wm_handshake_reject(wm_request request, int32_t status, const void *headers, size_t headers_len, const void *body, size_t len);
typedef void (*wm_body_fn)(wm_worker *worker, wm_conn conn, wm_request request, const void *data, size_t len, int32_t last, void *user);
int wm_worker_on_body(wm_worker *worker, wm_body_fn fn, void *user, wm_destroy_fn destroy);
typedef void (*wm_part_fn)(wm_worker *worker, wm_conn conn, wm_request request, const wm_part *part, const void *data, size_t len, int32_t last, void *user);
int wm_worker_on_part(wm_worker *worker, wm_part_fn fn, void *user, wm_destroy_fn destroy);
int wm_part_save(const wm_part *part, const char *path);
int wm_request_trailer(wm_request request, const char *name, const void **out, size_t *len);
int wm_request_trailer_at(wm_request request, size_t index, const void **name, size_t *name_len, const void **value, size_t *value_len);
enum {
    WM_FILE_CONDITIONAL = 16,
    WM_FILE_PRECOMPRESSED = 32
};
int wm_request_respond_fd(wm_request request, int32_t status, const void *headers, size_t headers_len, int fd, int64_t offset, int64_t length, int32_t flags);
int wm_request_respond_file(wm_request request, int directory, const void *path, size_t path_len, const void *headers, size_t headers_len, int32_t flags);
const char *wm_media_type(const char *name);
int wm_request_respond_begin(wm_request request, int32_t status, const void *headers, size_t headers_len, int64_t length);
int wm_request_respond_write(wm_request request, const void *data, size_t len);
int wm_request_respond_end(wm_request request);
int wm_request_respond_abort(wm_request request);
int wm_request_inform(wm_request request, int32_t status, const void *headers, size_t headers_len);
int wm_request_set_user(wm_request request, void *user, wm_destroy_fn destroy);
void *wm_request_user(wm_request request);
int wm_request_event_begin(wm_request request, const void *headers, size_t headers_len);
int wm_request_event_send(wm_request request, const void *id, size_t id_len, const void *event, size_t event_len, int64_t retry_ms, const void *data, size_t len);
int wm_request_event_comment(wm_request request, const void *text, size_t len);
typedef void (*wm_hub_result_fn)(wm_hub *hub, int32_t status, int64_t connections, void *user);
typedef int32_t (*wm_hub_message_fn)(wm_hub *hub, const void *topic, size_t topic_len, const void *data, size_t len, void *user);
wm_hub *wm_hub_new(wm_app *app);
void wm_hub_free(wm_hub *hub);
int wm_hub_bind(wm_hub *hub, const void *uid, size_t uid_len, wm_conn conn);
int wm_hub_unbind(wm_hub *hub, wm_conn conn);
int wm_hub_set_int(wm_hub *hub, const char *option, int64_t value);
int wm_hub_get_int(wm_hub *hub, const char *option, int64_t *value);
int wm_hub_set_str(wm_hub *hub, const char *option, const char *value);
int wm_hub_get_str(wm_hub *hub, const char *option, const char **value);
int wm_hub_check(wm_hub *hub);
int wm_hub_ready(wm_hub *hub);
int wm_hub_send(wm_hub *hub, const void *uid, size_t uid_len, const void *data, size_t len, int32_t flags, int64_t *connections, wm_hub_result_fn done, void *user, wm_destroy_fn destroy);
int wm_hub_broadcast(wm_hub *hub, const void *data, size_t len, int32_t flags, int64_t *connections, wm_hub_result_fn done, void *user, wm_destroy_fn destroy);
int wm_hub_broadcast_except(wm_hub *hub, const void *except, size_t except_len, const void *data, size_t len, int32_t flags, int64_t *connections, wm_hub_result_fn done, void *user, wm_destroy_fn destroy);
int wm_hub_send_latest(wm_hub *hub, const void *uid, size_t uid_len, const void *key, size_t key_len, const void *data, size_t len, int32_t flags, int64_t *connections, wm_hub_result_fn done, void *user, wm_destroy_fn destroy);
int wm_hub_broadcast_latest(wm_hub *hub, const void *except, size_t except_len, const void *key, size_t key_len, const void *data, size_t len, int32_t flags, int64_t *connections, wm_hub_result_fn done, void *user, wm_destroy_fn destroy);
int wm_hub_online(wm_hub *hub, const void *uid, size_t uid_len, int64_t *connections, wm_hub_result_fn done, void *user, wm_destroy_fn destroy);
int wm_hub_kick(wm_hub *hub, const void *uid, size_t uid_len, int32_t code, const void *text, size_t text_len, int64_t *connections, wm_hub_result_fn done, void *user, wm_destroy_fn destroy);
int wm_hub_join(wm_hub *hub, const void *group, size_t group_len, wm_conn conn);
int wm_hub_leave(wm_hub *hub, const void *group, size_t group_len, wm_conn conn);
int wm_hub_join_uid(wm_hub *hub, const void *uid, size_t uid_len, const void *group, size_t group_len, int64_t *connections, wm_hub_result_fn done, void *user, wm_destroy_fn destroy);
int wm_hub_leave_uid(wm_hub *hub, const void *uid, size_t uid_len, const void *group, size_t group_len, int64_t *connections, wm_hub_result_fn done, void *user, wm_destroy_fn destroy);
int wm_hub_group_send(wm_hub *hub, const void *group, size_t group_len, const void *except, size_t except_len, const void *data, size_t len, int32_t flags, int64_t *connections, wm_hub_result_fn done, void *user, wm_destroy_fn destroy);
int wm_hub_group_send_latest(wm_hub *hub, const void *group, size_t group_len, const void *except, size_t except_len, const void *key, size_t key_len, const void *data, size_t len, int32_t flags, int64_t *connections, wm_hub_result_fn done, void *user, wm_destroy_fn destroy);
int wm_hub_on_message(wm_hub *hub, const void *topic, size_t topic_len, wm_hub_message_fn fn, void *user, wm_destroy_fn destroy);
int wm_hub_subscribe(wm_hub *hub, const void *topic, size_t topic_len, void *user);
int wm_hub_publish(wm_hub *hub, const void *topic, size_t topic_len, const void *data, size_t len, int64_t *receivers, wm_hub_result_fn done, void *user, wm_destroy_fn destroy);
enum {
    WM_LOG_DEBUG = 0,
    WM_LOG_INFO = 1,
    WM_LOG_WARN = 2,
    WM_LOG_ERROR = 3
};
typedef void (*wm_log_fn)(int32_t level, const void *text, size_t len, void *user);
int wm_log_set(wm_log_fn fn, void *user, wm_destroy_fn destroy);
int wm_log(int32_t level, const void *text, size_t len);
enum {
    WM_SCOPE_APP = 1,
    WM_SCOPE_WORKER = 2,
    WM_SCOPE_CONN = 3,
    WM_SCOPE_HUB = 4,
    WM_SCOPE_CLIENT = 5,
    WM_SCOPE_PROTOCOL = 6
};
int wm_option_next(int32_t scope, size_t index, const char **name, const char **type, const char **unit, int64_t *default_value, int64_t *min, int64_t *max, int32_t *live, const char **text);
enum {
    WM_INPUT_REFUSE = -2147483647,
    WM_DECODE_SKIP = 1
};
typedef int64_t (*wm_input_fn)(wm_conn conn, const void *data, size_t len, void *user);
typedef int32_t (*wm_transform_fn)(wm_conn conn, const void *data, size_t len, wm_out *out, void *user);
wm_protocol *wm_protocol_new(wm_app *app, const char *name);
int wm_protocol_set_int(wm_protocol *protocol, const char *option, int64_t value);
int wm_protocol_set_str(wm_protocol *protocol, const char *option, const char *value);
int wm_protocol_get_int(wm_protocol *protocol, const char *option, int64_t *value);
int wm_protocol_get_str(wm_protocol *protocol, const char *option, const char **value);
int wm_protocol_on_input(wm_protocol *protocol, wm_input_fn fn, void *user, wm_destroy_fn destroy);
int wm_protocol_on_encode(wm_protocol *protocol, wm_transform_fn fn, void *user, wm_destroy_fn destroy);
int wm_protocol_on_decode(wm_protocol *protocol, wm_transform_fn fn, void *user, wm_destroy_fn destroy);
int wm_out_write(wm_out *out, const void *data, size_t len);
void *wm_conn_protocol_state(wm_conn conn);
int wm_conn_set_protocol_state(wm_conn conn, void *state, wm_destroy_fn destroy);
typedef void (*wm_timer_fn)(wm_timer timer, void *user);
wm_timer wm_timer_add(wm_app *app, int64_t delay_ms, int64_t repeat_ms, wm_timer_fn fn, void *user, wm_destroy_fn destroy);
int wm_timer_del(wm_timer timer);
const char *wm_version(void);
uint32_t wm_abi_version(void);
enum {
    WM_WATCH_READ = 1,
    WM_WATCH_WRITE = 2
};
typedef void (*wm_watch_fn)(wm_watch watch, int fd, int32_t events, void *user);
typedef void (*wm_signal_fn)(wm_signal signal, int32_t number, void *user);
wm_watch wm_watch_add(wm_app *app, int fd, int32_t events, wm_watch_fn fn, void *user, wm_destroy_fn destroy);
int wm_watch_set(wm_watch watch, int32_t events);
int wm_watch_del(wm_watch watch);
wm_signal wm_signal_add(wm_app *app, int32_t number, wm_signal_fn fn, void *user, wm_destroy_fn destroy);
int wm_signal_del(wm_signal signal);
typedef void (*wm_ping_fn)(wm_worker *worker, wm_conn conn, const void *data, size_t len, void *user);
int wm_worker_on_ping(wm_worker *worker, wm_ping_fn fn, void *user, wm_destroy_fn destroy);
int wm_worker_on_pong(wm_worker *worker, wm_ping_fn fn, void *user, wm_destroy_fn destroy);
int wm_client_on_ping(wm_client *client, wm_ping_fn fn, void *user, wm_destroy_fn destroy);
int wm_client_on_pong(wm_client *client, wm_ping_fn fn, void *user, wm_destroy_fn destroy);
int wm_conn_on_ping(wm_conn conn, wm_ping_fn fn, void *user, wm_destroy_fn destroy);
int wm_conn_on_pong(wm_conn conn, wm_ping_fn fn, void *user, wm_destroy_fn destroy);
int wm_conn_ping(wm_conn conn, const void *data, size_t len);
int wm_conn_pong(wm_conn conn, const void *data, size_t len);
int wm_conn_ws_subprotocol(wm_conn conn, char *out, size_t cap);
int wm_conn_send_begin(wm_conn conn, int32_t flags);
int wm_conn_send_write(wm_conn conn, const void *data, size_t len);
int wm_conn_send_end(wm_conn conn);
