/**
 * @file
 * Forms in pieces (wm_worker_on_part): the same parts however they are cut, backpressure, what ends in the middle, limits; and files of
 * upload_dir: what is in them, when they are removed, how a host takes one, and what cannot be stored.
 */
#define _GNU_SOURCE
#include "support/files.h"
#include "support/ws_client.h"

#include <dirent.h>
#include <sys/resource.h>

enum { FORM = 1 << 20, LARGE = 200000 };

#define TYPE "Content-Type: multipart/form-data; boundary=b\r\n"
#define FIELD(name) "--b\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n"
#define FILE_PART(name, file)                                                                                                              \
    "--b\r\ncontent-type: text/x\r\ncontent-disposition: form-data; filename=\"" file "\"; name=\"" name "\"\r\n\r\n"

/** What came of the parts since begin(). */
static struct {
    char log[8192]; /**< "name [filename] (type) BYTES SUM|" of each part that is whole */
    size_t log_len, len, calls;
    uint64_t sum;
    int parts, wholes;
    wm_request request;
    wm_conn conn;
    void (*on_part)(const wm_part *part, int last); /**< of the scenario */
    int fd;                                         /**< it has taken */
    int32_t error;
    int keeps_answer;
} got;

static char form[FORM];
static size_t form_len;
static char expected[8192];

static void note(char *log, size_t *used, const char *name, const char *filename, const char *type, size_t len, uint64_t sum)
{
    *used += (size_t)snprintf(log + *used, 8192 - *used, "%s [%s] (%s) %zu %llu|", name, filename, type, len, (unsigned long long)sum);
    assert_true(*used < 8192);
}

static void text_of(char *out, size_t size, const void *text, size_t len)
{
    snprintf(out, size, "%.*s", (int)len, text ? (const char *)text : "-");
}

static void seen_part(wm_worker *worker, wm_conn conn, wm_request request, const wm_part *part, const void *data, size_t len, int32_t last,
                      void *user)
{
    (void)worker, (void)user;
    assert_true(request == got.request && conn == got.conn && data == part->data && len == part->data_len && data);
    assert_true(len > 0 || last);
    got.calls++;
    got.len += len;
    got.sum = checksum(got.sum, data, len);
    assert_true(part->size == (int64_t)got.len || part->fd >= 0 || part->error != 0);
    if (last) {
        char name[64], filename[64], type[64];
        text_of(name, sizeof name, part->name, part->name_len);
        text_of(filename, sizeof filename, part->filename, part->filename ? part->filename_len : 1);
        text_of(type, sizeof type, part->type, part->type_len);
        note(got.log, &got.log_len, name, filename, type, (size_t)part->size, got.sum);
        got.len = 0;
        got.sum = 0;
        got.parts++;
    }
    if (got.on_part)
        got.on_part(part, last);
}

static void answer(const char *body)
{
    assert_int_equal(wm_request_respond(got.request, 200, NULL, 0, body, strlen(body), 0), 0);
}

static void seen_whole(wm_worker *worker, wm_conn conn, wm_request request, const void *data, size_t len, int32_t last, void *user)
{
    (void)worker, (void)conn, (void)data, (void)user;
    assert_true(request == got.request && len == 0 && last == 1);
    got.wholes++;
    if (!got.keeps_answer)
        answer("whole");
}

static void seen_head(wm_worker *worker, wm_conn conn, const void *data, size_t len, int32_t kind, void *user)
{
    (void)worker, (void)data, (void)len, (void)user;
    const void *name, *value;
    size_t name_len, value_len;
    wm_part part;
    got.request = wm_message_request(conn);
    got.conn = conn;
    assert_int_equal(kind, WM_KIND_HTTP_HEAD);
    assert_int_equal(wm_request_form_at(got.request, 0, &name, &name_len, &value, &value_len), WM_ESTATE);
    assert_string_equal(wm_last_error(), "the body comes in pieces: wm_worker_on_part gets the parts of a form");
    assert_int_equal(wm_request_part_at(got.request, 0, &part), WM_ESTATE);
}

