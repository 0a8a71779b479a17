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
#include "process/signals.h"
#include "process/standard_streams.h"
#include "worker/app.h"
#include "worker/signal_handlers.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <unistd.h>

namespace wm {

namespace {

/// The link lives as long as the process, so it is never freed.
int serve(std::unique_ptr<ChildLink> child)
{
    return child.release()->serve();
}

/// Started by a master with exec(3).
int run_inherited(App &app, const ChildPlan &plan)
{
    StatusPage *page = StatusPages::map(plan.pages, plan.page);
    auto child = std::make_unique<ChildLink>(app, plan, page);
    int result = !page                      ? fail(code_of_errno(errno), "cannot map the status page")
                 : getppid() != plan.master ? fail(WM_ESTATE, "the master process has ended")
                                            : child->attach();
    close(plan.pages);
    if (result != 0) {
        child->report_failure(result, last_error());
        fprintf(stderr, "%s\n", last_error());
        _exit(1);
    }
    return serve(std::move(child));
}

bool starts_by_exec(const App &app)
{
    return app.options.start_method == "exec";
}

/// Prints the last error; returns the exit code.
int print_error(const Instance &instance, int exit_code)
{
    fprintf(stderr, "%s: %s\n", instance.name().c_str(), last_error());
    return exit_code;
}

/// 0, or a WM_E... code with the reason why no process can be started from here.
int check_start(App &app)
{
    if (app.forked())
        return Mailbox::fail_forked();
    if (int result = app.check_setup())
        return result;
    bool any = false;
    for (const auto &worker : app.workers()) {
        any = any || (!worker->released() && worker->options.count > 0);
        if (worker->listening())
            return fail(WM_ESTATE,
                        "wm_worker_listen was called before wm_app_main, for %s: leave the listening of configured workers to wm_app_main",
                        worker->address());
    }
    if (!any)
        return fail(WM_ESTATE, "there is no worker with processes: make one with wm_worker_new, its option count above 0");
    if (app.reactor.loop.is_open())
        return fail(WM_ESTATE, "the app's loop is open already: call wm_app_main before wm_app_fd, run and poll");
    if (int result = app.signals->reserve(kProcessSignals))
        return result;
    size_t threads = own_threads();
    if (threads > 1 && !starts_by_exec(app))
        return fail(WM_EFORK,
                    "this process has %zu threads, and a fork takes only one of them along: start threads in on_start, or set option "
                    "start_method to exec",
                    threads);
    return 0;
}

/// Checks a worker's user, group, address and certificates. 0, or a WM_E... code with its detail.
int check_worker(Worker &worker)
{
    if (int result = Identity().resolve(worker.options.user, worker.options.group)) {
        std::string detail = last_error();
        return fail(result, "worker %s: %s", worker.options.name.c_str(), detail.c_str());
    }
    return worker.has_address() ? worker.check() : 0;
}

/// Checks what services are to know: 0, or a WM_E... code with its detail.
int check_services(const App &app)
{
    for (const Service &service : app.services()) {
        std::string text;
        int result = service.settings ? service.settings(app, 0, text) : 0;
        explicit_bzero(text.data(), text.size());
        if (result != 0)
            return result;
    }
    return 0;
}

/// Checks what can be checked of a start while another master still holds the lock and the ports. 0, or a
/// WM_E... code with its detail.
int check_restart(App &app, const Instance &instance, bool daemon)
{
    int result = check_start(app);
    for (const auto &worker : app.workers())
        if (result == 0 && !worker->released())
            result = check_worker(*worker);
    if (result == 0)
        result = check_services(app);
    std::string log = app.options.log_file.empty() && daemon ? instance.default_log() : app.options.log_file;
    if (result == 0 && !log.empty())
        result = LogFile().open(log);
    if (result == 0 && daemon)
        result = LogFile().open(app.options.stdout_file);
    return result;
}

/// Prints that another master holds the lock, as far as that can be seen without taking it; returns the exit
/// code, or 0 if none does. Of two simultaneous starts one fails later, when its master finds the lock held; that
/// one also waits for a master that is dying.
int check_running(const Instance &instance)
{
    Holder holder = instance.check_run_dir() == 0 ? instance.holder() : Holder();
    if (holder.pid <= 0 || is_dying(holder.pid))
        return 0;
    std::string other = instance.other_program(holder, false);
    fprintf(stderr, "%s: %s\n", instance.name().c_str(), (other.empty() ? instance.already_running(holder.pid) : other).c_str());
    return other.empty() ? kExitRunning : kExitFailed;
}

int start(App &app, Instance &instance, const CommandLine &line)
{
    if (check_start(app) != 0)
        return print_error(instance, kExitFailed);
    std::vector<std::string> arguments = starts_by_exec(app) ? own_arguments() : std::vector<std::string>();
    Daemon daemon;
    int code = 0;
    bool is_daemon = daemon.inherited();
    if (!is_daemon && (code = check_running(instance)) != 0)
        return code;
    if (line.daemon && !is_daemon && daemon.fork_away(arguments, &code) == Daemon::Role::kLauncher)
        return code;
    app.signals->suspend();                         // each child has the host's in its loop
    auto visit = std::make_unique<App::Visit>(app); // callbacks of the host may free the app; not while the master runs
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
    // The launcher of a daemon has stopped the old one already.
    Holder holder = Daemon::is_inherited() ? Holder() : instance.holder();
    std::string other = instance.other_program(holder, true);
    if (!other.empty()) {
        fprintf(stderr, "%s: %s\n", instance.name().c_str(), other.c_str());
        return kExitFailed;
    }
    if (holder.pid != 0) {
        if (check_restart(app, instance, line.daemon) != 0) {
            fprintf(stderr, "%s: %s; the one that runs is not stopped\n", instance.name().c_str(), last_error());
            return kExitFailed;
        }
        int code = ask_master(instance, stop);
        if (code != kExitDone && code != kExitNotRunning)
            return code;
    }
    line.verb = Verb::kStart;
    return start(app, instance, line);
}

int print_usage(const char *program)
{
    if (fputs(usage(program).c_str(), stdout) >= 0 && fflush(stdout) == 0)
        return kExitDone;
    fprintf(stderr, "%s: cannot write to standard output: %s\n", program, strerror(errno));
    return kExitFailed;
}

} // namespace

int helper_main(App &app)
{
    ChildPlan plan;
    if (plan.from_environment())
        return run_inherited(app, plan);
    fprintf(stderr, "this is started by a program of libwm when it needs it: it does nothing by itself\n");
    return kExitUsage;
}

int process_main(App &app, int argc, char **argv)
{
    ChildPlan plan;
    if (plan.from_environment())
        return run_inherited(app, plan);

    if (!open_standard_streams())
        return kExitFailed; // there is no standard error to say why
    std::vector<std::string> words;
    for (int i = 0; i < argc && argv[i]; i++)
        words.emplace_back(argv[i]);
    const char *program = words.empty() ? "wm" : words[0].c_str();
    CommandLine line;
    Instance instance;
    if (line.parse(argc, argv) != 0 || instance.resolve(app.options, line.name, words) != 0) {
        fprintf(stderr, "%s: %s\n", program, last_error());
        return kExitUsage;
    }
    switch (line.verb) {
    case Verb::kNone:
        fputs(usage(program).c_str(), stderr);
        if (line.daemon)
            fprintf(stderr, "%s: '-d' alone is no command: 'start -d' starts it in the background\n", program);
        return kExitUsage;
    case Verb::kHelp:
        return print_usage(program);
    case Verb::kStart:
        return start(app, instance, line);
    case Verb::kRestart:
        return restart(app, instance, line);
    default:
        return ask_master(instance, line);
    }
}

} // namespace wm
