#include "wm-serve/start_files.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
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

/// The directory that a path is in.
std::string parent_of(const std::string &path)
{
    size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
}

/// 0 if this process may write there, or errno.
int access_error(const std::string &path)
{
    return faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0 ? 0 : errno;
}

/// Whether a file can be made in a directory: the last one of the path is made, too, those above are not. `what` is the flag with its path.
std::string place_error(const std::string &what, std::string directory)
{
    if (!is_directory(directory))
        directory = parent_of(directory);
    std::optional<bool> found = is_directory(directory);
    if (!found)
        return what + ": there is no directory " + directory;
    if (!*found)
        return what + ": " + directory + " is no directory";
    int error = access_error(directory);
    return error == 0 ? "" : what + " cannot be made in " + directory + ": " + strerror(error);
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

} // namespace

std::string start_files_error(const InstanceOptions &options)
{
    std::string error = run_dir_error(options);
    return error.empty() ? output_file_error("--log-file", options.log_file) : error;
}

std::string output_file_error(const std::string &flag, const std::string &path)
{
    if (path.empty())
        return "";
    if (is_directory(path).value_or(false))
        return flag + " " + path + " is a directory: give the path of a file";
    int error = access_error(path);
    if (error != 0 && error != ENOENT && error != ENOTDIR)
        return flag + " " + path + " cannot be written: " + strerror(error);
    return error == 0 ? "" : place_error(flag + " " + path, parent_of(path));
}

} // namespace wm::serve
