#include "server_cost.h"

#include <dirent.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace wm::load {
namespace {

bool read_proc(const std::string &path, std::string *out)
{
    FILE *file = std::fopen(path.c_str(), "re");
    if (file == nullptr)
        return false;
    char buffer[4096];
    size_t size = std::fread(buffer, 1, sizeof buffer, file);
    std::fclose(file);
    out->assign(buffer, size);
    return size > 0;
}

std::string proc(int pid, const char *name)
{
    return "/proc/" + std::to_string(pid) + "/" + name;
}

/// Field number `field` (from 1, as proc(5) counts) of /proc/PID/stat; the command in field 2 may hold blanks and parentheses.
const char *stat_field(const std::string &text, int field)
{
    size_t at = text.rfind(')');
    for (int i = 2; i < field && at != std::string::npos; i++)
        at = text.find(' ', at + 1);
    return at == std::string::npos ? nullptr : text.c_str() + at + 1;
}

void await_sleep(int pid)
{
    constexpr int kTries = 200;
    timespec pause{0, 100'000};
    std::string text;
    for (int i = 0; i < kTries && read_proc(proc(pid, "stat"), &text); i++) {
        const char *state = stat_field(text, 3);
        if (state == nullptr || *state != 'R')
            return;
        nanosleep(&pause, nullptr);
    }
}

/// The first number of each thread's schedstat: nanoseconds on a processor.
bool threads_ns(int pid, uint64_t *out)
{
    std::string directory = proc(pid, "task");
    DIR *dir = opendir(directory.c_str());
    if (dir == nullptr)
        return false;
    uint64_t total = 0;
    bool found = false;
    std::string text;
    while (const dirent *entry = readdir(dir)) {
        if (entry->d_name[0] == '.' || !read_proc(directory + "/" + entry->d_name + "/schedstat", &text))
            continue;
        total += std::strtoull(text.c_str(), nullptr, 10);
        found = true;
    }
    closedir(dir);
    *out += total;
    return found && total > 0;
}

bool ticks_ns(int pid, uint64_t *out)
{
    std::string text;
    if (!read_proc(proc(pid, "stat"), &text))
        return false;
    const char *user = stat_field(text, 14);
    const char *system = stat_field(text, 15);
    if (user == nullptr || system == nullptr)
        return false;
    uint64_t ticks = std::strtoull(user, nullptr, 10) + std::strtoull(system, nullptr, 10);
    *out += ticks * (1'000'000'000U / static_cast<uint64_t>(sysconf(_SC_CLK_TCK)));
    return true;
}

/// The value in bytes behind `key` in a file of lines "Key:   123 kB".
bool kilobytes(const std::string &text, const char *key, uint64_t *out)
{
    size_t at = text.find(key);
    if (at == std::string::npos)
        return false;
    *out += std::strtoull(text.c_str() + at + std::strlen(key), nullptr, 10) * 1024;
    return true;
}

} // namespace

bool ServerCost::processor_ns(uint64_t *out) const
{
    *out = 0;
    for (int pid : pids_) {
        await_sleep(pid);
        if (!ticks_only_ && threads_ns(pid, out))
            continue;
        ticks_only_ = true;
        if (!ticks_ns(pid, out))
            return false;
    }
    return true;
}

bool ServerCost::memory(ServerMemory *out) const
{
    *out = ServerMemory{};
    std::string text;
    for (int pid : pids_) {
        if (!read_proc(proc(pid, "status"), &text) || !kilobytes(text, "VmRSS:", &out->rss))
            return false;
        kilobytes(text, "RssAnon:", &out->anonymous);
        if (read_proc(proc(pid, "smaps_rollup"), &text))
            kilobytes(text, "\nPss:", &out->pss);
    }
    return true;
}

} // namespace wm::load
