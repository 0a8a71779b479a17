#include "wm-push/name_lookup.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace wm {

namespace {

/// Shared by the caller and the resolver thread; the last owner frees it.
struct Lookup {
    std::string host;
    std::string port;
    std::mutex mutex;
    std::condition_variable answered;
    bool done = false;
    int code = 0;
    AddressList list;
};

int resolve(const std::string &host, const std::string &port, int flags, AddressList &out)
{
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV | flags;
    addrinfo *list = nullptr;
    int code = getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
    out.reset(list);
    return code;
}

} // namespace

int resolve_host(const std::string &host, const std::string &port, std::chrono::steady_clock::time_point deadline, AddressList &out)
{
    // A numeric address needs neither a name server nor a thread.
    if (resolve(host, port, AI_NUMERICHOST, out) == 0)
        return 0;
    auto lookup = std::make_shared<Lookup>();
    lookup->host = host;
    lookup->port = port;
    std::thread resolver([lookup] {
        AddressList list;
        int code = resolve(lookup->host, lookup->port, 0, list);
        std::lock_guard lock(lookup->mutex);
        lookup->list = std::move(list);
        lookup->code = code;
        lookup->done = true;
        lookup->answered.notify_one();
    });
    std::unique_lock lock(lookup->mutex);
    bool in_time = lookup->answered.wait_until(lock, deadline, [&] { return lookup->done; });
    lock.unlock();
    if (!in_time) {
        resolver.detach(); // it ends with getaddrinfo or with the process
        return EAI_AGAIN;
    }
    resolver.join();
    out = std::move(lookup->list);
    return lookup->code;
}

} // namespace wm
