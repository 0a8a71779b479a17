// The start of a master: all that can fail is tried while the caller still waits for the exit code.

#include "core/error.h"
#include "core/log.h"
#include "process/answer.h"
#include "process/child/child_link.h"
#include "process/master/master.h"
#include "process/program.h"
#include "process/report/banner.h"
#include "process/report/decimal.h"
#include "process/running_list.h"
#include "process/standard_streams.h"
#include "worker/app.h"
#include "worker/handles.h"
#include "worker/peers.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace wm {

namespace {

constexpr int kOrphansMs = 1000; // the children of a killed master need this long to end

/// A flag of start, such as -d and -dq.
bool is_flag_of_start(const std::string &word)
{
    bool letters = word.size() > 1 && word[0] == '-' && word.find_first_not_of("dgq", 1) == std::string::npos;
    return letters || word == "--daemon" || word == "--graceful" || word == "--quiet";
}

/// The command line of this process, with stop in place of start.
std::string stop_command(const std::vector<std::string> &arguments)
{
    std::string out;
    for (const std::string &word : arguments) {
        if (is_flag_of_start(word))
            continue;
        out += (out.empty() ? "" : " ") + (word == "start" || word == "restart" ? "stop" : word);
    }
    return out;
}

const char *transport_of(const Worker &worker)
{
    if (!worker.has_address())
        return "none";
    if (worker.wants_datagrams())
        return "udp";
    return worker.wants_tls() ? "ssl" : worker.given_address().unix_socket ? "unix" : "tcp";
}

} // namespace

bool Master::refuse(const std::string &text, int exit_code)
{
    fprintf(stderr, "%s\n", prefixed(text).c_str());
    console_level_ = kLogNothing; // the terminal has the text: this, and what follows from it, is for the log alone
    set_files();
    log(WM_LOG_ERROR, "%s", prefixed(text).c_str());
    exit_code_ = exit_code;
    return false;
}

bool Master::refuse_listener(int code, const std::string &text)
{
    refuse(text);
    if (code == WM_EADDRINUSE) // by another copy of the program, most often
        fprintf(stderr, "%s%s", list_running(instance_).c_str(), list_elsewhere(instance_).c_str());
    return false;
}

bool Master::prepare()
{
    stop_command_ = stop_command(own_arguments()); // before on_master_start, which may set a process title
    notify_.begin();
    sockets_.offer_activated(activated_fds());
    if (instance_.make_run_dir() != 0)
        return refuse(last_error());
    if (!lock() || !open_log() || !resolve_identities() || !open_keys() || !open_listeners())
        return false;
    if (loop_.open([](void *) {}, [](void *) {}, this) != 0 || loop_.open_base() != 0)
        return refuse(last_error());
    if (!open_control())
        return false;
    if (!signals_.install({SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCHLD, SIGPIPE, SIGXFSZ}))
        return refuse(std::string("cannot handle signals: ") + strerror(errno));
    signal_watch_.arm_read<&Master::signal_arrived>(loop_, signals_.fd(), this);
    if (!children_.open_pages())
        return refuse(std::string("no memory to share with the processes: ") + strerror(errno));
    loop_.update_now();
    started_ms_ = loop_.now_ms();
    started_unix_ = time(nullptr);
    set_files();
    prepared_ = true;
    if (app_.callbacks.master_start)
        app_.callbacks.master_start.fn(handle(&app_), app_.callbacks.master_start.user);
    return true;
}

bool Master::lock()
{
    switch (instance_.lock()) {
    case Instance::Lock::kTaken:
        locked_ = true;
        if (instance_.follows_killed())
            sockets_.wait_for_addresses(kOrphansMs);
        return true;
    case Instance::Lock::kRunning: {
        Holder holder = instance_.holder();
        std::string other = instance_.other_program(holder, false);
        if (!other.empty())
            return refuse(other);
        return refuse(holder.pid > 0 ? instance_.already_running(holder.pid) : "already running", kExitRunning);
    }
    case Instance::Lock::kFailed:
        break;
    }
    return refuse(last_error());
}