/** A host that polls gets its parts by callbacks, too. */
static struct host *begin(void **state)
{
    memset(&got, 0, sizeof got);
    got.fd = -1;
    struct host *host = host_begin(*state, "http");
    assert_int_equal(wm_worker_set_int(host->worker, "stream_body", 1), 0);
    assert_int_equal(wm_worker_on_message(host->worker, seen_head, host, NULL), 0);
    assert_int_equal(wm_worker_on_part(host->worker, seen_part, host, NULL), 0);
    assert_int_equal(wm_worker_on_body(host->worker, seen_whole, host, NULL), 0);
    return host;
}

static void end(struct client *client, struct host *host)
{
    client_end(client);
    host_end(host);
}

static void put(const void *data, size_t len)
{
    assert_true(form_len + len <= FORM);
    memcpy(form + form_len, data, len);
    form_len += len;
}

/** Begins a form with a field, a file with what is almost a boundary all the time, and an empty field. */
static void make_form(uint32_t seed)
{
    static char data[LARGE];
    static const char almost[] = "\r\n--\r\n-\r\n--a\r\r\n--";
    size_t used = 0;
    form_len = 0;
    fill_pattern(data, sizeof data, seed);
    for (size_t i = 0; i + sizeof almost < sizeof data; i += 97)
        memcpy(data + i, almost, 1 + (i + seed) % (sizeof almost - 1));
    for (char *b = data; (b = memchr(b, 'b', (size_t)(data + sizeof data - b)));)
        *b = 'B'; /* none is a boundary */
    put(FIELD("a"), strlen(FIELD("a")));
    put("one", 3);
    put("\r\n" FILE_PART("f", "x.txt"), strlen("\r\n" FILE_PART("f", "x.txt")));
    put(data, sizeof data);
    put("\r\n" FIELD("e") "\r\n--b--\r\n", strlen("\r\n" FIELD("e") "\r\n--b--\r\n"));
    note(expected, &used, "a", "-", "", 3, checksum(0, "one", 3));
    note(expected, &used, "f", "x.txt", "text/x", sizeof data, checksum(0, data, sizeof data));
    note(expected, &used, "e", "-", "", 0, 0);
}

static void say_head(struct host *host, struct client *client, size_t len)
{
    char head[256];
    snprintf(head, sizeof head, "POST / HTTP/1.1\r\nHost: a\r\n" TYPE "Content-Length: %zu\r\n\r\n", len);
    client_say(host, client, head);
}

static void hear_answer(struct host *host, struct client *client, int status, const char *body)
{
    char head[4096];
    assert_int_equal(http_head(host, client, head), status);
    client_hear(host, client, body);
}

static void say_form(struct host *host, struct client *client, const char *text)
{
    say_head(host, client, strlen(text));
    client_say(host, client, text);
}

static size_t some(uint32_t *random, size_t most)
{
    *random = *random * 1664525 + 1013904223;
    return 1 + (*random >> 8) % most;
}

