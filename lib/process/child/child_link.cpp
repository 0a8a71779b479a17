#include "process/child/child_link.h"

#include "core/error.h"
#include "core/log.h"
#include "core/random.h"
#include "net/socket_file.h"
#include "process/child/connection_writer.h"
#include "process/inherited.h"
#include "process/key_file.h"
#include "process/standard_streams.h"
#include "proto/websocket/frame.h"
#include "worker/access_logs.h"
#include "worker/app.h"
#include "worker/handles.h"
#include "worker/peers.h"
#include "worker/signal_handlers.h"
#include "worker/status_writer.h"
#include "worker/worker.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace wm {

namespace {

constexpr int64_t kOrphanStopMs = 500; // short, as the next master needs the ports
constexpr int64_t kJoinMs = 2000;      // for the answers of peers, which come at once but from one that is stuck in a callback

/// At the limit of descriptors the kernel drops that of a message.
bool lacks_descriptor(const Message &message)
{
    bool brings = message.kind == MessageKind::kList || message.kind == MessageKind::kLog || message.kind == MessageKind::kOutput ||
                  message.kind == MessageKind::kKeys || message.kind == MessageKind::kAccessLog;
    return brings && !message.fd;
}

} // namespace

ChildLink::ChildLink(App &app, const ChildPlan &plan, StatusPage *page)
    : app_(app), plan_(plan), page_(page), channel_(Fd(plan.channel)), log_(plan.log)
{}

int ChildLink::assume_role(const Identity &identity, pid_t master)
{
    if (int result = identity.assume())
        return result;
    // After the change of identity, which clears it (prctl(2)). The signal also ends a child whose callback
    // never returns. A master that died earlier is no longer the parent.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != master)
        _exit(1);
    return 0;
}

int ChildLink::attach()
{
    if (plan_.index == ChildPlan::kService) {
        const auto &services = app_.services(); // found by name: a helper makes its own alone
        auto found = std::find_if(services.begin(), services.end(), [this](const Service &each) { return each.name == plan_.name; });
        if (found == services.end())
            return is_missing("service");
        service_ = &*found;
    } else if (int result = find_worker()) {
        return result;
    }
    if (int result = app_.signals->reserve(kProcessSignals))
        return result;
    find_keys();
    app_.link = this;
    if (app_.peers && plan_.others)
        app_.peers->await_others(true);
    app_.status->attach(page_);
    app_.reactor.loop.report_dispatch(&page_->dispatching_since_ms);
    set_log(log_.release());
    return 0;
}

int ChildLink::is_missing(const char *kind) const
{
    return fail(WM_ESTATE, "the program has not made the same %ss as when it was started first: %s '%s' is missing", kind, kind,
                plan_.name.c_str());
}

int ChildLink::find_worker()
{
    const auto &workers = app_.workers();
    if (plan_.place >= workers.size() || workers[plan_.place]->options.name != plan_.name)
        return is_missing("worker");
    worker_ = workers[plan_.place].get();
    if (worker_->has_address() && !has_socket(worker_->socket_name()))
        return fail(WM_ESTATE,
                    "worker '%s' listens at %s now, which is not where it did when the program was started first: that takes a restart",
                    plan_.name.c_str(), worker_->address());
    return 0;
}

int ChildLink::serve()
{
    if (app_.options.pull && !service_) // a service runs no code of the host
        return WM_CHILD;
    int result = app_.run();
    if (result != 0)
        report_failure(result, last_error()); // also an error before the start, such as a loop that cannot open
    exit(result == 0 ? 0 : 1);
}

void ChildLink::report_failure(int code, const std::string &text)
{
    channel_.send(MessageKind::kFailed, code, 0, text, -1, true);
}

bool ChildLink::starts(const Worker &worker) const
{
    return &worker == worker_;
}

void ChildLink::starting()
{
    descriptor_.keep(1, 0);
    channel_watch_.arm_read<&ChildLink::channel_readable>(app_.reactor.loop, channel_.fd(), this);
    // SIGINT and SIGHUP of a terminal reach the master too, which then stops its children. SIGPIPE and
    // SIGXFSZ are no reason to end.
    if (signals_.install(kProcessSignals))
        signal_watch_.arm_read<&ChildLink::signal_arrived>(app_.reactor.loop, signals_.fd(), this);
}

/// A process that accepts before its peers know of it would have pages that they call offline.
void ChildLink::join_peers()
{
    if (!app_.peers || service_)
        return;
    channel_.send(MessageKind::kJoins, 0, 0, {}, -1, true);
    int64_t until = Loop::clock_ms() + kJoinMs, left = kJoinMs;
    std::vector<int> fds;
    std::vector<struct pollfd> waits;
    auto is_joined = [this] { return peers_ >= 0 && app_.peers->joined() >= static_cast<size_t>(peers_); };
    while (!is_joined() && left > 0 && !app_.reactor.shutting_down) {
        fds.assign(1, channel_.fd());
        app_.peers->add_fds(fds);
        waits.clear();
        for (int fd : fds)
            waits.push_back({fd, POLLIN, 0});
        poll(waits.data(), waits.size(), static_cast<int>(left));
        channel_readable(this);
        app_.peers->receive();
        left = until - Loop::clock_ms();
    }
    if (left <= 0)
        log(WM_LOG_WARN, "serves before all of the other processes know of it: for now one of its pages may be called offline");
}

