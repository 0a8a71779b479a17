#include "core/memory_limit.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace wm {

namespace {

constexpr int64_t kNone = INT64_MAX;

/// The first line of a file without its end; empty: there is none.
std::string first_line(const std::string &path)
{
    FILE *file = fopen(path.c_str(), "re");
    if (!file)
        return "";
    char line[64] = "";
    const char *got = fgets(line, sizeof line, file);
    fclose(file);
    std::string text = got ? line : "";
    return text.substr(0, text.find('\n'));
}

/// "max", which stands for no limit, is no number; version 1 writes a number near 2^63.
int64_t number_in(const std::string &path)
{
    std::string text = first_line(path);
    char *end = nullptr;
    long long number = strtoll(text.c_str(), &end, 10);
    return text.empty() || *end != '\0' || number <= 0 ? kNone : number;
}

/// The least limit of a group and of those above it. A container may see its own group as the root, under
/// whatever path: groups that are not there have no limit.
int64_t least_limit(const std::string &mount, std::string group, const char *file)
{
    int64_t least = kNone;
    for (;;) {
        least = std::min(least, number_in(mount + group + "/" + file));
        if (group.empty())
            return least;
        group.erase(group.rfind('/'));
    }
}

} // namespace

int64_t cgroup_memory_limit(const std::string &root)
{
    FILE *file = fopen((root + "/proc/self/cgroup").c_str(), "re");
    if (!file)
        return kNone;
    int64_t least = kNone;
    char *line = nullptr;
    size_t room = 0;
    while (getline(&line, &room, file) > 0) { // "NUMBER:CONTROLLERS:/PATH"
        std::string text(line);
        size_t first = text.find(':'), second = text.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos)
            continue;
        std::string controllers = "," + text.substr(first + 1, second - first - 1) + ",";
        std::string group = text.substr(second + 1, text.find('\n', second) - second - 1);
        if (group == "/" || group.empty() || group[0] != '/')
            group.clear();
        if (controllers == ",,")
            least = std::min(least, least_limit(root + "/sys/fs/cgroup", group, "memory.max"));
        else if (controllers.find(",memory,") != std::string::npos)
            least = std::min(least, least_limit(root + "/sys/fs/cgroup/memory", group, "memory.limit_in_bytes"));
    }
    free(line);
    fclose(file);
    return least;
}

int64_t memory_limit()
{
    static const int64_t kLimit = std::min(int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGE_SIZE), cgroup_memory_limit(""));
    return kLimit;
}

} // namespace wm