static void pieces__of_any_size_give_the_same_parts(void **state)
{
    struct host *host = begin(state);
    struct client client = client_begin(host);
    uint32_t random = 1;
    for (uint32_t round = 0; round < 6; round++) {
        int chunked = round % 2;
        size_t most = round < 2 ? 70000 : 9000;
        make_form(round);
        got.log_len = 0;
        if (chunked)
            client_say(host, &client, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" TYPE "\r\n");
        else
            say_head(host, &client, form_len);
        for (size_t at = 0, len; at < form_len; at += len) {
            len = some(&random, at < 300 || form_len - at < 300 ? 40 : most);
            len = len < form_len - at ? len : form_len - at;
            char line[32];
            snprintf(line, sizeof line, "%zx\r\n", len);
            client_say(host, &client, chunked ? line : "");
            client_send(host, &client, form + at, len);
            client_say(host, &client, chunked ? "\r\n" : "");
            turn(host, 0);
        }
        client_say(host, &client, chunked ? "0\r\n\r\n" : "");
        hear_answer(host, &client, 200, "whole");
        assert_string_equal(got.log, expected);
        assert_int_equal(got.wholes, round + 1);
    }
    end(&client, host);
}

static void pause_always(const wm_part *part, int last)
{
    (void)part, (void)last;
    assert_int_equal(wm_conn_pause_recv(got.conn), 0);
}

static void pause__stops_the_parts_at_once(void **state)
{
    struct host *host = begin(state);
    struct client client = client_begin(host);
    got.on_part = pause_always;
    for (int round = 0; round < 2; round++) { /* whole in one read, and by chunks */
        static const char text[] = FIELD("a") "one\r\n" FIELD("b") "\r\n" FILE_PART("c", "d") "3\r\n--b--\r\n";
        char line[32];
        snprintf(line, sizeof line, "%zx\r\n", strlen(text));
        if (round == 0) {
            say_form(host, &client, text);
        } else {
            client_say(host, &client, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" TYPE "\r\n");
            client_say(host, &client, line);
            client_say(host, &client, text);
            client_say(host, &client, "\r\n0\r\nX: y\r\n\r\n");
        }
        for (int i = 1; i <= 3; i++) {
            until(host, got.parts == 3 * round + i);
            settle(host);
            assert_int_equal(got.parts, 3 * round + i);
            assert_int_equal(got.wholes, round);
            assert_int_equal(wm_conn_resume_recv(got.conn), 0);
        }
        hear_answer(host, &client, 200, "whole");
    }
    assert_int_equal(got.calls, 6);
    end(&client, host);
}

static void answer_first(const wm_part *part, int last)
{
    (void)last;
    char name[2] = {0};
    answer("early");
    memcpy(name, part->name, 1); /* lives until the callback returns */
    assert_string_equal(name, "a");
}

static void answer__in_mid_part_ends_the_parts_and_serves_the_next(void **state)
{
    struct host *host = begin(state);
    struct client client = client_begin(host);
    got.on_part = answer_first;
    for (int i = 1; i <= 2; i++) {
        say_form(host, &client, FIELD("a") "one\r\n" FIELD("b") "two\r\n--b--\r\n");
        hear_answer(host, &client, 200, "early");
        assert_int_equal(got.calls, i);
    }
    assert_int_equal(got.wholes, 0);
    assert_int_equal(count_of(host, WM_EVENT_CLOSE), 0);
    end(&client, host);
}

static void destroy_first(const wm_part *part, int last)
{
    (void)last;
    wm_conn_destroy(got.conn);
    assert_memory_equal(part->name, "a", 1);
}

static void close_first(const wm_part *part, int last)
{
    (void)last;
    assert_int_equal(wm_conn_close(got.conn, 0, NULL, 0), 0);
    assert_memory_equal(part->name, "a", 1);
}

static void close__in_mid_part_is_the_last_of_it(void **state)
{
    static void (*const ways[])(const wm_part *, int) = {destroy_first, close_first};
    struct host *host = begin(state);
    for (size_t i = 0; i < 2; i++) {
        struct client client = client_begin(host);
        got.on_part = ways[i];
        say_head(host, &client, 10000);
        client_say(host, &client, FIELD("a") "one\r\n" FIELD("b") "two\r\n" FIELD("c"));
        until(host, got.calls == i + 1);
        settle(host);
        assert_int_equal(got.calls, i + 1);
        client_end(&client);
        until(host, count_of(host, WM_EVENT_CLOSE) == i + 1);
    }
    assert_int_equal(got.wholes, 0);
    host_end(host);
}

/** Says a form, and hears that refusal, which ends the connection. */
static void hear_refused(struct host *host, const char *head, const char *text, int status, const char *rule)
{
    char got_head[4096], line[256];
    struct client client = client_begin(host);
    client_say(host, &client, head);
    client_say(host, &client, text);
    assert_int_equal(http_head(host, &client, got_head), status);
    assert_non_null(strstr(got_head, "Connection: close\r\n"));
    snprintf(line, sizeof line, "%s\n", rule);
    client_hear(host, &client, line);
    client_hear_end(host, &client);
    client_end(&client);
}

#define CHUNKED(type) "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n" type "\r\n"

static void refused__with_the_rule_or_the_limit(void **state)
{
    struct host *host = begin(state);
    assert_int_equal(wm_worker_set_int(host->worker, "max_parts", 2), 0);
    assert_int_equal(wm_worker_set_int(host->worker, "max_part_header_bytes", 100), 0);
    hear_refused(host, CHUNKED(TYPE), "a\r\n--b\r\nA: b\n", 400, "RFC 2046 §5.1.1: LF without CR in the header lines of a part");
    hear_refused(host, CHUNKED(TYPE), "3\r\n--b\r\n0\r\n\r\n", 400,
                 "RFC 2046 §5.1.1: the body ends before the last boundary, which has \"--\" behind it");
    hear_refused(host, CHUNKED("Content-Type: multipart/form-data\r\n"), "", 400,
                 "RFC 2046 §5.1.1: multipart/form-data must have one boundary, of 1 to 70 letters, digits, spaces and '()+_,-./:=?");
    static char head[200];
    memset(head, 'x', sizeof head - 1);
    memcpy(head, "c7\r\n--b\r\nA: ", 12);
    hear_refused(host, CHUNKED(TYPE), head, 413,
                 "RFC 7578 §4.8: the header lines of a part are longer than max_part_header_bytes (100 bytes)");
    assert_int_equal(got.parts, 0);
    char three[512];
    snprintf(three, sizeof three, "%zx\r\n%s", strlen(FIELD("a") "\r\n") * 3, FIELD("a") "\r\n" FIELD("b") "\r\n" FIELD("c") "\r\n");
    hear_refused(host, CHUNKED(TYPE), three, 413, "RFC 7578 §4.3: more parts than max_parts (2 parts)");
    assert_int_equal(got.parts, 2);
    assert_int_equal(got.wholes, 0);
    host_end(host);
}

static void other_types__come_as_they_are(void **state)
{
    struct host *host = begin(state);
    got.keeps_answer = 1;
    struct client client = client_begin(host);
    assert_int_equal(wm_worker_on_body(host->worker, NULL, NULL, NULL), 0);
    client_say(host, &client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\n--b\r\n--b--");
    until(host, got.request);
    settle(host);
    assert_int_equal(got.calls, 0);
    answer("");
    end(&client, host);
}

// ---- files

static size_t files_in(const char *path)
{
    size_t count = 0;
    DIR *directory = opendir(path);
    assert_non_null(directory);
    for (const struct dirent *entry; (entry = readdir(directory));)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

/** Descriptors of files that are, or were, in a directory. */
static size_t held_of(const char *path)
{
    size_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    assert_non_null(directory);
    for (const struct dirent *entry; (entry = readdir(directory));) {
        char target[256] = {0};
        if (readlinkat(dirfd(directory), entry->d_name, target, sizeof target - 1) > 0)
            count += strncmp(target, path, strlen(path)) == 0 && target[strlen(path)] == '/';
    }
    closedir(directory);
    return count;
}

static void upload_to(struct host *host, const char *path)
{
    assert_int_equal(wm_worker_set_str(host->worker, "upload_dir", path), 0);
}

static void look_at_file(const wm_part *part, int last)
{
    if (!part->filename)
        return;
    static char data[LARGE];
    struct stat status;
    assert_true(last && part->data_len == 0 && part->error == 0 && part->fd >= 0);
    assert_int_equal(fstat(part->fd, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(status.st_size, part->size);
    assert_int_equal(read(part->fd, data, sizeof data), part->size);
    got.sum = checksum(0, data, (size_t)part->size);
    got.log_len = 0;
    note(got.log, &got.log_len, "a", "-", "", 3, checksum(0, "one", 3)); /* the sum of the file in place of that of no pieces */
    note(got.log, &got.log_len, "f", "x.txt", "text/x", (size_t)part->size, got.sum);
    got.sum = 0;
    got.fd = part->fd;
}

static void file__has_what_was_sent_and_ends_with_the_request(void **state)
{
    struct directory directory = directory_begin();
    struct host *host = begin(state);
    struct client client = client_begin(host);
    upload_to(host, directory.path);
    got.on_part = look_at_file;
    got.keeps_answer = 1;
    for (int i = 1; i <= 2; i++) {
        make_form((uint32_t)i);
        say_head(host, &client, form_len);
        client_send(host, &client, form, form_len);
        until(host, got.wholes == i);
        assert_string_equal(got.log, expected);
        assert_int_equal(fcntl(got.fd, F_GETFD), FD_CLOEXEC);
        answer("done");
        assert_int_equal(fcntl(got.fd, F_GETFD), -1);
        hear_answer(host, &client, 200, "done");
        assert_int_equal(files_in(directory.path), 0);
    }
    end(&client, host);
    directory_end(&directory);
}

static struct directory taken;

static void take_file(const wm_part *part, int last)
{
    char from[64], to[128];
    assert_int_equal(last, 1);
    snprintf(from, sizeof from, "/proc/self/fd/%d", part->fd);
    snprintf(to, sizeof to, "%s/taken", taken.path);
    if (part->path)
        assert_int_equal(rename(part->path, to), 0);
    else
        assert_int_equal(linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW), 0);
    got.fd = dup(part->fd);
}

static void file__that_the_host_takes_stays(void **state)
{
    char text[16] = {0};
    taken = directory_begin();
    struct host *host = begin(state);
    struct client client = client_begin(host);
    upload_to(host, taken.path);
    got.on_part = take_file;
    say_form(host, &client, FILE_PART("f", "../../evil") "content\r\n--b--\r\n");
    hear_answer(host, &client, 200, "whole");
    end(&client, host);
    assert_int_equal(pread(got.fd, text, sizeof text - 1, 0), 7);
    close(got.fd);
    int fd = open_file(&taken, "taken");
    assert_int_equal(read(fd, text, sizeof text - 1), 7);
    assert_string_equal(text, "content");
    close(fd);
    assert_int_equal(files_in(taken.path), 1);
    directory_end(&taken);
}

static void file__of_a_client_that_leaves_is_gone(void **state)
{
    struct directory directory = directory_begin();
    struct host *host = begin(state);
    struct client client = client_begin(host);
    upload_to(host, directory.path);
    say_head(host, &client, 100000);
    client_say(host, &client, FILE_PART("f", "x") "begun");
    until(host, held_of(directory.path) == 1);
    client_end(&client);
    until(host, count_of(host, WM_EVENT_CLOSE) == 1);
    until(host, held_of(directory.path) == 0);
    assert_int_equal(got.calls, 0);
    assert_int_equal(files_in(directory.path), 0);
    host_end(host);
    directory_end(&directory);
}

static int error_lines;

static void note_log(int32_t level, const void *text, size_t len, void *user)
{
    error_lines += level == WM_LOG_ERROR && memmem(text, len, "upload_dir", 10) && memmem(text, len, user, strlen((const char *)user));
}

static void note_error(const wm_part *part, int last)
{
    if (!part->filename)
        return;
    assert_true(last && part->fd == -1 && !part->path);
    got.error = part->error;
}

static const char TWO_FILES[] = FILE_PART("f", "x") "some content\r\n" FILE_PART("g", "y") "more\r\n" FIELD("a") "1\r\n--b--\r\n";

static void file__that_cannot_be_stored_has_an_error_and_the_form_goes_on(void **state)
{
    struct directory directory = directory_begin();
    char missing[128];
    snprintf(missing, sizeof missing, "%s/missing", directory.path);
    struct host *host = begin(state);
    struct client client = client_begin(host);
    error_lines = 0;
    assert_int_equal(wm_log_set(note_log, directory.path, NULL), 0);
    got.on_part = note_error;
    upload_to(host, missing);
    say_form(host, &client, TWO_FILES);
    hear_answer(host, &client, 200, "whole");
    assert_int_equal(got.error, WM_ENOENT);
    assert_int_equal(got.parts, 3);
    assert_int_equal(error_lines, 1); /* one a second */

    upload_to(host, directory.path);
    assert_int_equal(wm_app_set_int(host->app, "max_uploads", 0), 0);
    say_form(host, &client, TWO_FILES);
    hear_answer(host, &client, 200, "whole");
    assert_int_equal(got.error, WM_EFULL);

    struct rlimit old, little;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    little = old;
    little.rlim_cur = 3;
    assert_int_equal(wm_app_set_int(host->app, "max_uploads", 1000), 0);
    got.error = 0;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    say_form(host, &client, TWO_FILES);
    until(host, got.wholes == 3);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    hear_answer(host, &client, 200, "whole");
    assert_int_equal(got.error, WM_ESYS);
    assert_int_equal(got.parts, 9);
    assert_int_equal(files_in(directory.path), 0);
    assert_int_equal(wm_log_set(NULL, NULL, NULL), 0);
    end(&client, host);
    directory_end(&directory);
}

static void file__over_max_upload_is_413(void **state)
{
    struct directory directory = directory_begin();
    struct host *host = begin(state);
    upload_to(host, directory.path);
    assert_int_equal(wm_worker_set_int(host->worker, "max_upload", 10), 0);
    hear_refused(host, CHUNKED(TYPE), "1000\r\n" FIELD("a") "a field may be longer\r\n" FILE_PART("f", "x") "0123456789.", 413,
                 "a file of the form is longer than max_upload (10 bytes)");
    assert_int_equal(got.parts, 1);
    assert_int_equal(held_of(directory.path), 0);
    assert_int_equal(files_in(directory.path), 0);
    host_end(host);
    directory_end(&directory);
}

static void files__over_max_uploads_wait_for_no_other(void **state)
{
    struct directory directory = directory_begin();
    struct host *host = begin(state);
    struct client client = client_begin(host);
    upload_to(host, directory.path);
    assert_int_equal(wm_app_set_int(host->app, "max_uploads", 2), 0);
    for (int i = 0; i < 3; i++) { /* each request gives them back */
        say_form(host, &client, TWO_FILES);
        hear_answer(host, &client, 200, "whole");
        assert_int_equal(got.error, 0);
    }
    end(&client, host);
    directory_end(&directory);
}

int main(void)
{
    static const struct scenario scenarios[] = {
        SCENARIO(pieces__of_any_size_give_the_same_parts),
        SCENARIO(pause__stops_the_parts_at_once),
        SCENARIO(answer__in_mid_part_ends_the_parts_and_serves_the_next),
        SCENARIO(close__in_mid_part_is_the_last_of_it),
        SCENARIO(refused__with_the_rule_or_the_limit),
        SCENARIO(other_types__come_as_they_are),
        SCENARIO(file__has_what_was_sent_and_ends_with_the_request),
        SCENARIO(file__that_the_host_takes_stays),
        SCENARIO_NOT_OVER(file__of_a_client_that_leaves_is_gone, OVER_PAIRS),
        SCENARIO(file__that_cannot_be_stored_has_an_error_and_the_form_goes_on),
        SCENARIO(file__over_max_upload_is_413),
        SCENARIO(files__over_max_uploads_wait_for_no_other),
    };
    return RUN_SCENARIOS("http_parts", scenarios);
}
