/**
 * @file
 * The server under the conformance suite: every protocol over every transport, on the public headers only.
 *
 * Usage: conformance_server [--pull] [--dir DIR] [--tls] [--certificate NAME CERT KEY]... [NAME=VALUE...]
 *
 * Opens websocket, http, text and raw workers on 127.0.0.1, [::1] and, with --dir, on unix sockets in DIR; with
 * --tls also those over TLS (tls_cert=... and so on say how). --certificate adds one for a server name ("": its own). NAME=VALUE sets an
 * option on every worker, or on the app. --pull serves the same through wm_app_poll. Standard output has one line an event:
 *
 *     listen LABEL ADDRESS                     one for each worker, then "ready"
 *     connect LABEL CONN PORT                  PORT is the peer's, 0 for unix
 *     open LABEL CONN
 *     message LABEL CONN LENGTH                raw workers only
 *     error LABEL CONN CODE HEX                HEX is the text
 *     close LABEL CONN REASON CODE HEX
 *     stopped RESULT
 *
 * Protocols of its own, by wm_protocol_new: bar (messages end with "|"), tag (a tag of 2 bytes, 2 bytes of length, little-endian, which is
 * that of the rest; whole messages reach the host and leave it) and digits (callbacks: 4 decimal digits, the length of the rest).
 *
 * What a message does: all but http echo it in its own kind, but "!close [CODE [REASON]]", "!destroy" and, on all
 * but raw, "!bye" (an answer, then close); text, too, "!tls" (what was negotiated). http answers with what it was given, see
 * answer_request (conformance.h).
 *
 * It serves until standard input ends: a second thread reads that, and calls wm_app_stop, which any thread may.
 */
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conformance.h"

enum { PROTOCOLS = 8, TRANSPORTS = 4, MAX_CERTIFICATES = 4, SITES = PROTOCOLS * TRANSPORTS, POLL_RECORDS = 64 };

struct site {
    char label[16];
    wm_worker *worker;
    int raw;       /**< log message lengths: the reads of a raw connection are its messages */
    size_t header; /**< bytes of a message that are not its own */
};

static const char *const protocol_names[PROTOCOLS] = {"ws", "http", "text", "raw", "frame", "bar", "tag", "digits"};
static const char *const tcp_schemes[PROTOCOLS] = {"websocket", "http", "text", "tcp", "frame", "bar", "tag", "digits"};
static const char *const tls_schemes[PROTOCOLS] = {"wss", "https", "text", "ssl", "frame", "bar", "tag", "digits"};
static const char *const unix_schemes[PROTOCOLS] = {"websocket+unix", "http+unix", "text+unix", "unix",
                                                    "frame+unix",     "bar+unix",  "tag+unix",  "digits+unix"};

static struct site sites[SITES];
static int site_count;
static char **certificates[MAX_CERTIFICATES]; /**< name, certificate, key */
static int certificate_count;
static int announced;
int pull_mode;
wm_app *app;

void die(const char *what, const char *detail)
{
    fprintf(stderr, "conformance_server: %s: %s\n", what, detail);
    exit(1);
}

static void print_hex(const void *data, size_t len)
{
    const unsigned char *bytes = data;
    if (len == 0)
        putchar('-');
    for (size_t i = 0; i < len; ++i)
        printf("%02x", bytes[i]);
    putchar('\n');
}

static const char *reason_name(int32_t reason)
{
    static const char *const names[] = {"0", "PEER", "LOCAL", "TIMEOUT", "PROTOCOL", "LIMIT", "ERROR", "STOP"};
    return reason >= 0 && reason < (int32_t)(sizeof names / sizeof *names) ? names[reason] : "UNKNOWN";
}

// ---- the others: echo, and a few commands --------------------------------------------------------------------------------------

static int starts_with(const void *data, size_t len, const char *word)
{
    return len >= strlen(word) && memcmp(data, word, strlen(word)) == 0;
}

static void close_as_told(wm_conn conn, const char *words, size_t len)
{
    int32_t code = 0;
    size_t i = 0;
    while (i < len && words[i] == ' ')
        ++i;
    for (; i < len && isdigit((unsigned char)words[i]); ++i)
        code = code * 10 + (words[i] - '0');
    if (i < len && words[i] == ' ')
        ++i;
    int result = wm_conn_close(conn, code, words + i, len - i);
    if (result < 0)
        fprintf(stderr, "conformance_server: close: %s: %s\n", wm_error_name(result), wm_last_error());
}