void ChildLink::link_ended(uint64_t node, uint64_t number)
{
    channel_.send(MessageKind::kUnlinked, static_cast<int32_t>(number), node, {}, -1, true);
}

void ChildLink::started()
{
    std::erase_if(plan_.sockets, [](const KeptSocket &socket) {
        if (!socket.unlistened && socket.fd >= 0)
            ::close(socket.fd); // not adopted
        return !socket.unlistened;
    });
    if (plan_.output >= 0)
        detach_terminal();
    limit_requests();
    channel_.send(MessageKind::kReady, 0, 0, {}, -1, true);
}

/// With jitter, as all processes of a worker start at about the same time.
void ChildLink::limit_requests()
{
    int64_t most = worker_ ? worker_->options.max_requests : 0;
    if (most == 0)
        return;
    uint64_t random = 0;
    random_bytes(&random, sizeof random);
    app_.status->limit_requests(static_cast<uint64_t>(most) + random % (static_cast<uint64_t>(most) / 10 + 1));
}

void ChildLink::ask_to_be_replaced(const char *why)
{
    if (!std::exchange(asked_, true))
        channel_.send(MessageKind::kReplace, 0, 0, why, -1, true);
}

/// A daemon's child keeps the terminal until it serves, for the output of on_start.
void ChildLink::detach_terminal()
{
    redirect_standard_streams(plan_.output);
    ::close(plan_.output);
    plan_.output = -1;
    plan_.console_level = kLogNothing;
    set_log(log_sinks().file);
}

bool ChildLink::has_socket(const std::string &address) const
{
    return std::any_of(plan_.sockets.begin(), plan_.sockets.end(), [&](const KeptSocket &socket) { return socket.address == address; });
}

int ChildLink::adopt(const std::string &address, bool *shared)
{
    for (KeptSocket &socket : plan_.sockets) {
        if (socket.fd < 0 || socket.address != address)
            continue;
        *shared = socket.shared;
        channel_.send(MessageKind::kAdopted, 0, socket_id(socket.fd), {}, -1, true);
        return std::exchange(socket.fd, -1);
    }
    return -1;
}

void ChildLink::opened(const std::string &address, int fd)
{
    channel_.send(MessageKind::kListen, 0, 0, address, fd, true);
}

void ChildLink::closed(const Worker &worker, int fd, bool shared)
{
    bool configured = &worker == worker_;
    const Address &address = worker.given_address();
    // After shutdown() the master's copy refuses clients, and the address is free at once. Not for a
    // configured worker that may listen again at an address that cannot be bound again: a unix socket, or a
    // port that the kernel has chosen.
    bool answers_again = worker.wants_datagrams() || (configured && (address.unix_socket || address.port == 0));
    if (!shared && !answers_again)
        shutdown(fd, SHUT_RD);
    if (shared || configured) {
        plan_.sockets.push_back({fd, worker.socket_name(), shared, true}); // for another wm_worker_listen
        return;
    }
    if (address.unix_socket && address.path[0] != '@')
        if (FileAt file(address.path); file)
            remove_socket(file); // now, as the host may bind it again before the master closes its copy
    channel_.send(MessageKind::kUnlisten, 0, socket_id(fd), {}, -1, true);
    ::close(fd);
}

/// The files of workers that this program has not made again are closed.
void ChildLink::find_keys()
{
    const auto &workers = app_.workers();
    for (const KeptKeys &kept : plan_.keys)
        if (Fd file(kept.fd); kept.place < workers.size() && workers[kept.place]->options.name == kept.name)
            keys_.push_back({workers[kept.place].get(), kept.place, std::move(file)});
    plan_.keys.clear();
}

int ChildLink::keys_of(const Worker &worker, TicketKeys &tickets, TlsBundle &bundle)
{
    auto keys = std::find_if(keys_.begin(), keys_.end(), [&](const Keys &each) { return each.worker == &worker; });
    if (keys == keys_.end() && &worker == worker_)
        return fail(WM_ESTATE, "worker '%s' has TLS now, which it had not when the program was started first: that takes a restart",
                    plan_.name.c_str());
    if (keys == keys_.end())
        return 0;
    return read_key_file(keys->file.get(), tickets, bundle) ? 1 : fail(WM_ESYS, "cannot read the keys that the master has sent");
}

void ChildLink::take_keys(Message &message)
{
    for (Keys &keys : keys_)
        if (keys.place == message.id && keys.worker) {
            keys.file = std::move(message.fd);
            keys.worker->reload_tls();
        }
}

int ChildLink::access_log(const std::string &path)
{
    for (KeptLog &kept : plan_.access_logs)
        if (kept.fd >= 0 && kept.path == path)
            return std::exchange(kept.fd, -1);
    return -1;
}

