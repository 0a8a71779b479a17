/**
 * @file
 * Http: files as answers by their paths: what the request's conditions, its range and its codings make of them, and what is no file.
 */
#define _GNU_SOURCE
#include "support/files.h"
#include "support/no_openat2.h"
#include "support/ws_client.h"

#include <sys/un.h>

static const char page[] = "<!doctype html><title>0123456789</title>\n";
enum { PAGE = sizeof page - 1 };

struct stage {
    struct host *host;
    struct directory files;
    struct client client;
    size_t asked;
    const char *path; /* of all requests */
    const char *headers;
    int32_t flags;
    int result; /* of the last answer */
    char head[4096];
};

static struct stage *acting;
static bool without_openat2;

/** Answers in the callback, while the slices are there. */
static void serve(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    const char *headers = acting->headers ? acting->headers : "";
    acting->result =
        wm_request_respond_file(event->id, acting->files.fd, acting->path, strlen(acting->path), headers, strlen(headers), acting->flags);
    if (acting->result < 0)
        assert_int_equal(wm_request_respond(event->id, 500, NULL, 0, NULL, 0, 0), 0);
}

static void begin(struct stage *stage, void **state)
{
    *stage = (struct stage){.host = host_begin(*state, "http"), .files = directory_begin(), .path = "/page.html"};
    acting = stage;
    stage->host->react = serve;
    put_file(&stage->files, "page.html", page, PAGE);
    stage->client = client_begin(stage->host);
}

static void end(struct stage *stage)
{
    assert_int_equal(open_count(&stage->files, "page.html"), 0);
    client_end(&stage->client);
    host_end(stage->host);
    directory_end(&stage->files);
}

/** Asks with more header lines, and returns the status of the answer, whose head is in stage->head. */
static int ask(struct stage *stage, const char *method, const char *lines)
{
    char request[2048];
    snprintf(request, sizeof request, "%s / HTTP/1.1\r\nHost: a\r\n%s\r\n", method, lines);
    client_say(stage->host, &stage->client, request);
    stage->asked++;
    return http_head(stage->host, &stage->client, stage->head);
}

/** Expects a line of the head; one that begins with "!" is not there. */
static void expect_line(const struct stage *stage, const char *line)
{
    char wanted[256];
    int absent = line[0] == '!';
    snprintf(wanted, sizeof wanted, absent ? "\r\n%s" : "\r\n%s\r\n", line + absent);
    if ((strstr(stage->head, wanted) != NULL) == absent)
        fail_msg("%s%s in %s", absent ? "" : "no ", wanted + 2, stage->head);
}

#define EXPECT_LINES(stage, ...)                                                                                                           \
    do {                                                                                                                                   \
        static const char *const lines_[] = {__VA_ARGS__};                                                                                 \
        for (size_t i_ = 0; i_ < sizeof lines_ / sizeof *lines_; i_++)                                                                     \
            expect_line(stage, lines_[i_]);                                                                                                \
    } while (0)

static void hear(struct stage *stage, const char *data, size_t len)
{
    client_hear_bytes(stage->host, &stage->client, data, len);
}

/* 2001-09-09 01:46:40 in hexadecimal seconds and nanoseconds, and 41 bytes. */
#define ETAG "\"3b9aca00.0-29\""
#define DATE "Sun, 09 Sep 2001 01:46:40 GMT"

static void get__has_validators_type_and_length(void **state)
{
    struct stage stage;
    begin(&stage, state);
    stage.headers = "Cache-Control: no-cache\r\n";
    assert_int_equal(ask(&stage, "GET", ""), 200);
    hear(&stage, page, PAGE);
    EXPECT_LINES(&stage, "Content-Length: 41", "Content-Type: text/html;charset=utf-8", "ETag: " ETAG, "Last-Modified: " DATE,
                 "Accept-Ranges: bytes", "Cache-Control: no-cache", "!Content-Range", "!Vary", "!Content-Encoding");
    assert_int_equal(ask(&stage, "HEAD", "Range: bytes=0-4\r\n"), 200); /* RFC 9110 §14.2: ranges are of GET */
    EXPECT_LINES(&stage, "Content-Length: 41", "ETag: " ETAG, "!Content-Range");
    stage.headers = "content-type: text/x-own\r\nETag: \"own\"\r\n";
    assert_int_equal(ask(&stage, "GET", "If-None-Match: " ETAG "\r\n"), 200);
    hear(&stage, page, PAGE);
    EXPECT_LINES(&stage, "content-type: text/x-own", "!Content-Type", "ETag: \"own\"", "!ETag: " ETAG);
    assert_int_equal(ask(&stage, "GET", "If-None-Match: \"own\"\r\n"), 304);
    end(&stage);
}