static void echo(wm_conn conn, const void *data, size_t len, int32_t kind)
{
    int result = wm_conn_send(conn, data, len, kind == WM_KIND_BINARY ? WM_SEND_BINARY : 0);
    if (result < 0 && result != WM_ECLOSED) {
        fprintf(stderr, "conformance_server: send: %s: %s\n", wm_error_name(result), wm_last_error());
        wm_conn_destroy(conn);
    }
}

static void say_bye(struct site *site, wm_conn conn)
{
    if (site->header > 0)
        echo(conn, "OK\3\0bye", 7, WM_KIND_BINARY);
    else
        echo(conn, "bye", 3, WM_KIND_TEXT);
    wm_conn_close(conn, 0, NULL, 0);
}

static void take_message(struct site *site, wm_conn conn, const void *data, size_t len, int32_t kind, wm_request request)
{
    const char *body = (const char *)data + site->header;
    size_t body_len = len - site->header;
    if (site->raw)
        printf("message %s %llu %zu\n", site->label, (unsigned long long)conn, len);
    if (kind == WM_KIND_HTTP) {
        answer_request(conn, request);
    } else if (starts_with(body, body_len, "!close")) {
        close_as_told(conn, body + 6, body_len - 6);
    } else if (starts_with(body, body_len, "!tls")) {
        struct text answer = {NULL, 0, 0};
        describe_tls(conn, &answer);
        echo(conn, answer.data, answer.len, WM_KIND_TEXT);
        free(answer.data);
    } else if (starts_with(body, body_len, "!bye")) {
        say_bye(site, conn);
    } else if (starts_with(body, body_len, "!destroy")) {
        wm_conn_destroy(conn);
    } else {
        echo(conn, data, len, kind);
    }
}

static void log_connect(struct site *site, wm_conn conn)
{
    printf("connect %s %llu %d\n", site->label, (unsigned long long)conn, wm_conn_remote_port(conn));
}

static void log_open(struct site *site, wm_conn conn)
{
    printf("open %s %llu\n", site->label, (unsigned long long)conn);
}

static void log_error(struct site *site, wm_conn conn, int32_t code, const void *text, size_t len)
{
    printf("error %s %llu %s ", site->label, (unsigned long long)conn, wm_error_name(code));
    print_hex(text, len);
}

static void log_close(struct site *site, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len)
{
    printf("close %s %llu %s %d ", site->label, (unsigned long long)conn, reason_name(reason), code);
    print_hex(text, len);
}

// ---- protocols of its own --------------------------------------------------------------------------------------------------------

static int64_t digits_input(wm_conn conn, const void *data, size_t len, void *user)
{
    (void)conn, (void)user;
    if (len < 4)
        return -4;
    int64_t length = 0;
    for (size_t i = 0; i < 4; ++i) {
        char digit = ((const char *)data)[i];
        if (!isdigit((unsigned char)digit))
            return WM_INPUT_REFUSE;
        length = length * 10 + (digit - '0');
    }
    return 4 + length;
}

static int32_t digits_decode(wm_conn conn, const void *data, size_t len, wm_out *out, void *user)
{
    (void)conn, (void)user;
    if (len == 4)
        return WM_DECODE_SKIP; /* a message without content is a sign of life */
    return wm_out_write(out, (const char *)data + 4, len - 4);
}

static int32_t digits_encode(wm_conn conn, const void *data, size_t len, wm_out *out, void *user)
{
    (void)conn, (void)user;
    char digits[5];
    if (len > 9999)
        return -1;
    snprintf(digits, sizeof digits, "%04u", (unsigned)len);
    return wm_out_write(out, digits, 4) != 0 ? -1 : wm_out_write(out, data, len);
}

