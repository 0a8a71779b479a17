/**
 * @file
 * Files for a scenario that answers with them: a directory of its own, and what is in it.
 */
#ifndef SUPPORT_FILES_H
#define SUPPORT_FILES_H

#include "support/client.h"

#include <fcntl.h>
#include <sys/stat.h>

enum { LONG_AGO = 1000000000 }; /* a time of files, in seconds: 2001 */

struct directory {
    char path[64];
    int fd;
};

static inline struct directory directory_begin(void)
{
    struct directory directory = {.path = "/tmp/wm-files-XXXXXX"};
    assert_non_null(mkdtemp(directory.path));
    directory.fd = open(directory.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(directory.fd >= 0);
    return directory;
}

static inline void directory_end(struct directory *directory)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", directory->path);
    assert_int_equal(system(command), 0);
    close(directory->fd);
}

static inline void set_time(const struct directory *directory, const char *name, time_t seconds, long nanoseconds)
{
    struct timespec times[2] = {{seconds, nanoseconds}, {seconds, nanoseconds}};
    assert_int_equal(utimensat(directory->fd, name, times, 0), 0);
}

/** Writes a file, as one of long ago. */
static inline void put_file(const struct directory *directory, const char *name, const void *data, size_t len)
{
    int fd = openat(directory->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    for (size_t done = 0; done < len;) {
        ssize_t written = write(fd, (const char *)data + done, len - done);
        assert_true(written > 0);
        done += (size_t)written;
    }
    close(fd);
    set_time(directory, name, LONG_AGO, 0);
}

static inline int open_file(const struct directory *directory, const char *name)
{
    int fd = openat(directory->fd, name, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

/** How many descriptors of this process are of that file. */
static inline int open_count(const struct directory *directory, const char *name)
{
    struct stat wanted, found;
    int count = 0;
    assert_int_equal(fstatat(directory->fd, name, &wanted, 0), 0);
    for (int fd = 0; fd < 1024; fd++)
        count += fstat(fd, &found) == 0 && found.st_ino == wanted.st_ino && found.st_dev == wanted.st_dev;
    return count;
}

/** Expects exactly these bytes next, and consumes them. */
static inline void client_hear_bytes(struct host *host, struct client *client, const char *data, size_t len)
{
    until(host, client_has(client, len));
    assert_true(client->len >= len);
    if (memcmp(client->in, data, len) != 0)
        fail_msg("%zu bytes differ from what was sent", len);
    client_drop(client, len);
}

#endif
