#include "process/inherited.h"

#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace wm {

namespace {

constexpr int kFirstActivated = 3; // SD_LISTEN_FDS_START
constexpr int kMaxActivated = 4096;

std::string escape(const std::string &name)
{
    std::string out;
    for (char c : name) {
        if (c == '%')
            out += "%25";
        else if (c == ';')
            out += "%3B";
        else
            out += c;
    }
    return out;
}

std::string unescape(std::string text)
{
    for (const auto &[code, c] : {std::pair<const char *, const char *>{"%3B", ";"}, {"%25", "%"}})
        for (size_t at = text.find(code); at != std::string::npos; at = text.find(code, at + 1))
            text.replace(at, 3, c);
    return text;
}

bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

int number_of(const char *name)
{
    const char *text = getenv(name);
    return text ? atoi(text) : 0;
}

} // namespace

uint64_t socket_id(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 ? status.st_ino : 0;
}

std::string format_fds(const std::vector<NamedFd> &fds)
{
    std::string out;
    for (const NamedFd &entry : fds)
        out += (out.empty() ? "" : ";") + std::to_string(entry.fd) + "=" + escape(entry.name);
    return out;
}

std::vector<NamedFd> parse_fds(const char *text)
{
    std::vector<NamedFd> out;
    while (text && *text) {
        const char *end = strchrnul(text, ';');
        const char *equals = static_cast<const char *>(memchr(text, '=', static_cast<size_t>(end - text)));
        if (equals) {
            NamedFd entry = {atoi(text), unescape(std::string(equals + 1, end))};
            if (entry.fd > 2 && is_open(entry.fd))
                out.push_back(entry);
        }
        text = *end ? end + 1 : end;
    }
    return out;
}

std::vector<NamedFd> activated_fds()
{
    std::vector<NamedFd> out;
    int count = number_of("LISTEN_PID") == getpid() ? number_of("LISTEN_FDS") : 0;
    const char *names = getenv("LISTEN_FDNAMES");
    for (int i = 0; i < count && i < kMaxActivated; i++) {
        NamedFd entry = {kFirstActivated + i, ""};
        if (names) {
            const char *end = strchrnul(names, ':');
            entry.name.assign(names, end);
            names = *end ? end + 1 : end;
        }
        if (!is_open(entry.fd))
            continue;
        fcntl(entry.fd, F_SETFD, FD_CLOEXEC);
        out.push_back(entry);
    }
    for (const char *name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
        unsetenv(name);
    return out;
}

} // namespace wm
