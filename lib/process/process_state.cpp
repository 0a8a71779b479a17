#include "process/process_state.h"

#include "core/file_identity.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <initializer_list>
#include <unistd.h>

namespace wm {

namespace {

/// The content of a small file of /proc; empty if there is none.
void read_proc(pid_t pid, const char *name, char *out, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", static_cast<int>(pid), name);
    out[0] = '\0';
    FILE *file = fopen(path, "re");
    if (!file)
        return;
    size_t got = fread(out, 1, size - 1, file);
    out[got] = '\0';
    fclose(file);
}

} // namespace

uint64_t resident_bytes(pid_t pid)
{
    char text[128];
    unsigned long long total = 0, resident = 0;
    read_proc(pid, "statm", text, sizeof text);
    if (sscanf(text, "%llu %llu", &total, &resident) != 2)
        return 0;
    return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

bool is_stopped(pid_t pid)
{
    char text[512];
    read_proc(pid, "stat", text, sizeof text);
    const char *name_end = strrchr(text, ')'); // the name may hold anything, parentheses too
    return name_end && (name_end[1] == ' ') && (name_end[2] == 'T' || name_end[2] == 't');
}

bool is_dying(pid_t pid)
{
    char text[4096];
    read_proc(pid, "stat", text, sizeof text);
    const char *name_end = strrchr(text, ')');
    char state = '\0';
    unsigned flags = 0;
    if (!name_end || sscanf(name_end, ") %c %*d %*d %*d %*d %*d %u", &state, &flags) != 2)
        return true;                 // there is no such process any more
    constexpr unsigned kExiting = 4; // PF_EXITING
    if (state == 'Z' || state == 'X' || (flags & kExiting))
        return true;
    read_proc(pid, "status", text, sizeof text);
    for (const char *name : {"SigPnd:", "ShdPnd:"}) {
        const char *line = strstr(text, name);
        unsigned long long pending = line ? strtoull(line + strlen(name), nullptr, 16) : 0;
        if (pending >> (SIGKILL - 1) & 1)
            return true;
    }
    return false;
}

bool shares_pid_namespace(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/pid", static_cast<int>(pid));
    return FileIdentity::of_target("/proc/self/ns/pid") == FileIdentity::of_target(path);
}

size_t own_threads()
{
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks)
        return 1;
    size_t count = 0;
    while (const struct dirent *entry = readdir(tasks))
        count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

} // namespace wm