bool Master::resolve_identities()
{
    for (const auto &worker : app_.workers()) {
        identities_.push_back(std::make_unique<Identity>());
        Identity &identity = *identities_.back();
        if (identity.resolve(worker->options.user, worker->options.group) != 0)
            return refuse("worker " + worker->options.name + ": " + last_error());
        if (!identity.warning.empty())
            fprintf(stderr, "%s\n", prefixed("warning: worker " + worker->options.name + ": " + identity.warning).c_str());
    }
    return service_identity_.resolve("", "") == 0 || refuse(last_error());
}

/// A key that is missing ends the start here. From here on no other process reads one.
bool Master::open_keys()
{
    loop_.update_now();
    return keys_.open(app_, loop_.now_ms()) == 0 || refuse(last_error());
}

bool Master::open_listeners()
{
    for (size_t at = 0; at < app_.workers().size(); at++) {
        Worker &worker = *app_.workers()[at];
        if (worker.released())
            continue;
        size_t first = children_.slots().size();
        children_.add_slots(worker, at, *identities_[at]);
        std::vector<size_t> slots;
        for (size_t slot = first; slot < children_.slots().size(); slot++)
            slots.push_back(slot);
        if (!worker.has_address())
            continue;
        const Identity &identity = *identities_[at];
        int result = slots.empty() ? sockets_.open_for_all(worker, identity.uid, identity.gid)
                                   : sockets_.open(worker, slots, identity.uid, identity.gid);
        if (result != 0)
            return refuse_listener(result, last_error());
    }
    if (!add_services())
        return false;
    for (const std::string &address : sockets_.drop_activated())
        fprintf(stderr, "%s\n", prefixed("warning: socket activation gave " + address + ", which no worker listens at").c_str());
    return true;
}

/// Behind the workers: a reload replaces services last.
bool Master::add_services()
{
    size_t processes = children_.slots().size();
    for (size_t at = 0; at < app_.services().size(); at++) {
        const Service &service = app_.services()[at];
        if (service.needed && !service.needed(app_, processes))
            continue;
        if (processes > service.most)
            return refuse(std::to_string(processes) + " processes are more than the " + std::to_string(service.most) + " that service " +
                          service.name + " can serve");
        if (settings_.open(service) != 0)
            return refuse(last_error());
        children_.add_slot(service, at, service.helper ? *children_.slots()[0].job.identity : service_identity_);
    }
    if (app_.peers)
        peer_links_.enable();
    return true;
}

bool Master::open_control()
{
    int result = control_.open(instance_.socket_path());
    return result == 0 || refuse(last_error(), result == WM_ESTATE ? int{kExitRunning} : int{kExitFailed});
}

/// All processes serve.
void Master::finish_start()
{
    phase_ = Phase::kServing;
    if (!line_.quiet)
        announce();
    if (line_.daemon) {
        redirect_standard_streams(output_.fd());
        console_level_ = kLogNothing;
    }
    set_files();
    std::string processes = counted(children_.slots().size(), "process", "processes");
    log(WM_LOG_INFO, "%s serves with %s", instance_.name().c_str(), processes.c_str());
    readiness_.serves(processes + " started");
    daemon_.report_start(kExitDone);
}

void Master::announce()
{
    Banner banner;
    banner.name = instance_.name();
    banner.stop = stop_command_;
    banner.daemon = line_.daemon;
    banner.log = log_.is_open() ? log_.path() : "";
    for (size_t at = 0; at < app_.workers().size(); at++) {
        const Worker &worker = *app_.workers()[at];
        if (!worker.released() && worker.options.count > 0)
            banner.workers.push_back({transport_of(worker), identities_[at]->user, worker.options.name,
                                      worker.has_address() ? sockets_.address_of(worker) : "none", worker.options.count});
    }
    fputs(banner_text(banner).c_str(), stdout);
    fflush(stdout);
}

/// A process has ended before all served: the start fails as a whole, with its reason if it gave one.
void Master::fail_start(const Child &child)
{
    exit_code_ = kExitFailed;
    const SlotJob &job = children_.job(child);
    if (!child.failure.empty()) // a service is nothing that the user has written: its name says where the reason is from
        refuse_listener(child.failure_code, job.service ? job.label(child.pid) + ": " + child.failure : child.failure);
    stop_children(false);
}

} // namespace wm
