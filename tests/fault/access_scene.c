// The access log while allocations fail: the scenes of http and of handshakes, each with a log. A line may be missing then, none is broken.
#define _GNU_SOURCE
#include "fault/fault_points.h"
#include "fault/scenes.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/** The file of this process. */
static const char *log_path(void)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/wm-sweep-access-%d.log", (int)getpid());
    return path;
}

int rig_begin_log(struct rig *rig)
{
    const char *const options[][2] = {{"access_log", log_path()}, {"access_log_format", rig->log}};
    int set = 0;
    remove(log_path());
    for (int tries = 0; set < 2 && tries < 20; tries++) // as a host does that is told
        set += rig_ok(rig, wm_worker_set_str(rig->worker, options[set][0], options[set][1]));
    return set == 2;
}

/** Answers and refusals that peers have had, or pages that have opened. */
static unsigned least_lines(const struct rig *rig)
{
    unsigned lines = 0;
    for (int i = 0; rig->kind == RIG_HTTP && i < rig->peer_count; i++)
        lines += rig->peers[i].heard + rig->peers[i].closes;
    for (int i = 0; rig->kind != RIG_HTTP && i < rig->seen_count; i++)
        lines += (unsigned)rig->seen[i].opens;
    return lines;
}

void rig_end_log(struct rig *rig)
{
    char line[1024];
    unsigned lines = 0;
    int json = strcmp(rig->log, "json") == 0;
    const char *begin = json ? "{\"time\":\"" : " - - [", *end = json ? "}\n" : "\"\n";
    FILE *file = fopen(log_path(), "r");
    while (file && fgets(line, sizeof line, file)) {
        size_t len = strlen(line);
        lines++;
        // The peer's address, or that of a client behind a proxy.
        int has_ip = strncmp(line, "127.0.0.1", 9) == 0 || strncmp(line, "192.0.2.", 8) == 0;
        const char *start = line + (has_ip && !json ? strspn(line, "0123456789.") : 0);
        if (strncmp(start, begin, strlen(begin)) != 0 || len < 2 || strcmp(line + len - 2, end) != 0)
            rig_wrong(rig, "a line of the access log: %.300s", line);
    }
    if (file)
        fclose(file);
    remove(log_path());
    if (fault_fired(FAULT_ALLOC) == 0 && lines < least_lines(rig))
        rig_wrong(rig, "%u lines of the access log, of %u answers", lines, least_lines(rig));
}