static void conditions__make_304_and_412(void **state)
{
    struct stage stage;
    begin(&stage, state);
    stage.headers = "Cache-Control: max-age=60\r\nContent-Language: en\r\nContent-Location: /p\r\nX-Own: 1\r\nVary: Cookie\r\n";
    assert_int_equal(ask(&stage, "GET", "If-None-Match: " ETAG "\r\n"), 304);
    EXPECT_LINES(&stage, "ETag: " ETAG, "Cache-Control: max-age=60", "Content-Location: /p", "X-Own: 1", "Vary: Cookie",
                 "!Content-Language", "!Content-Type", "!Content-Length", "!Last-Modified");
    assert_int_equal(ask(&stage, "HEAD", "If-Modified-Since: " DATE "\r\n"), 304);
    assert_int_equal(ask(&stage, "GET", "If-Match: \"other\"\r\n"), 412);
    EXPECT_LINES(&stage, "Content-Length: 0", "X-Own: 1", "!Cache-Control", "!ETag", "!Content-Language", "!Content-Type");
    assert_int_equal(ask(&stage, "DELETE", "If-None-Match: *\r\n"), 412);
    assert_int_equal(ask(&stage, "GET", "If-Unmodified-Since: Sun, 09 Sep 2001 01:46:39 GMT\r\nRange: bytes=0-1\r\n"), 412);
    assert_int_equal(ask(&stage, "GET", "If-Modified-Since: Sun, 09 Sep 2001 01:46:39 GMT\r\n"), 200);
    hear(&stage, page, PAGE);
    end(&stage);
}

static void ranges__make_206_and_416(void **state)
{
    static const struct {
        const char *lines;
        size_t offset, length;
    } rows[] = {{"Range: bytes=0-9\r\n", 0, 10},
                {"Range: bytes=22-31\r\n", 22, 10},
                {"Range: bytes=-5\r\n", 36, 5},
                {"Range: bytes=40-\r\n", 40, 1},
                {"Range: bytes=0-4,5-9\r\n", 0, 10},
                {"Range: bytes=5-1000\r\nIf-Range: " ETAG "\r\n", 5, 36},
                {"Range: bytes=5-1000\r\nIf-Range: " DATE "\r\n", 5, 36},
                {"Range: bytes=5-6\r\nIf-Match: " ETAG "\r\n", 5, 2}};
    static const char *const whole[] = {"Range: bytes=0-0,5-6\r\n",
                                        "Range: bytes=5-2\r\n",
                                        "Range: pages=1-2\r\n",
                                        "Range: bytes=0-1\r\nRange: bytes=2-3\r\n",
                                        "Range: bytes=5-6\r\nIf-Range: \"other\"\r\n",
                                        "Range: bytes=5-6\r\nIf-Range: W/" ETAG "\r\n",
                                        "Range: bytes=100-\r\nIf-Range: \"other\"\r\n",
                                        "Range: bytes=5-6\r\nIf-Range: Sun, 09 Sep 2001 01:46:41 GMT\r\n",
                                        "If-Range: \"other\"\r\n"};
    struct stage stage;
    begin(&stage, state);
    stage.headers = "Cache-Control: max-age=60\r\n";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[64];
        assert_int_equal(ask(&stage, "GET", rows[i].lines), 206);
        snprintf(line, sizeof line, "Content-Range: bytes %zu-%zu/41", rows[i].offset, rows[i].offset + rows[i].length - 1);
        expect_line(&stage, line);
        snprintf(line, sizeof line, "Content-Length: %zu", rows[i].length);
        expect_line(&stage, line);
        hear(&stage, page + rows[i].offset, rows[i].length);
    }
    EXPECT_LINES(&stage, "ETag: " ETAG, "Last-Modified: " DATE, "Content-Type: text/html;charset=utf-8", "Cache-Control: max-age=60");
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        assert_int_equal(ask(&stage, "GET", whole[i]), 200);
        hear(&stage, page, PAGE);
    }
    assert_int_equal(ask(&stage, "GET", "Range: bytes=41-\r\n"), 416);
    EXPECT_LINES(&stage, "Content-Range: bytes */41", "Content-Length: 0", "!ETag", "!Cache-Control", "!Content-Type");
    put_file(&stage.files, "page.html", "", 0);
    assert_int_equal(ask(&stage, "GET", "Range: bytes=0-\r\n"), 200);
    EXPECT_LINES(&stage, "Content-Length: 0");
    end(&stage);
}

