// The part of Worker that accepts: which connections it takes, which it refuses, and which go for them.
#include "worker/worker.h"

#include "core/error.h"
#include "net/connected.h"
#include "net/socket_options.h"
#include "session/http/requests.h"
#include "worker/access_logs.h"
#include "worker/app.h"
#include "worker/shares.h"
#include "worker/shutdown.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <unistd.h>

namespace wm {

namespace {

/// At the descriptor limit, closing it lets a worker accept and refuse a connection.
std::atomic<int> spare_fd{-1}; // one per process, like the limit

void set_spare_fd(int fd)
{
    int before = spare_fd.exchange(fd);
    if (before >= 0)
        close(before);
}

int open_spare_fd()
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

} // namespace

void Worker::keep_spare_fd()
{
    if (spare_fd.load(std::memory_order_relaxed) < 0)
        set_spare_fd(open_spare_fd());
}

void Worker::acceptable(Worker *self, uint32_t)
{
    self->app_.reactor.callback_watch.begin(self, "connect");
    self->accept_batch();
    self->app_.reactor.callback_watch.end();
}

void Worker::accept_batch()
{
    // One at a time from a shared backlog: a batch would leave the sibling processes idle.
    int64_t batch = shared_listener_ ? 1 : options.accept_batch;
    app_.shares->read_limit();
    for (int64_t i = 0; i < batch; i++) {
        if (!listening() || accept_paused_ || stop_due_ || !accept_one())
            break;
    }
    reserve.adapt(connections().size());
    if (shared_listener_ && accept_watch_.watches(Watch::kRead) && !app_.reactor.forked)
        take_turns();
}

/// Of processes that share the listener and wait, the kernel wakes the first: each that was woken goes behind the others. While
/// connections come faster than they are accepted, it wakes all.
void Worker::take_turns()
{
    bool burst = listener_.pending();
    if (burst && !accept_watch_.watches_exclusively())
        return;
    app_.reactor.loop.unwatch(accept_watch_);
    if (!app_.reactor.loop.watch(accept_watch_, burst ? Watch::kRead : Watch::kReadExclusive)) {
        log(WM_LOG_ERROR, "%s accepts no more connections in this process: %s", address(), strerror(errno));
        accept_paused_ = true;
    }
}

/// False when no connection is pending, or when the next has to wait for the end of the turn.
bool Worker::accept_one()
{
    SocketAddress peer;
    bool needs_peer = options.max_per_ip > 0 || access_log || !trusted_proxies.empty();
    int fd = listener_.accept(needs_peer ? &peer : nullptr);
    if (fd >= 0)
        return admit(fd, judge(peer));
    if (errno == EMFILE || errno == ENFILE)
        return accept_without_descriptor();
    if (errno == EINVAL) { // another process has shut the shared socket down: it would stay readable for ever
        log(WM_LOG_ERROR, "%s stopped listening: its socket was shut down", address());
        unlisten();
        return false;
    }
    // A connection that failed in the backlog does not end the batch (accept(2)).
    return errno == ECONNABORTED || errno == EINTR || errno == EPROTO;
}

/// Takes one that is reserved for this worker, else that of a silent connection, else refuses.
bool Worker::accept_without_descriptor()
{
    if (!listener_.pending()) // accept(2) looks for a descriptor before it looks for a connection
        return false;
    if (reserve.spend())
        return true;
    ReachedLimit limit = {"RLIMIT_NOFILE (ulimit -n)", Shares::descriptor_limit()};
    if (Connection *goes = app_.shares->first_to_go(*this)) {
        end_silent(*goes, limit);
        return false; // its descriptor is free at the end of the turn
    }
    int spare = spare_fd.exchange(-1);
    if (spare >= 0)
        close(spare);
    int fd = listener_.accept(nullptr);
    if (fd >= 0)
        refuse(fd, limit, nullptr);
    set_spare_fd(open_spare_fd());
    return fd >= 0;
}

Worker::Newcomer Worker::judge(const SocketAddress &peer) const
{
    bool is_proxy = !trusted_proxies.empty() && trusted_proxies.has_peer(peer.storage);
    return {peer, options.max_per_ip > 0 && !is_proxy ? IpCounts::key_of(peer.storage) : 0, is_proxy};
}

/// As accept_one().
bool Worker::admit(int fd, const Newcomer &newcomer)
{
    if (options.proxy_protocol != 0 && !newcomer.is_proxy)
        return refuse_direct(fd, newcomer.peer);
    bool goes = false;
    if (ReachedLimit limit = make_room(newcomer.ip, &goes))
        return refuse(fd, limit, newcomer.ip != 0 ? &newcomer.peer : nullptr);
    if (!take(fd, newcomer))
        return refuse(fd, {"connections (out of memory)", static_cast<int64_t>(app_.reactor.connections.live())}, nullptr);
    return !goes; // what goes is there until the end of the turn
}

/// The limit that leaves no room for another connection, also where none can go for it. *goes: one does, at the end of the turn.
ReachedLimit Worker::make_room(uint64_t ip, bool *goes)
{
    if (is_over_limit(ip))
        return {"max_per_ip", options.max_per_ip};
    Connection *first = nullptr;
    ReachedLimit limit = app_.shares->reached(*this);
    if (limit) {
        first = limit.of_worker ? oldest_silent() : app_.shares->first_to_go(*this);
        if (!first)
            return limit;
    } else if (int64_t most = app_.shares->max_silent(*this); silent.count >= most) {
        limit = {"max_silent", most};
        first = oldest_silent();
    }
    *goes = first;
    if (first)
        end_silent(*first, limit);
    return {};
}

/// nullptr: out of memory, and the descriptor stays the caller's.
Connection *Worker::take(int fd, const Newcomer &newcomer, bool adopted)
{
    Connection *conn = app_.reactor.lifecycle.accept(*this, fd, adopted);
    if (!conn)
        return nullptr;
    if (newcomer.is_proxy)
        conn->set(kTrustedPeer);
    if (newcomer.ip != 0)
        count_ip(*conn, newcomer.ip);
    if (access_log)
        HttpRequests::note_peer(*conn, newcomer.peer);
    reserve.adapt(connections().size());
    return conn;
}

int Worker::adopt(int fd, wm_conn *conn)
{
    if (int result = check_adopts())
        return result;
    SocketAddress peer;
    if (int result = check_connected(fd, peer))
        return result;
    if (int result = check_proxies())
        return result;
    bool is_chosen = listening() || wants_tls() == (transport == &kTlsServerTransport);
    if (int result = is_chosen ? 0 : choose_transport())
        return result;
    if (int result = listening() ? 0 : app_.access_logs->open(*this))
        return result;
    App::Visit visit(app_);
    app_.shares->read_limit();
    Newcomer newcomer = judge(peer);
    if (options.proxy_protocol != 0 && !newcomer.is_proxy)
        return fail(WM_EACCES, "the peer of descriptor %d is none of trusted_proxies, and proxy_protocol takes no other", fd);
    bool goes = false;
    if (ReachedLimit limit = make_room(newcomer.ip, &goes))
        return fail(WM_EFULL, "there is no room for the connection: %s is %lld", limit.name, static_cast<long long>(limit.value));
    if (!make_nonblocking(fd))
        return fail(code_of_errno(errno), "descriptor %d cannot be made non-blocking: %s", fd, strerror(errno));
    if (peer.storage.ss_family != AF_UNIX)
        set_stream_options(fd, options.tcp_nodelay != 0, options.keepalive != 0);
    Connection *taken = take(fd, newcomer, true);
    if (!taken)
        return is_connection(fd) ? fail(WM_EINVAL, "descriptor %d is a connection of the app already", fd)
                                 : fail(WM_ENOMEM, "out of memory for a connection");
    *conn = Dispatch::id_of(*taken);
    return 0;
}

bool Worker::is_connection(int fd) const
{
    auto &all = app_.reactor.connections;
    for (uint32_t slot = 0; slot < all.used(); slot++)
        if (all.live_at(slot) && all.at(slot)->fd() == fd)
            return true;
    return false;
}

int Worker::check_adopts() const
{
    if (app_.freeing())
        return App::being_freed();
    if (wants_datagrams())
        return fail(WM_ESTATE, "a worker of datagrams takes no connection: %s", address());
    if (released_ || stopped_ || stop_due_ || app_.shutdown->begun())
        return fail(WM_ESTATE, "the worker or its app stops, and takes no connection: %s", address());
    if (!app_.reactor.loop.is_open() || !(app_.started() || app_.reactor.inside))
        return fail(WM_ESTATE, "the app has not started: let on_start, a wm_app_post or a timer of 0 ms adopt the connection");
    return 0;
}

/// Leaves out those that the host has sent something: their peers may be there to listen.
Connection *Worker::oldest_silent()
{
    while (silent.count > 0) {
        Connection &oldest = *app_.reactor.connections.at(silent.first);
        if (oldest.bytes_written == 0 && oldest.sent_all())
            return &oldest;
        heard(oldest);
    }
    return nullptr;
}

bool Worker::is_over_limit(uint64_t ip) const
{
    return ip != 0 && ip_counts && ip_counts->count(ip) >= options.max_per_ip;
}

void Worker::count_ip(const Connection &conn, uint64_t ip)
{
    try {
        if (!ip_counts)
            ip_counts = std::make_unique<IpCounts>();
    } catch (const std::bad_alloc &) {
        return;
    }
    ip_counts->add(conn.slot, ip); // out of memory: it does not count
}

/// Closes an accepted descriptor, as note_limit() says; true, as there may be more to accept.
bool Worker::refuse(int fd, const ReachedLimit &limit, const SocketAddress *peer)
{
    close(fd);
    note_limit(limit, peer);
    return true;
}

/// peer: nullptr where its address is not known.
void Worker::note_limit(const ReachedLimit &limit, const SocketAddress *peer)
{
    shed_++;
    app_.reactor.status_changed = true;
    if (!refused_throttle_.due(app_.reactor.loop.now_ms()))
        return;
    char ip[INET6_ADDRSTRLEN] = "";
    if (peer)
        format_ip(peer->storage, ip);
    refused_throttle_.log(WM_LOG_WARN, "worker %s (%s): connection%s%s refused, %s is %lld", options.name.c_str(), address(),
                          ip[0] ? " from " : "", ip, limit.name, static_cast<long long>(limit.value));
}

/// Ends a connection that has said nothing, of any worker, so that this one has room.
void Worker::end_silent(Connection &conn, const ReachedLimit &limit)
{
    Worker &owner = static_cast<Worker &>(*conn.owner);
    app_.reactor.lifecycle.destroy(conn, WM_REASON_LIMIT, 0);
    owner.shed_++; // the status changes when it has gone
    if (owner.silent_throttle_.due(app_.reactor.loop.now_ms()))
        owner.silent_throttle_.log(WM_LOG_WARN, "worker %s (%s): silent connection ended for a new one of %s, %s is %lld",
                                   owner.options.name.c_str(), owner.address(), options.name.c_str(), limit.name,
                                   static_cast<long long>(limit.value));
}

} // namespace wm
