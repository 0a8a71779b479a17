#include "process/running_list.h"

#include "process/holder.h"

#include <algorithm>
#include <dirent.h>
#include <vector>

namespace wm {

namespace {

constexpr size_t kMost = 10;
constexpr size_t kSuffix = 4; // of ".pid"

/// Those of the pid files in run_dir.
std::vector<std::string> names_in(const std::string &run_dir)
{
    std::vector<std::string> names;
    DIR *directory = opendir(run_dir.c_str());
    if (!directory)
        return names;
    while (const struct dirent *entry = readdir(directory)) {
        std::string name = entry->d_name;
        if (name.ends_with(".pid") && is_app_name(name.substr(0, name.size() - kSuffix)))
            names.push_back(name.substr(0, name.size() - kSuffix));
    }
    closedir(directory);
    return names;
}

std::string file_name(const std::string &path)
{
    return path.substr(path.rfind('/') + 1);
}

} // namespace

std::string list_running(const Instance &instance)
{
    if (instance.check_run_dir() != 0)
        return "";
    std::string program = file_name(instance.program());
    std::vector<std::string> lines;
    for (const std::string &name : names_in(instance.run_dir())) {
        std::string path = instance.run_dir() + "/" + name + ".pid";
        if (path == instance.pid_path())
            continue;
        Holder holder = read_holder(path, instance.run_dir() + "/" + name + ".program", false);
        if (holder.pid > 0 && file_name(holder.program) == program)
            lines.push_back("  " + holder.program + " (pid " + std::to_string(holder.pid) + "): --name " + name + "\n");
    }
    if (lines.empty())
        return "";
    std::sort(lines.begin(), lines.end());
    std::string out = "running instances of " + program + ":\n";
    for (size_t i = 0; i < std::min(lines.size(), kMost); i++)
        out += lines[i];
    return lines.size() <= kMost ? out : out + "  and " + std::to_string(lines.size() - kMost) + " more\n";
}

} // namespace wm