/** A part of a file is what is requested: ranges are of that part. */
static void serve_part(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    int fd = open_file(&acting->files, "page.html");
    assert_int_equal(wm_request_respond_fd(event->id, 404, NULL, 0, fd, 0, -1, WM_FILE_CONDITIONAL), WM_EINVAL);
    assert_non_null(strstr(wm_last_error(), "not 404"));
    assert_int_equal(wm_request_respond_fd(event->id, 200, NULL, 0, fd, 22, 10, WM_FILE_CONDITIONAL), 0);
}

static void a_part__is_a_representation(void **state)
{
    struct stage stage;
    begin(&stage, state);
    stage.host->react = serve_part;
    assert_int_equal(ask(&stage, "GET", "Range: bytes=2-3\r\n"), 206);
    EXPECT_LINES(&stage, "Content-Range: bytes 2-3/10", "ETag: \"3b9aca00.0-a\"", "!Content-Type");
    hear(&stage, "23", 2);
    assert_int_equal(ask(&stage, "GET", "Range: bytes=10-\r\n"), 416);
    assert_int_equal(ask(&stage, "GET", ""), 200);
    hear(&stage, "0123456789", 10);
    end(&stage);
}

static time_t date_in(const char *head, const char *name)
{
    struct tm broken = {0};
    const char *at = strstr(head, name);
    assert_non_null(at);
    assert_non_null(strptime(at + strlen(name), "%a, %d %b %Y %H:%M:%S GMT", &broken));
    return timegm(&broken);
}

static void a_fresh_file__has_a_weak_tag_and_no_time_ahead(void **state)
{
    struct stage stage;
    begin(&stage, state);
    set_time(&stage.files, "page.html", time(NULL) + 3600, 5); /* as fresh as it will be for long */
    assert_int_equal(ask(&stage, "GET", ""), 200);
    hear(&stage, page, PAGE);
    char *at = strstr(stage.head, "\r\nETag: W/\""), tag[64], lines[128];
    assert_non_null(at);
    snprintf(tag, sizeof tag, "%.*s", (int)strcspn(at + 8, "\r"), at + 8);
    snprintf(lines, sizeof lines, "If-None-Match: %s\r\n", tag);
    assert_int_equal(ask(&stage, "GET", lines), 304);
    snprintf(lines, sizeof lines, "If-None-Match: %s\r\n", tag + 2); /* as a later answer has it, strong */
    assert_int_equal(ask(&stage, "GET", lines), 304);
    snprintf(lines, sizeof lines, "Range: bytes=0-1\r\nIf-Range: %s\r\n", tag);
    assert_int_equal(ask(&stage, "GET", lines), 200);
    hear(&stage, page, PAGE);
    assert_true(date_in(stage.head, "\r\nLast-Modified: ") <= date_in(stage.head, "\r\nDate: ")); /* RFC 9110 §8.8.2.1 */
    end(&stage);
}

