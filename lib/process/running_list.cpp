#include "process/running_list.h"

#include "process/holder.h"
#include "process/identity.h"
#include "process/program_file.h"

#include <algorithm>
#include <dirent.h>
#include <glob.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
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

/// A heading and at most kMost lines, sorted; empty without a line.
std::string as_list(const std::string &heading, std::vector<std::string> lines)
{
    if (lines.empty())
        return "";
    std::sort(lines.begin(), lines.end());
    std::string out = heading + ":\n";
    for (size_t i = 0; i < std::min(lines.size(), kMost); i++)
        out += lines[i];
    return lines.size() <= kMost ? out : out + "  and " + std::to_string(lines.size() - kMost) + " more\n";
}

/// Its pid files in the places that run_dir may be: /run/wm is root's, /run/NAME is systemd's (RuntimeDirectory).
std::vector<std::string> pid_files_elsewhere(const Instance &instance)
{
    std::vector<std::string> paths;
    for (const char *place : {"/run/*/", "/run/user/*/wm/", "/tmp/wm-[0-9]*/"}) {
        glob_t found = {};
        if (glob((place + instance.file_name() + ".pid").c_str(), GLOB_NOSORT, nullptr, &found) == 0)
            paths.insert(paths.end(), found.gl_pathv, found.gl_pathv + found.gl_pathc);
        globfree(&found);
    }
    std::erase(paths, instance.pid_path());
    return paths;
}

std::string how_to_reach(const std::string &run_dir, uid_t owner)
{
    constexpr std::string_view kUsers = "/wm";
    bool root = geteuid() == 0;
    if (owner != geteuid())
        return "ask as " + name_of_user(owner) + (root ? ", or with option run_dir" : "");
    if (!root && run_dir == "/tmp/wm-" + std::to_string(owner))
        return "ask without XDG_RUNTIME_DIR in the environment";
    if (!root && run_dir.ends_with(kUsers))
        return "ask with XDG_RUNTIME_DIR=" + run_dir.substr(0, run_dir.size() - kUsers.size());
    return "ask with option run_dir";
}

/// Empty: the pid file is that of another program, or of a master that was killed.
std::string line_elsewhere(const Instance &instance, const std::string &path)
{
    std::string run_dir = path.substr(0, path.rfind('/'));
    std::string program_path = run_dir + "/" + instance.file_name() + ".program";
    std::string own = file_name(instance.program());
    struct stat status;
    Holder holder = read_holder(path, program_path, false);
    if (holder.pid == 0 || lstat(path.c_str(), &status) != 0)
        return "";
    if (holder.pid < 0) // another user's: its lock cannot be asked for
        holder.program = read_program(program_path);
    if (!holder.program.empty() && file_name(holder.program) != own)
        return "";
    std::string line = "  " + (holder.program.empty() ? own : holder.program);
    if (holder.pid > 0)
        line += " (pid " + std::to_string(holder.pid) + ")";
    line += " of " + name_of_user(status.st_uid) + " in " + run_dir;
    return line + ": " + how_to_reach(run_dir, status.st_uid) + "\n";
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
    return as_list("running instances of " + program, lines);
}

std::string list_elsewhere(const Instance &instance)
{
    std::vector<std::string> lines;
    for (const std::string &path : pid_files_elsewhere(instance))
        if (std::string line = line_elsewhere(instance, path); !line.empty())
            lines.push_back(line);
    return as_list("seen elsewhere", lines);
}

} // namespace wm
