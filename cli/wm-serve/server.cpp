#include "wm-serve/server.h"

#include "wm-serve/listen_address.h"

#include <new>
#include <sys/mman.h>
#include <sys/resource.h>

namespace wm::serve {

namespace {

/// In memory that all processes share: the first that serves announces, its successors do not.
std::atomic_flag *shared_flags(size_t count)
{
    void *memory = mmap(nullptr, count * sizeof(std::atomic_flag), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? nullptr : new (memory) std::atomic_flag[count];
}

/// " (listens at 0.0.0.0)" behind an address that is shown with another host.
std::string behind(const ListenAddress &address)
{
    return address.is_any() ? " (listens at " + address.host() + ")" : "";
}

std::string url_of(wm_worker *worker, std::string (*scheme)(const ListenAddress &), const char *path)
{
    ListenAddress address(wm_worker_address(worker));
    return address.is_unix() ? wm_worker_address(worker) : scheme(address) + "://" + address.reachable() + path + behind(address);
}

} // namespace

bool Server::setup()
{
    app_ = wm_app_new();
    const InstanceOptions &own = instance();
    return app_ && wm_app_set_str(app_, "name", own.name.c_str()) == 0 && wm_app_set_str(app_, "run_dir", own.run_dir.c_str()) == 0 &&
           wm_app_set_str(app_, "log_file", own.log_file.c_str()) == 0 && wm_app_set_str(app_, "log_level", own.log_level.c_str()) == 0 &&
           make_workers();
}

bool Server::set_identity(wm_worker *worker)
{
    return wm_worker_set_str(worker, "user", instance().user.c_str()) == 0 &&
           wm_worker_set_str(worker, "group", instance().group.c_str()) == 0;
}

int Server::run(std::vector<std::string> arguments, bool announces)
{
    announced_ = announces ? shared_flags(kParts) : nullptr;
    std::vector<char *> words;
    words.reserve(arguments.size() + 1);
    for (std::string &argument : arguments)
        words.push_back(argument.data());
    words.push_back(nullptr);
    return wm_app_main(app_, static_cast<int>(arguments.size()), words.data());
}

void Server::serves(size_t part)
{
    if (announced_ && part < kParts && !announced_[part].test_and_set())
        announce(part);
}

std::string url_scheme(const ListenAddress &address)
{
    return address.scheme() == "websocket" ? "ws" : address.scheme();
}

std::string websocket_scheme(const ListenAddress &address)
{
    bool tls = address.scheme() == "wss" || address.scheme() == "https";
    return tls ? "wss" : "ws";
}

std::string url(wm_worker *worker, const char *path)
{
    return url_of(worker, url_scheme, path);
}

std::string websocket_url(wm_worker *worker)
{
    ListenAddress address(wm_worker_address(worker));
    if (address.is_unix() && address.scheme() == "http")
        return "websocket+unix://" + address.path();
    return url_of(worker, websocket_scheme, "");
}

int64_t connections_within_limit(int64_t descriptors)
{
    constexpr rlim_t kMost = 1000000, kOthers = 32; // listeners, log, pipes to the master
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > kMost)
        limit.rlim_cur = kMost;
    rlim_t share = limit.rlim_cur - limit.rlim_cur / 10;
    return share > kOthers + static_cast<rlim_t>(descriptors) ? static_cast<int64_t>(share - kOthers) / descriptors : 1;
}

} // namespace wm::serve