static void paths__lead_to_what_is_beneath_only(void **state)
{
    struct stage stage;
    begin(&stage, state);
    mkdirat(stage.files.fd, "sub", 0755);
    put_file(&stage.files, "sub/b.txt", "b", 1);
    put_file(&stage.files, "name", "n", 1);
    assert_int_equal(symlinkat("sub/b.txt", stage.files.fd, "inside"), 0);
    assert_int_equal(symlinkat("/etc/passwd", stage.files.fd, "outside"), 0);
    assert_int_equal(symlinkat("..", stage.files.fd, "up"), 0);
    assert_int_equal(symlinkat("../..", stage.files.fd, "sub/up"), 0);
    assert_int_equal(symlinkat("/proc/self", stage.files.fd, "self"), 0);
    assert_int_equal(symlinkat("sub", stage.files.fd, "dir"), 0);
    assert_int_equal(symlinkat("loop", stage.files.fd, "loop"), 0);
    assert_int_equal(symlinkat("/dev/zero", stage.files.fd, "zero"), 0);
    assert_int_equal(symlinkat("gone", stage.files.fd, "dangling"), 0);
    assert_int_equal(mkfifoat(stage.files.fd, "fifo", 0644), 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", stage.files.path);
    int socket_fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(socket_fd, (struct sockaddr *)&address, sizeof address), 0);
    static char longest[5000];
    memset(longest, 'a', sizeof longest - 1);
    const struct {
        const char *path;
        int result;
    } rows[] = {{"sub/b.txt", 0},
                {"//sub//b.txt", 0},
                {"sub/../sub/./b.txt", 0},
                {"inside", without_openat2 ? WM_EACCES : 0},
                {"dir/b.txt", without_openat2 ? WM_EACCES : 0},
                {"dir/", without_openat2 ? WM_EACCES : WM_EISDIR},
                {"name", 0},
                {"", WM_EISDIR},
                {"/", WM_EISDIR},
                {".", WM_EISDIR},
                {"sub", WM_EISDIR},
                {"sub/", WM_EISDIR},
                {"sub/..", WM_EISDIR},
                {"missing", WM_ENOENT},
                {"sub/missing", WM_ENOENT},
                {"name/", WM_ENOENT},
                {"name/more", WM_ENOENT},
                {"dangling", without_openat2 ? WM_EACCES : WM_ENOENT},
                {longest, WM_ENOENT},
                {longest + 4000, WM_ENOENT}, /* a name over NAME_MAX */
                {"..", WM_EACCES},
                {"../etc/passwd", WM_EACCES},
                {"sub/../../etc/passwd", WM_EACCES},
                {"sub/../..", WM_EACCES},
                {"up", WM_EACCES},
                {"up/", WM_EACCES},
                {"sub/../outside", WM_EACCES},
                {"sub/up/etc/passwd", WM_EACCES},
                {"self/cwd/etc/passwd", WM_EACCES},
                {"outside", WM_EACCES},
                {"up/etc/passwd", WM_EACCES},
                {"loop", WM_EACCES},
                {"zero", WM_EACCES},
                {"fifo", WM_EACCES},
                {"socket", WM_EACCES}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        stage.path = rows[i].path;
        int status = ask(&stage, "GET", "");
        if (stage.result != rows[i].result)
            fail_msg("\"%.60s\": %s (%s), expected %s", rows[i].path, wm_error_name(stage.result), wm_last_error(),
                     wm_error_name(rows[i].result));
        assert_int_equal(status, stage.result == 0 ? 200 : 500);
        if (status == 200)
            hear(&stage, strcmp(rows[i].path, "name") == 0 ? "n" : "b", 1);
    }
    stage.path = "name";
    assert_int_equal(ask(&stage, "GET", ""), 200);
    hear(&stage, "n", 1);
    expect_line(&stage, "Content-Type: application/octet-stream");
    close(socket_fd);
    end(&stage);
}

static int wrong_results;