/// One that no worker has opened yet waits for that.
void ChildLink::take_access_log(Message &message)
{
    if (app_.access_logs->reopen(message.text, message.fd))
        return;
    for (KeptLog &kept : plan_.access_logs)
        if (kept.fd >= 0 && kept.path == message.text)
            ::close(std::exchange(kept.fd, message.fd.release()));
}

void ChildLink::gone(const Worker &worker)
{
    for (Keys &keys : keys_)
        if (keys.worker == &worker)
            keys.worker = nullptr;
    if (&worker == worker_)
        worker_ = nullptr;
}

// ---- commands

void ChildLink::channel_readable(ChildLink *self)
{
    for (bool more = true; more;) {
        more = self->execute_next();
        self->descriptor_.adapt(0);
    }
}

/// False when there is no further command.
bool ChildLink::execute_next()
{
    descriptor_.spend();
    Message message;
    switch (channel_.receive(message)) {
    case Channel::Got::kMessage:
        execute(message);
        return true;
    case Channel::Got::kNothing:
        return false;
    case Channel::Got::kEnd:
        master_died();
        return false;
    }
    return false;
}

void ChildLink::execute(Message &message)
{
    if (lacks_descriptor(message)) {
        log(WM_LOG_ERROR, "no descriptor is left for what the master has sent");
        return;
    }
    switch (message.kind) {
    case MessageKind::kStop:
        app_.options.stop_timeout_ms = message.value;
        app_.request_stop();
        return;
    case MessageKind::kDrain:
        call_reload();
        drain(message, false);
        return;
    case MessageKind::kReplaced:
        drain(message, false);
        return;
    case MessageKind::kLeave:
        drain(message, true);
        return;
    case MessageKind::kReload:
        call_reload();
        return;
    case MessageKind::kList:
        write_connections(app_, message.fd.get());
        channel_.send(MessageKind::kListed, 0, message.id, {}, -1, true);
        return;
    case MessageKind::kLog:
        set_log(message.fd.release());
        return;
    case MessageKind::kOutput:
        redirect_standard_streams(message.fd.get());
        return;
    case MessageKind::kKeys:
        take_keys(message);
        return;
    case MessageKind::kAccessLog:
        take_access_log(message);
        return;
    case MessageKind::kJoin:
    case MessageKind::kJoinHub:
        join(message);
        return;
    case MessageKind::kPeers:
        peers_ = message.value;
        if (app_.peers)
            app_.peers->await_others(false);
        return;
    case MessageKind::kServices:
        unready_ = message.text;
        return;
    case MessageKind::kForget:
        if (app_.peers)
            app_.peers->forget(message.id);
        peers_ -= peers_ > 0; // one that was to be joined, most often
        return;
    default:
        return;
    }
}

/// Without its link, when no descriptor was left for it: the master is asked for another.
void ChildLink::join(Message &message)
{
    if (!app_.peers)
        return;
    auto number = static_cast<uint64_t>(std::max(message.value, 0));
    bool lacks = number != 0 && !message.fd;
    app_.peers->join(message.id, message.kind == MessageKind::kJoinHub ? Peers::Kind::kService : Peers::Kind::kProcess, number,
                     std::move(message.fd));
    if (lacks)
        link_ended(message.id, number);
}

void ChildLink::drain(const Message &message, bool stops)
{
    app_.request_drain(static_cast<int64_t>(message.id), message.value, stops ? websocket::kGoingAway : websocket::kServiceRestart);
}

void ChildLink::call_reload()
{
    app_.access_logs->reopen_own();
    if (worker_)
        worker_->announce_reload();
}

void ChildLink::master_died()
{
    channel_watch_.disarm();
    log(WM_LOG_ERROR, "the master process %d has ended: this process ends too", static_cast<int>(plan_.master));
    app_.options.stop_timeout_ms = kOrphanStopMs;
    app_.request_stop();
}

void ChildLink::signal_arrived(ChildLink *self)
{
    while (int number = self->signals_.next()) {
        switch (number) {
        case SIGTERM:
            self->app_.request_stop(); // only this process; the master restarts it
            break;
        case SIGQUIT:            // of a terminal: the master gets it too, and asks for the same
            if (!self->service_) // the master ends it when it has ended all others
                self->app_.request_drain(self->app_.options.drain_ms, self->app_.options.graceful_timeout_ms, websocket::kGoingAway);
            break;
        case SIGUSR1:
        case SIGUSR2:
            self->call_reload();
            self->ask_to_be_replaced("a signal");
            break;
        default:
            break;
        }
    }
}

// ---- log

void ChildLink::set_log(int fd)
{
    int before = log_sinks().file;
    LogSinks sinks;
    sinks.file = fd;
    sinks.console_level = plan_.console_level;
    sinks.max_size = app_.options.log_max_size;
    sinks.full = &ChildLink::log_full;
    sinks.owner = this;
    set_log_sinks(sinks);
    if (before >= 0 && before != fd)
        ::close(before);
}

void ChildLink::log_full(void *self)
{
    static_cast<ChildLink *>(self)->channel_.send(MessageKind::kLogFull, 0, 0, {}, -1, false);
}

} // namespace wm