static void add_protocols(void)
{
    wm_protocol *bar = wm_protocol_new(app, "bar");
    wm_protocol *tag = wm_protocol_new(app, "tag");
    wm_protocol *digits = wm_protocol_new(app, "digits");
    if (wm_protocol_set_str(bar, "delimiter", "|") < 0 || wm_protocol_set_str(bar, "kind", "text") < 0 ||
        wm_protocol_set_int(tag, "length_offset", 2) < 0 || wm_protocol_set_int(tag, "length_size", 2) < 0 ||
        wm_protocol_set_str(tag, "length_endian", "little") < 0 || wm_protocol_on_input(digits, digits_input, NULL, NULL) < 0 ||
        wm_protocol_on_decode(digits, digits_decode, NULL, NULL) < 0 || wm_protocol_on_encode(digits, digits_encode, NULL, NULL) < 0)
        die("protocols", wm_last_error());
}

// ---- callbacks -----------------------------------------------------------------------------------------------------------------

static int32_t on_start(wm_worker *worker, int32_t index, void *user)
{
    struct site *site = user;
    (void)index;
    printf("listen %s %s\n", site->label, wm_worker_address(worker));
    if (++announced == site_count)
        printf("ready\n");
    return 0;
}

static void on_connect(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker;
    log_connect(user, conn);
}

static void on_open(wm_worker *worker, wm_conn conn, void *user)
{
    (void)worker;
    log_open(user, conn);
}

static void on_message(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker;
    take_message(user, conn, data, len, kind, kind == WM_KIND_HTTP ? wm_message_request(conn) : 0);
}

static void on_error(wm_worker *worker, wm_conn conn, int32_t code, const void *text, size_t len, void *user)
{
    (void)worker;
    log_error(user, conn, code, text, len);
}

static void on_close(wm_worker *worker, wm_conn conn, int32_t reason, int32_t code, const void *text, size_t len, void *user)
{
    (void)worker;
    log_close(user, conn, reason, code, text, len);
}

// ---- pull mode -----------------------------------------------------------------------------------------------------------------

static void take_record(const wm_event *event)
{
    if (event->kind == WM_EVENT_TIMER) {
        answer_late(event->user);
        return;
    }
    struct site *site = wm_worker_user(event->worker);
    switch (event->kind) {
    case WM_EVENT_CONNECT:
        log_connect(site, event->conn);
        break;
    case WM_EVENT_OPEN:
        log_open(site, event->conn);
        break;
    case WM_EVENT_MESSAGE:
        take_message(site, event->conn, event->data, event->len, (int32_t)(event->flags & 0xff), event->id);
        break;
    case WM_EVENT_ERROR:
        log_error(site, event->conn, event->code, event->data, event->len);
        break;
    case WM_EVENT_CLOSE:
        log_close(site, event->conn, (int32_t)(event->flags & 255), event->detail, event->data, event->len);
        break;
    default:
        break;
    }
}

static int serve_by_polling(void)
{
    wm_event events[POLL_RECORDS];
    for (;;) {
        int count = wm_app_poll(app, events, POLL_RECORDS, -1);
        if (count < 0)
            return count == WM_ESTOPPED ? 0 : count;
        for (int i = 0; i < count; ++i)
            take_record(&events[i]);
    }
}

// ---- set-up --------------------------------------------------------------------------------------------------------------------

static void add_site(int protocol, const char *transport, const char *address)
{
    struct site *site = &sites[site_count++];
    snprintf(site->label, sizeof site->label, "%s.%s", protocol_names[protocol], transport);
    site->raw = strcmp(protocol_names[protocol], "raw") == 0;
    site->header = strcmp(protocol_names[protocol], "tag") == 0 ? 4 : 0;
    wm_worker *worker = wm_worker_new(app, address);
    if (!worker)
        die(address, wm_last_error());
    site->worker = worker;
    int failed = wm_worker_set_user(worker, site, NULL) < 0 || wm_worker_on_start(worker, on_start, site, NULL) < 0;
    if (!pull_mode) {
        failed = failed || wm_worker_on_connect(worker, on_connect, site, NULL) < 0 || wm_worker_on_open(worker, on_open, site, NULL) < 0 ||
                 wm_worker_on_message(worker, on_message, site, NULL) < 0 || wm_worker_on_error(worker, on_error, site, NULL) < 0 ||
                 wm_worker_on_close(worker, on_close, site, NULL) < 0;
    }
    if (failed)
        die("setting callbacks", wm_last_error());
}