static void serve_wrongly(struct host *host, const wm_event *event)
{
    (void)host;
    if (event->kind != WM_EVENT_MESSAGE)
        return;
    int fd = acting->files.fd;
    wrong_results = 0;
    wrong_results += wm_request_respond_file(event->id, fd, "page\0html", 9, NULL, 0, 0) == WM_ENOENT;
    wrong_results += wm_request_respond_file(event->id, 9999, "page.html", 9, NULL, 0, 0) == WM_EINVAL;
    wrong_results += wm_request_respond_file(event->id, -1, "page.html", 9, NULL, 0, 0) == WM_EINVAL;
    wrong_results += wm_request_respond_file(event->id, fd, NULL, 9, NULL, 0, 0) == WM_EINVAL;
    wrong_results += wm_request_respond_file(event->id, fd, "page.html", 9, "bad", 3, 0) == WM_EINVAL;
    wrong_results += wm_request_respond_file(event->id, fd, "page.html", 9, "Last-Modified: x\r\n", 18, 0) == WM_EINVAL;
    wrong_results += wm_request_respond_file(event->id, fd, "page.html", 9, "Accept-Ranges: x\r\n", 18, 0) == WM_EINVAL;
    wrong_results += wm_request_respond_file(event->id, fd, "page.html", 9, "Content-Range: x\r\n", 18, 0) == WM_EINVAL;
    wrong_results += wm_request_respond_file(event->id, fd, "page.html", 9, "ETag: x\r\n", 9, 0) == WM_EINVAL;
    wrong_results += wm_request_respond_file(event->id, fd, "page.html", 9, "ETag: \"x\"\r\nETag: \"x\"\r\n", 22, 0) == WM_EINVAL;
    wrong_results += wm_request_respond_file(event->id, fd, "page.html", 9, NULL, 0, 1 << 30) == WM_EINVAL;
    wrong_results += wm_request_respond_file(0, fd, "page.html", 9, NULL, 0, 0) == WM_ECLOSED;
    assert_int_equal(wm_request_respond(event->id, 200, NULL, 0, NULL, 0, 0), 0);
}

