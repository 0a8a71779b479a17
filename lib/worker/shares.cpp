#include "worker/shares.h"

#include "core/error.h"
#include "worker/app.h"
#include "worker/clients.h"
#include "worker/worker.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/resource.h>

namespace wm {

namespace {

constexpr int64_t kManyDescriptors = int64_t{1} << 20; // in place of no limit
constexpr int64_t kManyLooks = 16 * 1024;              // descriptors beyond these and the app's own are not counted

/// Whether a connection is silent only because its peer has not begun yet; else a peer may listen for ever.
bool peer_speaks_first(const Worker &worker)
{
    const Codec &codec = *worker.reactor.codecs[worker.codec];
    return codec.has_handshake || codec.answers_only;
}

/// How many of the first `limit` descriptors of this process are open.
int64_t open_descriptors(int64_t limit)
{
    constexpr int64_t kBatch = 512;
    struct pollfd polled[kBatch];
    int64_t found = 0;
    for (int64_t first = 0; first < limit; first += kBatch) {
        int64_t count = std::min(kBatch, limit - first);
        for (int64_t i = 0; i < count; i++)
            polled[i] = {static_cast<int>(first + i), 0, 0};
        while (poll(polled, static_cast<nfds_t>(count), 0) < 0 && errno == EINTR)
            ;
        found += std::count_if(polled, polled + count, [](const struct pollfd &each) { return !(each.revents & POLLNVAL); });
    }
    return found;
}

} // namespace

void Shares::measure()
{
    read_limit();
    int64_t ours = sockets();
    for (const auto &worker : app_.workers())
        ours += static_cast<int64_t>(worker->reserve.placeholders());
    int64_t looked_at = std::min(limit_, kManyLooks + ours);
    others_ = std::max<int64_t>(open_descriptors(looked_at) - ours, 0);
}

/// Connections with a descriptor, which peers of datagram sockets have not.
int64_t Shares::sockets() const
{
    return static_cast<int64_t>(app_.reactor.connections.live() - app_.reactor.datagrams.peers);
}

int64_t Shares::descriptor_limit()
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return kManyDescriptors;
    return static_cast<int64_t>(limit.rlim_cur);
}

int64_t Shares::max_connections() const
{
    if (app_.options.max_connections > 0)
        return app_.options.max_connections;
    return std::max<int64_t>(limit_ - others_, 0) * 9 / 10; // a tenth is left for files
}

int Shares::check_reserves(int64_t more) const
{
    int64_t sum = more, most = max_connections();
    for (const auto &worker : app_.workers())
        sum += static_cast<int64_t>(worker->reserve.size());
    int64_t clients = static_cast<int64_t>(app_.clients->all().size());
    if (sum == 0 || sum + clients <= most)
        return 0;
    auto number = [](int64_t value) { return static_cast<long long>(value); };
    if (sum <= most)
        return fail(WM_EINVAL, "the workers reserve %lld connections (reserve_connections), and there are %lld clients: the limit is %lld",
                    number(sum), number(clients), number(most));
    if (app_.options.max_connections > 0)
        return fail(WM_EINVAL, "the workers reserve %lld connections (reserve_connections), max_connections of the app is %lld",
                    number(sum), number(most));
    return fail(WM_EINVAL,
                "the workers reserve %lld connections (reserve_connections), the limit of %lld descriptors (ulimit -n) has room for %lld",
                number(sum), number(limit_), number(most));
}

int Shares::reserve(Worker &worker)
{
    int64_t size = worker.options.reserve_connections;
    if (size == 0)
        return 0;
    read_limit();
    int result = check_reserves(size);
    if (result != 0 || worker.reserve.keep(static_cast<size_t>(size), worker.connections().size()))
        return result;
    return fail(WM_EMFILE, "Too many open files: no descriptors for the %lld connections that %s reserves (reserve_connections)",
                static_cast<long long>(size), worker.address());
}

int64_t Shares::reserved_for_others(const Worker *worker) const
{
    int64_t sum = 0;
    for (const auto &other : app_.workers())
        if (other.get() != worker)
            sum += static_cast<int64_t>(other->reserve.unused(other->connections().size()));
    return sum;
}

ReachedLimit Shares::reached(const Worker &worker) const
{
    int64_t own = worker.options.max_connections;
    if (own > 0 && static_cast<int64_t>(worker.connections().size()) >= own)
        return {"max_connections of the worker", own, true};
    int64_t most = max_connections(), live = sockets();
    if (live >= most)
        return {"max_connections of the app", most};
    int64_t clients = app_.clients->unconnected(), free_for_it = most - reserved_for_others(&worker) - clients;
    if (live >= free_for_it)
        return {clients > 0 ? "max_connections of the app, less clients and reserve_connections of other workers"
                            : "max_connections of the app, less reserve_connections of other workers",
                free_for_it};
    return {};
}

ReachedLimit Shares::reached_by_client() const
{
    int64_t most = max_connections(), free_for_it = most - reserved_for_others(nullptr);
    if (sockets() > free_for_it)
        return {free_for_it < most ? "max_connections of the app, less reserve_connections of workers" : "max_connections of the app",
                free_for_it};
    return {};
}

int64_t Shares::max_silent(const Worker &worker) const
{
    if (worker.options.max_silent > 0)
        return worker.options.max_silent;
    if (!peer_speaks_first(worker))
        return INT64_MAX;
    int64_t most = worker.options.max_connections;
    most = most > 0 ? std::min(most, max_connections()) : max_connections();
    return std::max<int64_t>(most / 2, 1);
}

Connection *Shares::first_to_go(const Worker &newcomer) const
{
    for (;;) {
        Worker *most = nullptr;
        for (const auto &worker : app_.workers()) {
            size_t connections = worker->connections().size() + (worker.get() == &newcomer);
            if (connections <= worker->reserve.size() || worker->silent.count == 0)
                continue;
            if (!most || worker->silent.count > most->silent.count)
                most = worker.get();
        }
        if (!most)
            return nullptr;
        if (Connection *oldest = most->oldest_silent())
            return oldest;
    }
}

} // namespace wm
