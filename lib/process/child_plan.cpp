#include "process/child_plan.h"

#include "process/inherited.h"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace wm {

namespace {

constexpr const char *kFds = "WM_FDS";
constexpr const char *kChild = "WM_CHILD";
constexpr const char *kListen = "listen:"; // a socket of this child only
constexpr const char *kShared = "shared:";
constexpr const char *kKeys = "keys:"; // then place and name of their worker: "keys:0:web"
constexpr const char *kAccess = "access:";

bool take_prefix(std::string &text, const std::string &prefix)
{
    if (!text.starts_with(prefix))
        return false;
    text.erase(0, prefix.size());
    return true;
}

} // namespace

std::vector<int> ChildPlan::descriptors() const
{
    std::vector<int> out = {channel, pages};
    for (int fd : {log, settings, output})
        if (fd >= 0)
            out.push_back(fd);
    for (const KeptSocket &socket : sockets)
        out.push_back(socket.fd);
    for (const KeptKeys &kept : keys)
        out.push_back(kept.fd);
    for (const KeptLog &kept : access_logs)
        out.push_back(kept.fd);
    return out;
}

std::vector<std::string> ChildPlan::environment() const
{
    std::vector<NamedFd> fds = {{channel, "channel"}, {pages, "pages"}};
    if (log >= 0)
        fds.push_back({log, "log"});
    if (settings >= 0)
        fds.push_back({settings, "settings"});
    if (output >= 0)
        fds.push_back({output, "output"});
    for (const KeptSocket &socket : sockets)
        fds.push_back({socket.fd, (socket.shared ? kShared : kListen) + socket.address});
    for (const KeptKeys &kept : keys)
        fds.push_back({kept.fd, kKeys + std::to_string(kept.place) + ":" + kept.name});
    for (const KeptLog &kept : access_logs)
        fds.push_back({kept.fd, kAccess + kept.path});
    char text[200];
    snprintf(text, sizeof text, "%d %zu %d %zu %d %d %" PRIu64 " %" PRIu64 " %d", static_cast<int>(getpid()), place, index, page,
             static_cast<int>(master), static_cast<int>(console_level), node, epoch, others);
    return {std::string(kFds) + "=" + format_fds(fds), std::string(kChild) + "=" + text + " " + name};
}

bool ChildPlan::from_environment()
{
    const char *text = getenv(kChild);
    int self = 0, level = 0, parent = 0, behind = 0;
    if (!text || sscanf(text, "%d %zu %d %zu %d %d %" SCNu64 " %" SCNu64 " %d%n", &self, &place, &index, &page, &parent, &level, &node,
                        &epoch, &others, &behind) != 9)
        return false;
    if (self != getpid() || text[behind] != ' ') { // inherited from a child of the master, and meant for that one
        unsetenv(kFds);
        unsetenv(kChild);
        return false;
    }
    master = parent;
    console_level = level;
    name = text + behind + 1;
    for (NamedFd &entry : parse_fds(getenv(kFds))) {
        fcntl(entry.fd, F_SETFD, FD_CLOEXEC);
        if (entry.name == "channel")
            channel = entry.fd;
        else if (entry.name == "pages")
            pages = entry.fd;
        else if (entry.name == "log")
            log = entry.fd;
        else if (entry.name == "settings")
            settings = entry.fd;
        else if (entry.name == "output")
            output = entry.fd;
        else if (take_prefix(entry.name, kListen))
            sockets.push_back({entry.fd, entry.name, false});
        else if (take_prefix(entry.name, kShared))
            sockets.push_back({entry.fd, entry.name, true});
        else if (take_prefix(entry.name, kAccess))
            access_logs.push_back({entry.fd, entry.name});
        else if (take_prefix(entry.name, kKeys))
            keys.push_back({entry.fd, strtoul(entry.name.c_str(), nullptr, 10), entry.name.substr(entry.name.find(':') + 1)});
    }
    unsetenv(kFds);
    unsetenv(kChild);
    return channel >= 0 && pages >= 0;
}

} // namespace wm
