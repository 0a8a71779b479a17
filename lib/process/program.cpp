#include "process/program.h"

#include "core/file_identity.h"

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace wm {

namespace {

/// An absolute path without empty parts, `.` and `..`.
std::string without_dots(const std::string &path)
{
    std::string out;
    for (size_t at = 0; at < path.size();) {
        size_t end = std::min(path.find('/', at), path.size());
        std::string part = path.substr(at, end - at);
        if (part == "..")
            out.erase(std::min(out.rfind('/'), out.size()));
        else if (!part.empty() && part != ".")
            out += "/" + part;
        at = end + 1;
    }
    return out.empty() ? "/" : out;
}

/// As the shell shows it, with the links that the user has gone through (POSIX, pwd -L); empty if unknown.
std::string working_directory()
{
    const char *shown = getenv("PWD");
    if (shown && shown[0] == '/' && FileIdentity::of_target(shown) == FileIdentity::of_target("."))
        return shown;
    char *real = getcwd(nullptr, 0);
    std::string out = real ? real : "";
    free(real);
    return out;
}

std::string own_executable()
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path);
    std::string out(path, len > 0 ? static_cast<size_t>(len) : 0);
    constexpr const char *kDeleted = " (deleted)"; // proc(5): replaced since it was started
    if (out.ends_with(kDeleted))
        out.erase(out.size() - strlen(kDeleted));
    return out;
}

bool is_file(const std::string &path)
{
    struct stat status;
    return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

} // namespace

std::string program_path(const std::string &program)
{
    if (program.starts_with('/'))
        return without_dots(program);
    std::string executable = own_executable();
    std::string directory = working_directory();
    std::string here = directory + "/" + program;
    bool from_path = program == executable.substr(executable.rfind('/') + 1); // unless it is the file here
    if (!directory.empty() && is_file(here) && (!from_path || FileIdentity::of_target(here) == FileIdentity::of_target("/proc/self/exe")))
        return without_dots(here);
    return executable.empty() ? without_dots(here) : executable;
}

std::vector<std::string> own_arguments()
{
    std::vector<std::string> out;
    FILE *file = fopen("/proc/self/cmdline", "re");
    if (!file)
        return out;
    char *word = nullptr;
    size_t room = 0;
    while (getdelim(&word, &room, '\0', file) > 0)
        out.emplace_back(word);
    free(word);
    fclose(file);
    return out;
}

std::vector<char *> c_strings(const std::vector<std::string> &texts)
{
    std::vector<char *> out;
    out.reserve(texts.size() + 1);
    for (const std::string &text : texts)
        out.push_back(const_cast<char *>(text.c_str()));
    out.push_back(nullptr);
    return out;
}

void exec_self(const std::vector<std::string> &arguments, const std::vector<std::string> &variables, const std::vector<int> &descriptors)
{
    for (int fd : descriptors)
        fcntl(fd, F_SETFD, 0);
    std::vector<char *> environment;
    environment.reserve(256);
    for (const std::string &variable : variables)
        environment.push_back(const_cast<char *>(variable.c_str()));
    for (char **entry = environ; entry && *entry; entry++) {
        auto same = [entry](const std::string &variable) { return strncmp(*entry, variable.c_str(), variable.find('=') + 1) == 0; };
        if (std::none_of(variables.begin(), variables.end(), same))
            environment.push_back(*entry);
    }
    environment.push_back(nullptr);
    std::vector<char *> words = c_strings(arguments);
    execve("/proc/self/exe", words.data(), environment.data());
}

} // namespace wm
