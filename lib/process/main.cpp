#include "process/main.h"

#include "core/error.h"
#include "net/address.h"
#include "process/child/child_link.h"
#include "process/command/control_client.h"
#include "process/identity.h"
#include "process/master/daemon.h"
#include "process/master/log_file.h"
#include "process/master/master.h"
#include "process/process_state.h"
#include "process/program.h"
#include "process/standard_streams.h"
#include "worker/app.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <unistd.h>

namespace wm {

namespace {

/// A child lives as long as its process: what it goes on with is never taken down.
int serve(std::unique_ptr<ChildLink> child)
{
    return child.release()->serve();
}

/// Started by a master with exec(3).
int run_inherited(App &app, const ChildPlan &plan)
{
    StatusPage *page = StatusPages::map(plan.pages, plan.page);
    close(plan.pages);
    auto child = std::make_unique<ChildLink>(app, plan, page);
    std::string wrong = !page ? "cannot map the status page" : getppid() != plan.master ? "the master process is gone" : child->attach();
    if (!wrong.empty()) {
        child->failed(wrong);
        fprintf(stderr, "%s\n", wrong.c_str());
        _exit(1);
    }
    return serve(std::move(child));
}

bool starts_by_exec(const App &app)
{
    return app.options.start_method == "exec";
}

int say(const Instance &instance, const std::string &wrong, int code)
{
    fprintf(stderr, "%s: %s\n", instance.name().c_str(), wrong.c_str());
    return code;
}

/// Empty, or why no process can be started from here.
std::string check_start(App &app)
{
    bool any = false;
    for (const auto &worker : app.workers()) {
        any = any || (!worker->released() && worker->options.count > 0);
        if (worker->listening())
            return "wm_worker_listen was called before wm_app_main, for " + std::string(worker->address()) +
                   ": leave the listening of configured workers to wm_app_main";
    }
    if (!any)
        return "there is no worker with processes: make one with wm_worker_new, its option count above 0";
    if (app.reactor.loop.is_open())
        return "the app's loop is open already: call wm_app_main before wm_app_fd, run and poll";
    size_t threads = own_threads();
    if (threads > 1 && !starts_by_exec(app))
        return "this process has " + std::to_string(threads) +
               " threads, and a fork takes only one of them along: start threads in on_start, or set option start_method to exec";
    return "";
}

/// Empty, or what is wrong with a worker's user, group or address.
std::string check_worker(const Worker &worker)
{
    std::string wrong = Identity().resolve(worker.options.user, worker.options.group);
    if (!wrong.empty())
        return "worker " + worker.options.name + ": " + wrong;
    SocketAddress resolved;
    return worker.has_address() && resolve(worker.given_address(), resolved) != 0 ? last_error() : "";
}

/// What a master would refuse to start with, of that which can be known while another still holds the lock and the ports.
std::string check_restart(App &app, const Instance &instance, bool daemon)
{
    std::string wrong = check_start(app);
    for (const auto &worker : app.workers())
        if (wrong.empty() && !worker->released())
            wrong = check_worker(*worker);
    std::string log = app.options.log_file.empty() && daemon ? instance.standard_log() : app.options.log_file;
    if (wrong.empty() && !log.empty())
        wrong = LogFile().open(log);
    if (wrong.empty() && daemon)
        wrong = LogFile().open(app.options.stdout_file);
    return wrong;
}

/// Whether another holds the lock already, as far as that can be seen without taking it: then nothing is begun. Of two starts at once, the
/// master of one finds it held. One that is dying is waited for there.
bool is_second(const Instance &instance, std::string *text)
{
    pid_t pid = instance.check_run_dir().empty() ? instance.running() : 0;
    if (pid <= 0 || is_dying(pid))
        return false;
    *text = instance.already_running(pid);
    return true;
}

int start(App &app, Instance &instance, const CommandLine &line)
{
    std::string wrong = check_start(app);
    if (!wrong.empty())
        return say(instance, wrong, kExitFailed);
    std::vector<std::string> arguments = starts_by_exec(app) ? own_arguments() : std::vector<std::string>();
    Daemon daemon;
    int code = 0;
    bool is_daemon = daemon.inherited();
    if (!is_daemon && is_second(instance, &wrong))
        return say(instance, wrong, kExitRunning);
    if (line.daemon && !is_daemon && daemon.fork_away(arguments, &code) == Daemon::Role::kLauncher)
        return code;
    auto visit = std::make_unique<App::Visit>(app); // its callbacks may free the app: not under the master
    auto master = std::make_unique<Master>(app, instance, daemon, line, arguments);
    code = master->run();
    if (code >= 0)
        return code;
    std::unique_ptr<ChildLink> child = master->child();
    master.reset();
    visit.reset();
    return serve(std::move(child));
}

int restart(App &app, Instance &instance, CommandLine line)
{
    CommandLine stop = line;
    stop.verb = Verb::kStop;
    stop.daemon = false;
    if (!Daemon::is_inherited() && instance.running() != 0) { // else that has been done, by who has started this one in the background
        std::string wrong = check_restart(app, instance, line.daemon);
        if (!wrong.empty())
            return say(instance, wrong + "; the one that runs is not stopped", kExitFailed);
        int code = ask_master(instance, stop);
        if (code != kExitDone && code != kExitNotRunning)
            return code;
    }
    line.verb = Verb::kStart;
    return start(app, instance, line);
}

} // namespace

int process_main(App &app, int argc, char **argv)
{
    ChildPlan plan;
    if (plan.from_environment())
        return run_inherited(app, plan);

    if (!open_standard())
        return kExitFailed; // and nobody to tell
    const char *program = argc > 0 && argv[0] ? argv[0] : "wm";
    CommandLine line;
    std::string wrong = line.parse(argc, argv);
    Instance instance;
    if (wrong.empty())
        wrong = instance.resolve(app.options, line.name, program);
    if (!wrong.empty()) {
        fprintf(stderr, "%s: %s\n", program, wrong.c_str());
        return kExitUsage;
    }
    switch (line.verb) {
    case Verb::kNone:
        fputs(usage(program).c_str(), stderr);
        return kExitUsage;
    case Verb::kHelp:
        fputs(usage(program).c_str(), stdout);
        return kExitDone;
    case Verb::kStart:
        return start(app, instance, line);
    case Verb::kRestart:
        return restart(app, instance, line);
    default:
        return ask_master(instance, line);
    }
}

} // namespace wm