static void wrong_arguments__are_refused_and_the_request_stays(void **state)
{
    struct stage stage;
    begin(&stage, state);
    stage.host->react = serve_wrongly;
    assert_int_equal(ask(&stage, "GET", ""), 200);
    assert_int_equal(wrong_results, 12);
    stage.host->react = NULL;
    client_say(stage.host, &stage.client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    until(stage.host, count_of(stage.host, WM_EVENT_MESSAGE) == 2);
    settle(stage.host);
    assert_int_equal(wm_request_respond_file(nth(stage.host, WM_EVENT_MESSAGE, 1)->id, stage.files.fd, "page.html", 9, NULL, 0, 0),
                     WM_ESTATE);
    end(&stage);
}

static void neighbours__are_what_the_client_takes(void **state)
{
    static const struct {
        const char *lines, *coding, *body;
    } rows[] = {{"", NULL, page},
                {"Accept-Encoding: gzip\r\n", "gzip", "gz"},
                {"Accept-Encoding: gzip, deflate, br\r\n", "br", "brotli"},
                {"Accept-Encoding: br;q=0.5, gzip;q=0.8\r\n", "gzip", "gz"},
                {"Accept-Encoding: br;q=0, gzip;q=0\r\n", NULL, page},
                {"Accept-Encoding: identity, gzip;q=0.5\r\n", NULL, page},
                {"Accept-Encoding: *\r\n", "br", "brotli"},
                {"Accept-Encoding: zstd\r\n", NULL, page}};
    struct stage stage;
    begin(&stage, state);
    stage.flags = WM_FILE_PRECOMPRESSED;
    put_file(&stage.files, "page.html.br", "brotli", 6);
    put_file(&stage.files, "page.html.gz", "gz", 2);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[64];
        assert_int_equal(ask(&stage, "GET", rows[i].lines), 200);
        snprintf(line, sizeof line, rows[i].coding ? "Content-Encoding: %s" : "!Content-Encoding", rows[i].coding);
        expect_line(&stage, line);
        EXPECT_LINES(&stage, "Vary: Accept-Encoding", "Content-Type: text/html;charset=utf-8");
        hear(&stage, rows[i].body, strlen(rows[i].body));
    }
    /* an entity-tag of its own, and ranges of what is sent */
    assert_int_equal(ask(&stage, "GET", "Accept-Encoding: br\r\nIf-None-Match: \"3b9aca00.0-6-br\"\r\n"), 304);
    EXPECT_LINES(&stage, "ETag: \"3b9aca00.0-6-br\"", "Vary: Accept-Encoding", "!Content-Encoding");
    assert_int_equal(ask(&stage, "GET", "Accept-Encoding: gzip\r\nIf-None-Match: \"3b9aca00.0-6-br\"\r\nRange: bytes=1-\r\n"), 206);
    EXPECT_LINES(&stage, "ETag: \"3b9aca00.0-2-gzip\"", "Content-Range: bytes 1-1/2", "Content-Encoding: gzip");
    hear(&stage, "z", 1);
    /* not one that is older, by a nanosecond, nor a directory; without the flag none */
    set_time(&stage.files, "page.html.br", LONG_AGO - 1, 999999999);
    assert_int_equal(ask(&stage, "GET", "Accept-Encoding: br, gzip\r\n"), 200);
    EXPECT_LINES(&stage, "Content-Encoding: gzip");
    hear(&stage, "gz", 2);
    unlinkat(stage.files.fd, "page.html.gz", 0);
    mkdirat(stage.files.fd, "page.html.gz", 0755);
    assert_int_equal(ask(&stage, "GET", "Accept-Encoding: br, gzip\r\n"), 200);
    hear(&stage, page, PAGE);
    set_time(&stage.files, "page.html.br", LONG_AGO, 0);
    stage.flags = 0;
    assert_int_equal(ask(&stage, "GET", "Accept-Encoding: br\r\n"), 200);
    EXPECT_LINES(&stage, "!Vary", "!Content-Encoding");
    hear(&stage, page, PAGE);
    /* a neighbour alone is not what was asked for */
    put_file(&stage.files, "only.gz", "gz", 2);
    stage.flags = WM_FILE_PRECOMPRESSED;
    stage.path = "only";
    assert_int_equal(ask(&stage, "GET", "Accept-Encoding: gzip\r\n"), 500);
    assert_int_equal(stage.result, WM_ENOENT);
    end(&stage);
}

static void media_types__by_name_path_and_extension(void **state)
{
    static const char *const rows[][2] = {{"html", "text/html;charset=utf-8"},
                                          {"a.html", "text/html;charset=utf-8"},
                                          {"/x.y/A.HTML", "text/html;charset=utf-8"},
                                          {"a.png", "image/png"},
                                          {"a.json", "application/json"},
                                          {"a.wasm", "application/wasm"},
                                          {"a.svg", "image/svg+xml"},
                                          {"a.css", "text/css;charset=utf-8"},
                                          {"README", "application/octet-stream"},
                                          {"/html", "application/octet-stream"},
                                          {"a.", "application/octet-stream"},
                                          {"a.no-such-type", "application/octet-stream"},
                                          {"", "application/octet-stream"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(wm_media_type(rows[i][0]), rows[i][1]);
    assert_string_equal(wm_media_type(NULL), "application/octet-stream");
}

/** "without-openat2 ERRNO" behind its name: this process has no such call. */
int main(int argc, char **argv)
{
    if (argc > 2)
        without_openat2 = refuse_openat2(atoi(argv[2]));
    static const struct scenario scenarios[] = {
        SCENARIO(get__has_validators_type_and_length),
        SCENARIO(conditions__make_304_and_412),
        SCENARIO(ranges__make_206_and_416),
        SCENARIO(a_part__is_a_representation),
        SCENARIO(a_fresh_file__has_a_weak_tag_and_no_time_ahead),
        SCENARIO(paths__lead_to_what_is_beneath_only),
        SCENARIO(wrong_arguments__are_refused_and_the_request_stays),
        SCENARIO(neighbours__are_what_the_client_takes),
        SCENARIO(media_types__by_name_path_and_extension),
    };
    return RUN_SCENARIOS("http_file", scenarios);
}
