/**
 * @file
 * Files of upload_dir: what is in them, when they are removed, how a host takes one, and what cannot be stored.
 */
#define _GNU_SOURCE
#include "support/files.h"
#include "support/forms.h"

#include <dirent.h>
#include <sys/resource.h>

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

static void upload_files(struct host *host)
{
    struct directory directory = directory_begin();
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

static void file__has_what_was_sent_and_ends_with_the_request(void **state)
{
    upload_files(begin(state));
}

static void file__of_a_record_has_what_was_sent_and_ends_with_the_request(void **state)
{
    upload_files(begin_records(state));
}

static void look_at_begun(const wm_part *part, int last)
{
    char data[8] = {0};
    assert_true(last && part->fd >= 0);
    assert_int_equal(pread(part->fd, data, sizeof data - 1, 0), 7);
    assert_string_equal(data, "content");
    assert_true(!part->path || access(part->path, F_OK) == 0);
}

/** The request ends in the poll that has the record: its file is open until the next one. */
static void file__of_a_record_outlives_a_request_that_is_refused(void **state)
{
    struct directory directory = directory_begin();
    struct host *host = begin_records(state);
    upload_to(host, directory.path);
    got.on_part = look_at_begun;
    hear_refused(host, CHUNKED(TYPE), "1000\r\n" FILE_PART("f", "x") "content\r\n--b wrong", 400,
                 "RFC 2046 §5.1.1: a boundary must end its line, with CRLF, or with \"--\" and CRLF if it is the last");
    assert_int_equal(got.parts, 1);
    settle(host);
    assert_int_equal(held_of(directory.path), 0);
    assert_int_equal(files_in(directory.path), 0);
    host_end(host);
    directory_end(&directory);
}

static struct directory taken;

static void take_file(const wm_part *part, int last)
{
    char to[128], elsewhere[160];
    assert_int_equal(last, 1);
    if (!part->filename) {
        assert_int_equal(wm_part_save(part, "/tmp/x"), WM_EINVAL);
        assert_string_equal(wm_last_error(), "the part is in no file: it has no filename, or upload_dir is empty");
        return;
    }
    snprintf(to, sizeof to, "%s/taken", taken.path);
    assert_int_equal(wm_part_save(part, to), 0);
    assert_int_equal(wm_part_save(part, to), WM_EEXIST);
    snprintf(elsewhere, sizeof elsewhere, "%s/missing/x", taken.path);
    assert_int_equal(wm_part_save(part, elsewhere), WM_ENOENT);
    assert_int_equal(wm_part_save(part, "/dev/shm/wm-part"), WM_ESYS);
    assert_string_equal(wm_last_error(),
                        "/dev/shm/wm-part is on another file system than upload_dir: name the file on that one, or copy it");
    assert_int_equal(wm_part_save(part, NULL), WM_EINVAL);
    assert_int_equal(wm_part_save(NULL, to), WM_EINVAL);
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
    say_form(host, &client, FILE_PART("f", "../../evil") "content\r\n" FIELD("a") "1\r\n--b--\r\n");
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

static void leave(struct client *client)
{
    client_end(client);
}

static void destroy(struct client *client)
{
    (void)client;
    wm_conn_destroy(got.conn);
}

static void close_both(struct client *client)
{
    assert_int_equal(wm_conn_close(got.conn, 0, NULL, 0), 0);
    client_end(client);
}

/** One file is whole, the other is being written; also behind a request that is unanswered. */
static void files__of_a_connection_that_ends_in_mid_part_are_gone(void **state)
{
    static void (*const ways[])(struct client *) = {leave, client_reset, client_shut, destroy, close_both};
    struct directory directory = directory_begin();
    struct host *host = begin(state);
    upload_to(host, directory.path);
    assert_int_equal(wm_worker_set_int(host->worker, "close_timeout_ms", 100), 0); /* of one that may wait for its first answer */
    size_t closed = 0;
    for (size_t i = 0; i < 10; i++) {
        struct client client = client_begin(host);
        got.calls = 0;
        if (i >= 5)
            client_say(host, &client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        say_head(host, &client, 100000);
        client_say(host, &client, FILE_PART("f", "x") "whole\r\n" FILE_PART("g", "y") "begun");
        until(host, got.calls == 1 && held_of(directory.path) == 2);
        ways[i % 5](&client);
        until(host, held_of(directory.path) == 0);
        client_end(&client);
        until(host, count_of(host, WM_EVENT_CLOSE) == ++closed);
        assert_int_equal(files_in(directory.path), 0);
    }
    assert_int_equal(got.wholes, 0);
    host_end(host);
    directory_end(&directory);
}

static void file__of_a_form_that_is_answered_early_is_gone(void **state)
{
    struct directory directory = directory_begin();
    struct host *host = begin(state);
    struct client client = client_begin(host);
    upload_to(host, directory.path);
    for (int i = 0; i < 2; i++) {
        say_head(host, &client, strlen(FILE_PART("f", "x")) + 10);
        client_say(host, &client, FILE_PART("f", "x") "begun");
        until(host, held_of(directory.path) == 1);
        answer("early");
        hear_answer(host, &client, 200, "early");
        assert_int_equal(held_of(directory.path), 0);
        client_say(host, &client, "12345");
    }
    assert_int_equal(got.calls, 0);
    assert_int_equal(files_in(directory.path), 0);
    end(&client, host);
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
        SCENARIO(file__has_what_was_sent_and_ends_with_the_request),
        SCENARIO(file__of_a_record_has_what_was_sent_and_ends_with_the_request),
        SCENARIO(file__of_a_record_outlives_a_request_that_is_refused),
        SCENARIO(file__that_the_host_takes_stays),
        SCENARIO_NOT_OVER(files__of_a_connection_that_ends_in_mid_part_are_gone, OVER_PAIRS),
        SCENARIO(file__of_a_form_that_is_answered_early_is_gone),
        SCENARIO(file__that_cannot_be_stored_has_an_error_and_the_form_goes_on),
        SCENARIO(file__over_max_upload_is_413),
        SCENARIO(files__over_max_uploads_wait_for_no_other),
    };
    return RUN_SCENARIOS("http_uploads", scenarios);
}
