#include "wm-serve/start_files.h"

#include <cstddef>
#include <cstdlib>
#include <optional>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace wm::serve {

namespace {

/// Whether the path is a directory; nothing where there is no file.
std::optional<bool> is_directory(const std::string &path)
{
    struct stat status;
    if (stat(path.c_str(), &status) != 0)
        return std::nullopt;
    return S_ISDIR(status.st_mode);
}

/// The library's default (wm/app.h, option run_dir).
std::string default_run_dir()
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    if (geteuid() == 0)
        return "/run/wm";
    return runtime != nullptr && *runtime == '/' ? std::string(runtime) + "/wm" : "/tmp/wm-" + std::to_string(geteuid());
}

std::string run_dir_error(const InstanceOptions &options)
{
    constexpr size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;
    std::string directory = options.run_dir.empty() ? default_run_dir() : options.run_dir;
    while (directory.size() > 1 && directory.back() == '/')
        directory.pop_back();
    std::string socket = directory + "/" + options.name + ".sock";
    if (socket.size() > kLongest)
        return "--run-dir and --name make the path of the control socket too long, at most " + std::to_string(kLongest) +
               " bytes: " + socket;
    for (size_t end = directory.size(); end != std::string::npos && end > 0; end = directory.rfind('/', end - 1))
        if (std::optional<bool> found = is_directory(directory.substr(0, end)))
            return *found ? "" : "--run-dir " + directory + ": " + directory.substr(0, end) + " is no directory";
    return "";
}

/// The last directory of the path is made at the start, those above are not.
std::string log_file_error(const std::string &path)
{
    if (path.empty())
        return "";
    if (is_directory(path).value_or(false))
        return "--log-file " + path + " is a directory: give the path of a file";
    size_t slash = path.rfind('/');
    if (slash == std::string::npos || slash == 0)
        return "";
    std::string directory = path.substr(0, slash);
    size_t above = directory.rfind('/');
    if (std::optional<bool> found = is_directory(directory))
        return *found ? "" : "--log-file " + path + ": " + directory + " is no directory";
    bool can_be_made = above == std::string::npos || above == 0 || is_directory(directory.substr(0, above)).value_or(false);
    return can_be_made ? "" : "--log-file " + path + ": there is no directory " + directory.substr(0, above);
}

} // namespace

std::string start_files_error(const InstanceOptions &options)
{
    std::string error = run_dir_error(options);
    return error.empty() ? log_file_error(options.log_file) : error;
}

} // namespace wm::serve
