#include "process/master/master.h"

#include "core/error.h"
#include "core/log.h"
#include "process/answer.h"
#include "process/child/child_link.h"
#include "process/helper.h"
#include "process/master/status_facts.h"
#include "process/program.h"
#include "process/report/decimal.h"
#include "process/standard_streams.h"
#include "worker/app.h"
#include "worker/handles.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <sys/wait.h>

namespace wm {

namespace {

constexpr int64_t kOnceMs = 200; // timeout(1) signals a process and its group: two signals, one request
constexpr int64_t kKillMs = 500; // SIGKILL so long after the deadline of a process

void call(App &app, const Callback<wm_app_fn> &callback)
{
    if (callback)
        callback.fn(handle(&app), callback.user);
}

bool has(const std::vector<std::string> &words, const char *word)
{
    return std::find(words.begin(), words.end(), word) != words.end();
}

std::string value_of(const std::vector<std::string> &words, const std::string &prefix)
{
    for (const std::string &word : words)
        if (word.starts_with(prefix))
            return word.substr(prefix.size());
    return "";
}

} // namespace

Master::Master(App &app, Instance &instance, Daemon &daemon, const CommandLine &line, std::vector<std::string> arguments)
    : app_(app), instance_(instance), daemon_(daemon), line_(line), arguments_(std::move(arguments)), keys_(app.options), settings_(app),
      children_(loop_, sockets_, keys_, access_files_, settings_, *this), reload_(children_, app.options),
      replacements_(children_, app.options), peer_links_(children_), control_(loop_, *this, instance.name()),
      listings_(children_, control_), readiness_(children_, notify_), console_level_(app.options.log_level == "debug" ? WM_LOG_DEBUG
                                                                                     : line.quiet                     ? WM_LOG_WARN
                                                                                                  : WM_LOG_INFO) // debug was asked for
{}

Master::~Master() = default;

std::unique_ptr<ChildLink> Master::child()
{
    return std::move(child_);
}

std::string Master::prefixed(const std::string &text) const
{
    return instance_.name() + ": " + text;
}

int Master::run()
{
    if (prepare()) {
        while (phase_ != Phase::kEnded) {
            if (act() == Children::Started::kChild) {
                become_child();
                return -1;
            }
            arm();
            if (phase_ != Phase::kEnded)
                loop_.turn(-1);
        }
    }
    finish();
    return exit_code_;
}

/// One turn's work. Processes are started here only, never inside a callback of the loop, in which the new
/// process would go on.
Children::Started Master::act()
{
    int64_t now = loop_.now_ms();
    if (keys_.step(now))
        children_.hand_on_keys();
    take_signals(); // before dead children are replaced: a signal to the process group stops the master too
    children_.reap(now);
    if (phase_ == Phase::kServing && reload_.requested())
        begin_reload();
    if (app_.reactor.shutting_down && phase_ < Phase::kStopping)
        stop(false); // wm_app_stop in a callback of the master: forked children would inherit the request and stop at once
    Children::Started started = start_processes(now);
    if (started == Children::Started::kChild)
        return started;
    if (started == Children::Started::kNo && phase_ == Phase::kStarting)
        refuse(last_error()), stop_children(false); // the text first: it is the thread's last error
    readiness_.step(now);
    peer_links_.step(now); // behind it: a process that accepts knows what is ready
    if (phase_ == Phase::kStopping)
        stop_services(); // behind it: they know that all others have ended
    children_.kill_late(now);
    listings_.step(now);
    control_.expire(now);
    maintain_files(now);
    if (phase_ == Phase::kStopping && children_.all().empty())
        phase_ = Phase::kEnded;
    return Children::Started::kYes;
}

Children::Started Master::start_processes(int64_t now_ms)
{
    Children::Started started = children_.start_due(now_ms);
    if (started != Children::Started::kYes || phase_ != Phase::kServing)
        return started;
    started = reload_.step(now_ms);
    if (started == Children::Started::kChild)
        return started;
    if (reload_.finished())
        end_reload();
    return replacements_.step(now_ms, !reload_.running());
}

void Master::arm()
{
    int64_t due = std::min({children_.due_ms(), reload_.due_ms(), replacements_.due_ms(), listings_.due_ms(), peer_links_.due_ms(),
                            readiness_.due_ms(), control_.expire(loop_.now_ms()), keys_.due_ms(), maintain_at_ms_});
    if (reload_.requested() && phase_ == Phase::kServing)
        due = 0;
    loop_.set_due(due);
}

// ---- signals

void Master::signal_arrived(Master *self)
{
    self->take_signals();
}

void Master::take_signals()
{
    while (int number = signals_.next()) {
        switch (number) {
        case SIGINT:
        case SIGTERM:
        case SIGHUP:
            stop(false);
            break;
        case SIGQUIT:
            stop(true);
            break;
        case SIGUSR1:
        case SIGUSR2:
            reload_.request(number == SIGUSR2);
            break;
        default:
            break; // SIGCHLD: the turn reaps children. SIGPIPE and SIGXFSZ show as errors of write()
        }
    }
}

// ---- reload

void Master::begin_reload()
{
    log(WM_LOG_INFO, "%s reloads", instance_.name().c_str());
    readiness_.reloads();
    restore_files();
    reopen_files();
    keys_error_ = keys_.reload();
    children_.hand_on_keys();
    call(app_, app_.callbacks.master_reload);
    reload_.begin();
}

void Master::end_reload()
{
    bool failed = !reload_.failure().empty();
    std::string text =
        failed ? "reload failed: " + reload_.failure() + (children_.any_ready() ? "; the processes that are not replaced serve on" : "")
               : "reloaded, " + counted(reload_.replaced(), "process", "processes") + " replaced";
    if (!keys_error_.empty())
        text += "; certificates stay as they were: " + keys_error_;
    if (std::string kept = settings_.take_error(); !kept.empty())
        text += "; " + kept;
    log(failed ? WM_LOG_ERROR : WM_LOG_INFO, "%s", prefixed(text).c_str());
    for (const Waiting &waiting : reload_waiters_) {
        if (waiting.reload > reload_.number())
            continue;
        control_.answer(waiting.client, failed ? Answer::kError : Answer::kOutput, prefixed(text));
        control_.end(waiting.client, failed ? kExitFailed : kExitDone);
    }
    std::erase_if(reload_waiters_, [this](const Waiting &waiting) { return waiting.reload <= reload_.number(); });
    reload_.end();
    readiness_.reloaded();
}

// ---- the end

void Master::stop(bool graceful)
{
    int64_t now = loop_.now_ms();
    bool first = phase_ < Phase::kStopping;
    bool hurries = !graceful && stops_gracefully_;
    if (!graceful && !first && !hurries && now - stop_asked_ms_ >= kOnceMs)
        children_.kill_all(); // a second request
    if (!graceful)
        stop_asked_ms_ = hurries ? now : std::min(stop_asked_ms_, now);
    if (!first && !hurries)
        return;
    stops_gracefully_ = graceful;
    log(WM_LOG_INFO, "%s stops%s", instance_.name().c_str(), graceful ? " gracefully" : "");
    notify_.send("STOPPING=1");
    start_cancelled_ = start_cancelled_ || phase_ == Phase::kStarting;
    stop_children(graceful);
}

void Master::stop_children(bool graceful)
{
    phase_ = Phase::kStopping;
    children_.close_slots();
    replacements_.cancel();
    peer_links_.stop();
    readiness_.stop();
    sockets_.clear(); // clients are refused instead of waiting in a queue from which nothing accepts
    if (reload_.running() || reload_.requested()) {
        reload_.cancel("it is stopping");
        for (const Waiting &waiting : reload_waiters_) {
            control_.answer(waiting.client, Answer::kError, prefixed("reload failed: it is stopping"));
            control_.end(waiting.client, kExitFailed);
        }
        reload_waiters_.clear();
        reload_.end();
    }
    int64_t limit = graceful ? app_.options.graceful_timeout_ms : app_.options.stop_timeout_ms;
    auto timeout = static_cast<int32_t>(std::min<int64_t>(limit, INT32_MAX));
    for (const auto &child : children_.all())
        if (children_.job(*child).worker)
            children_.shut_down(*child, graceful ? MessageKind::kLeave : MessageKind::kStop, timeout,
                                graceful ? static_cast<uint64_t>(app_.options.drain_ms) : 0, limit + kKillMs);
}

/// Services stop when no process of a worker is left that could use them.
void Master::stop_services()
{
    if (services_stop_ || children_.any_of_workers())
        return;
    services_stop_ = true;
    int64_t limit = app_.options.stop_timeout_ms;
    for (const auto &child : children_.all())
        children_.shut_down(*child, MessageKind::kStop, static_cast<int32_t>(std::min<int64_t>(limit, INT32_MAX)), 0, limit + kKillMs);
}

/// The longest that a stop can take.
int64_t Master::longest_stop_ms(bool graceful) const
{
    int64_t workers = (graceful ? app_.options.graceful_timeout_ms : app_.options.stop_timeout_ms) + kKillMs;
    return workers + (app_.services().empty() ? 0 : app_.options.stop_timeout_ms + kKillMs);
}

void Master::finish()
{
    if (!locked_) {
        daemon_.report_start(exit_code_);
        return;
    }
    sockets_.clear(); // of a start that has failed
    control_.close();
    instance_.unlock();
    log(exit_code_ == 0 ? WM_LOG_INFO : WM_LOG_ERROR, "%s %s", instance_.name().c_str(),
        exit_code_ == 0 ? "has stopped" : "has not started");
    if (prepared_)
        call(app_, app_.callbacks.master_stop);
    std::string text = "stopped";
    if (forced_ > 0)
        text += ", " + counted(forced_, "process", "processes") + " killed for not ending in time";
    for (uint64_t client : stop_waiters_) {
        control_.answer(client, Answer::kOutput, prefixed(text));
        control_.end(client, kExitDone);
    }
    if (start_cancelled_ && line_.daemon)
        fprintf(stderr, "%s\n", prefixed("it was stopped before it served").c_str());
    set_log_sinks({});
    signals_.restore();
    daemon_.report_start(start_cancelled_ ? int{kExitFailed} : exit_code_); // the launcher waited for a server that runs
}

// ---- in a child

/// Each forked process would write buffered output again. Not with exec: a thread of the host that reads
/// standard input holds the lock of the stream, and fflush() would wait for it. The helper is found
/// here, as in the process these locks, and those of dladdr() and the log, may be held for ever.
void Master::forking(const SlotJob &job)
{
    helper_ = find_helper_of(job);
    if (arguments_.empty())
        fflush(nullptr);
}

/// Closes the master's lock, sockets and loop, so that they end with the master.
void Master::forked()
{
    instance_.forget();
    if (arguments_.empty())
        loop_.abandon();
    signals_.restore(); // the handlers write to the master's pipe
    control_.forget();
    daemon_.forget();
}

void Master::become_child()
{
    ChildPlan plan = children_.plan();
    StatusPage *page = children_.page();
    Identity identity = children_.identity();
    if (!helper_.empty() || !arguments_.empty()) {
        become_program();
        return;
    }
    children_.forget();
    listings_.forget();
    sockets_.forget(plan.sockets);
    keys_.forget(plan.keys);
    access_files_.forget(plan.access_logs);
    settings_.forget(plan.settings);
    log_.forget();
    if (plan.output >= 0)
        output_.forget();
    child_ = std::make_unique<ChildLink>(app_, plan, page);
    int result = ChildLink::assume_role(identity, plan.master);
    if (result == 0)
        result = child_->attach();
    if (result != 0) {
        child_->report_failure(result, last_error());
        _exit(1);
    }
}

/// Empty: there is none, or its user may not run it: a program that the library is linked into has none.
std::string Master::find_helper_of(const SlotJob &job) const
{
    if (!job.service || !job.service->helper)
        return "";
    FileRights rights(job.identity);
    std::string path = find_helper(job.service->helper);
    if (path.empty())
        log(WM_LOG_WARN, "libwm's program %s is not installed: service %s runs in a copy of this program", job.service->helper,
            job.name().c_str());
    return path;
}

/// Starts the helper, or, with start method exec, the program again, with the plan in the environment.
void Master::become_program()
{
    const ChildPlan &plan = children_.plan();
    Channel channel{Fd(plan.channel)};
    if (ChildLink::assume_role(children_.identity(), plan.master) == 0) {
        if (helper_.empty())
            exec_self(arguments_, plan.environment(), plan.descriptors());
        else
            exec_helper(helper_,
                        {children_.running().job.service->helper, app_.options.log_level, std::to_string(app_.options.log_max_size)},
                        plan.environment(), plan.descriptors());
        fail(WM_ESYS, "cannot start %s: %s", helper_.empty() ? "the program again" : helper_.c_str(), strerror(errno));
    }
    channel.send(MessageKind::kFailed, 0, 0, last_error(), -1, true);
    _exit(1);
}

// ---- requests

void Master::asked(uint64_t client, const std::vector<std::string> &words)
{
    children_.read_channels(); // the client may have seen a child serve whose kReady is still in its channel
    const std::string verb = words.empty() ? "" : words[0];
    bool graceful = has(words, "-g");
    if (verb == "status") {
        answer_status(client, has(words, "--json"));
    } else if (verb == "connections") {
        listings_.begin(client, {value_of(words, "--worker="), value_of(words, "--sort="), value_of(words, "--uid=")}, has(words, "--json"),
                        loop_.now_ms());
    } else if (verb == "reload") {
        ask_reload(client, graceful);
    } else if (verb == "stop") {
        control_.answer(client, Answer::kTimeout, std::to_string(longest_stop_ms(graceful)));
        stop_waiters_.push_back(client);
        stop(graceful);
    } else {
        control_.answer(client, Answer::kError, prefixed("unknown request '" + verb + "'"));
        control_.end(client, kExitUsage);
    }
}

void Master::ask_reload(uint64_t client, bool graceful)
{
    if (phase_ == Phase::kStopping) {
        control_.answer(client, Answer::kError, prefixed("reload failed: it is stopping"));
        control_.end(client, kExitFailed);
        return;
    }
    reload_waiters_.push_back({client, reload_.request(graceful)});
    control_.answer(client, Answer::kTimeout, std::to_string(reload_.longest_ms()));
}

void Master::answer_status(uint64_t client, bool json)
{
    StatusFacts facts = collect_facts(children_, loop_.now_ms());
    facts.name = instance_.name();
    facts.loop = loop_.describe();
    facts.daemon = line_.daemon;
    facts.started_unix = started_unix_;
    facts.uptime_s = (loop_.now_ms() - started_ms_) / 1000;
    facts.exits = exits_;
    facts.certificates = keys_.certificates();
    bool given = control_.answer_file(client, json ? status_json(facts) : status_text(facts));
    control_.end(client, given ? kExitDone : kExitFailed);
}

// ---- events of children

void Master::child_ready(Child &child, Child *replaced)
{
    reload_.child_ready(child, replaced);
    replacements_.child_ready(child, replaced);
    if (phase_ == Phase::kStarting && children_.all_ready())
        finish_start();
}

void Master::child_died(Child &child, SlotRole role, int status)
{
    const Slot &slot = children_.slots()[child.slot];
    const std::string &name = slot.job.name();
    bool asked = child.asked && WIFEXITED(status);
    auto same = [&](const ExitCount &row) { return row.worker == name && row.wait_status == status && row.asked == asked; };
    auto row = std::find_if(exits_.begin(), exits_.end(), same);
    if (row == exits_.end())
        exits_.push_back({name, status, 1, asked});
    else
        row->count++;
    const auto &callback = app_.callbacks.worker_exit;
    if (callback && slot.job.worker)
        callback.fn(handle(&app_), handle(slot.job.worker), child.pid, status, callback.user);
    listings_.child_died(child.pid);
    reload_.child_died(child, role, status);
    replacements_.child_died(child, role, status, loop_.now_ms());
    if (phase_ == Phase::kStarting)
        fail_start(child);
    if (phase_ == Phase::kStopping && child.killed)
        forced_++;
}

void Master::child_asks(Child &child, const std::string &why)
{
    log(WM_LOG_INFO, "%s asks to be replaced: %s", children_.job(child).label(child.pid).c_str(), why.c_str());
    replacements_.request(child);
}

void Master::child_unlinked(Child &child, uint64_t node, int32_t number)
{
    peer_links_.ended(child, node, number);
}

void Master::child_listed(Child &child, uint64_t listing)
{
    listings_.answered(child.pid, listing);
}

} // namespace wm