static void add_certificates(void)
{
    for (int i = 0; i < certificate_count; ++i) {
        char **words = certificates[i];
        int result =
            wm_worker_add_certificate(sites[site_count - 1].worker, *words[0] ? words[0] : NULL, words[1], *words[2] ? words[2] : NULL);
        if (result < 0)
            die("wm_worker_add_certificate", wm_last_error());
    }
}

static void add_sites(const char *dir, int tls)
{
    char address[256];
    for (int i = 0; i < PROTOCOLS; ++i) {
        snprintf(address, sizeof address, "%s://127.0.0.1:0", tcp_schemes[i]);
        add_site(i, "tcp4", address);
        snprintf(address, sizeof address, "%s://[::1]:0", tcp_schemes[i]);
        add_site(i, "tcp6", address);
        if (tls) {
            snprintf(address, sizeof address, "%s://127.0.0.1:0", tls_schemes[i]);
            add_site(i, "tls", address);
            if (strcmp(tls_schemes[i], tcp_schemes[i]) == 0 && wm_worker_set_str(sites[site_count - 1].worker, "transport", "ssl") < 0)
                die("transport", wm_last_error());
            add_certificates();
        }
        if (dir) {
            snprintf(address, sizeof address, "%s://%s/%s.sock", unix_schemes[i], dir, protocol_names[i]);
            add_site(i, "unix", address);
        }
    }
}

/** Sets NAME=VALUE on every worker, or on the app where workers have no such option. */
static void set_option(char *assignment)
{
    char *equals = strchr(assignment, '=');
    if (!equals)
        die(assignment, "not NAME=VALUE");
    *equals = '\0';
    int64_t value = strtoll(equals + 1, NULL, 10);
    for (int i = 0; i < site_count; ++i) {
        int64_t before;
        const char *text;
        if (wm_worker_get_str(sites[i].worker, assignment, &text) == 0) {
            if (wm_worker_set_str(sites[i].worker, assignment, equals + 1) < 0)
                die(assignment, wm_last_error());
            continue;
        }
        int of_worker = wm_worker_get_int(sites[i].worker, assignment, &before) == 0;
        if ((of_worker ? wm_worker_set_int(sites[i].worker, assignment, value) : wm_app_set_int(app, assignment, value)) < 0)
            die(assignment, wm_last_error());
    }
}

static void *stop_at_end_of_input(void *unused)
{
    char buffer[256];
    ssize_t got = 0;
    while ((got = read(STDIN_FILENO, buffer, sizeof buffer)) > 0 || (got < 0 && errno == EINTR)) {
    }
    wm_app_stop(app);
    return unused;
}

int main(int argc, char **argv)
{
    const char *dir = NULL;
    int tls = 0;
    char *assignments[32];
    size_t assignment_count = 0;
    for (int i = 1; i < argc; ++i) {
        if (strcmp(argv[i], "--pull") == 0)
            pull_mode = 1;
        else if (strcmp(argv[i], "--dir") == 0 && i + 1 < argc)
            dir = argv[++i];
        else if (strcmp(argv[i], "--tls") == 0)
            tls = 1;
        else if (strcmp(argv[i], "--certificate") == 0 && i + 3 < argc && certificate_count < MAX_CERTIFICATES) {
            certificates[certificate_count++] = &argv[i + 1];
            i += 3;
        } else if (assignment_count < sizeof assignments / sizeof *assignments)
            assignments[assignment_count++] = argv[i];
    }
    signal(SIGPIPE, SIG_DFL);
    // A line at a time, so that a test that has seen an answer finds the events before it.
    setvbuf(stdout, NULL, _IOLBF, 1 << 16);
    app = wm_app_new();
    if (!app)
        die("wm_app_new", wm_last_error());
    add_protocols();
    add_sites(dir, tls);
    for (size_t i = 0; i < assignment_count; ++i)
        set_option(assignments[i]);

    pthread_t reader;
    if (pthread_create(&reader, NULL, stop_at_end_of_input, NULL) != 0)
        die("pthread_create", strerror(errno));
    int result = pull_mode ? serve_by_polling() : wm_app_run(app);
    if (result < 0)
        die("serving", wm_last_error());
    pthread_join(reader, NULL);
    wm_app_free(app);
    printf("stopped %s\n", wm_error_name(result));
    return 0;
}
