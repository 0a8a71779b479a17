#include "process/helper.h"

#include "core/file_identity.h"
#include "process/program.h"

#include <climits>
#include <cstdlib>
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/stat.h>
#include <unistd.h>

namespace wm {

namespace {

// From the directory of the library, as installed; then from that of a library or program in a build tree.
constexpr const char *kPlaces[] = {WM_HELPER_DIR, "../libexec/wm"};

/// The file that this code is in, without links.
std::string own_file()
{
    Dl_info info = {};
    char real[PATH_MAX];
    bool found = dladdr(reinterpret_cast<const void *>(&find_helper), &info) != 0 && info.dli_fname[0] == '/';
    // Of a program, dladdr() knows what it was called.
    return realpath(found ? info.dli_fname : "/proc/self/exe", real) ? real : "";
}

/// Whether only root, and who owns this code, can have put it there.
bool is_as_trusted(const std::string &path, const std::string &own)
{
    struct stat status, mine;
    return stat(path.c_str(), &status) == 0 && stat(own.c_str(), &mine) == 0 && (status.st_uid == 0 || status.st_uid == mine.st_uid) &&
           (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/// All but the standard ones, also those that the host has left open over exec.
void close_all_on_exec()
{
    if (close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
        return;
    // A kernel before 5.11 does not know the flag, and a filter of system calls may refuse the call.
    DIR *list = opendir("/proc/self/fd");
    while (const struct dirent *entry = list ? readdir(list) : nullptr)
        if (int fd = atoi(entry->d_name); fd > STDERR_FILENO)
            fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (list)
        closedir(list);
}

} // namespace

std::string find_helper(const char *name)
{
    std::string file = own_file();
    std::string directory = file.substr(0, file.rfind('/') + 1);
    for (const char *place : kPlaces) {
        std::string folder = directory + place, path = folder + "/" + name;
        if (!file.empty() && is_as_trusted(folder, file) && is_as_trusted(path, file) &&
            faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0)
            return path;
    }
    return "";
}

bool runs_helper(pid_t pid, const char *name)
{
    std::string installed = find_helper(name);
    return !installed.empty() && FileIdentity::of_target("/proc/" + std::to_string(pid) + "/exe") == FileIdentity::of_target(installed);
}

void exec_helper(const std::string &path, const std::vector<std::string> &arguments, const std::vector<std::string> &variables,
                 const std::vector<int> &descriptors)
{
    close_all_on_exec();
    for (int fd : descriptors)
        fcntl(fd, F_SETFD, 0);
    std::vector<std::string> all = variables;
    if (const char *zone = getenv("TZ")) // of the times in the log
        all.push_back(std::string("TZ=") + zone);
    std::vector<char *> words = c_strings(arguments), environment = c_strings(all);
    execve(path.c_str(), words.data(), environment.data());
}

} // namespace wm
