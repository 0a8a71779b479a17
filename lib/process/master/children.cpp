#include "process/master/children.h"

#include "core/error.h"
#include "core/log.h"
#include "process/report/exit_status.h"
#include "process/report/text_table.h"
#include "process/signals.h"
#include "worker/worker.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace wm {

namespace {

constexpr int64_t kForkRetryMs = 1000;
constexpr int64_t kFailedMs = 2000; // for a child that has failed to start while its host polls on, or that has closed its channel
constexpr int64_t kSilentMs = 100;  // between checks of a child whose channel has ended: the host may have taken over SIGCHLD
constexpr size_t kSparePages = 8;
constexpr int kMessagesATurn = 64;   // of one child, so that it does not hold up the others
constexpr int kLastMessages = 10000; // more than a channel holds

} // namespace

Children::Children(Loop &loop, SocketStore &sockets, KeyStore &keys, AccessFiles &access_files, SettingsStore &settings,
                   ChildEvents &events)
    : loop_(loop), sockets_(sockets), keys_(keys), access_files_(access_files), settings_(settings), events_(events)
{}

void Children::add_slots(Worker &worker, size_t place, const Identity &identity)
{
    for (int64_t i = 0; i < worker.options.count; i++)
        slots_.emplace_back(SlotJob{&worker, nullptr, place, static_cast<int>(i), &identity});
}

void Children::add_slot(const Service &service, size_t place, const Identity &identity)
{
    slots_.emplace_back(SlotJob{nullptr, &service, place, 0, &identity});
}

bool Children::open_pages()
{
    return pages_.open(slots_.size() * 2 + kSparePages);
}

// ---- starting

Children::Started Children::start(size_t at)
{
    Slot &slot = slots_[at];
    auto child = std::make_unique<Child>();
    Channel other;
    child->page = pages_.acquire();
    if (child->page == StatusPages::kNone)
        return fail(WM_EFULL, "too many processes are still ending"), Started::kNo;
    if (!Channel::pair(child->channel, other)) {
        pages_.release(child->page);
        return fail(WM_EMFILE, "cannot make a channel to a process: %s", strerror(errno)), Started::kNo;
    }
    child->table = this;
    child->slot = at;
    plan_ = common_;
    plan_slot_ = at;
    plan_.place = slot.job.place;
    plan_.name = slot.job.name();
    plan_.index = slot.job.service ? ChildPlan::kService : slot.job.index;
    plan_.page = child->page;
    plan_.epoch = child->number = ++started_;
    plan_.node = child->node = slot.job.service ? at + 1 : slots_.size() + started_;
    child->joins = slot.job.joins();
    plan_.others = any_joins() || std::any_of(children_.begin(), children_.end(), [at](const auto &each) { return each->slot == at; });
    plan_.master = getpid();
    plan_.pages = pages_.fd();
    plan_.channel = other.fd();
    plan_.sockets = sockets_.kept_for(at, slot.job.worker);
    plan_.keys = keys_.kept_for(slot.job.worker);
    child->keys = keys_.generation();
    plan_.access_logs = access_files_.kept_for(slot.job.worker);
    plan_.settings = slot.job.service ? settings_.renew(*slot.job.service) : -1;
    if (plan_.settings >= 0)
        child->unready = "service " + slot.job.name() + " starts";
    events_.forking(slot.job);
    {
        SignalsBlocked blocked;
        child->pid = fork();
        if (child->pid == 0) {
            events_.forked();
            other.release();
            return Started::kChild;
        }
    }
    if (child->pid < 0) {
        pages_.release(child->page);
        return fail(WM_ESYS, "cannot start a process: %s", strerror(errno)), Started::kNo;
    }
    child->watch.arm_read<&Children::readable>(loop_, child->channel.fd(), child.get());
    slot.started(child->pid);
    changes_++;
    children_.push_back(std::move(child));
    return Started::kYes;
}

Children::Started Children::start_due(int64_t now_ms)
{
    for (size_t at = 0; at < slots_.size(); at++) {
        Slot &slot = slots_[at];
        if (slot.state() != SlotState::kEmpty || slot.start_at_ms() > now_ms)
            continue;
        Started started = start(at);
        if (started == Started::kChild)
            return started;
        if (started == Started::kNo) {
            log(WM_LOG_ERROR, "%s %s: %s", slot.job.kind(), slot.job.name().c_str(), last_error());
            slot.retry_at(now_ms + kForkRetryMs);
            return started;
        }
    }
    return Started::kYes;
}

void Children::forget()
{
    pages_.forget();
    for (auto &child : children_)
        child->channel.close();
    children_.clear();
}

// ---- messages

void Children::readable(Child *child)
{
    child->table->read(*child, kMessagesATurn);
}

void Children::read_channels()
{
    for (auto &child : children_)
        read(*child, kMessagesATurn);
}

void Children::read(Child &child, int most)
{
    Message message;
    for (int i = 0; i < most; i++) {
        switch (child.channel.receive(message)) {
        case Channel::Got::kMessage:
            handle(child, message);
            continue;
        case Channel::Got::kNothing:
            return;
        case Channel::Got::kEnd:
            child.watch.disarm(); // waitpid reports its end a little later; a child that lives on is killed
            child.silent = true;
            child.kill_at_ms = std::min(child.kill_at_ms, loop_.now_ms() + kFailedMs);
            return;
        }
    }
}

void Children::handle(Child &child, Message &message)
{
    switch (message.kind) {
    case MessageKind::kReady:
        ready(child);
        return;
    case MessageKind::kFailed:
        child.failure = printable(message.text); // it is shown on terminals
        child.failure_code = message.value;
        child.kill_at_ms = std::min(child.kill_at_ms, loop_.now_ms() + kFailedMs);
        return;
    case MessageKind::kAdopted:
        sockets_.adopted(child.slot, message.id, child.pid);
        return;
    case MessageKind::kListen:
        keep_socket(child, message);
        return;
    case MessageKind::kUnlisten:
        sockets_.close(child.slot, message.id, child.pid);
        return;
    case MessageKind::kLogFull:
        events_.log_full();
        return;
    case MessageKind::kReplace:
        if (!std::exchange(child.asked, true))
            events_.child_asks(child, printable(message.text));
        return;
    case MessageKind::kListed:
        events_.child_listed(child, message.id);
        return;
    case MessageKind::kJoins:
        child.joins = true;
        changes_++;
        return;
    case MessageKind::kUnready:
        if (slots_[child.slot].job.service)
            child.unready = printable(message.text);
        return;
    case MessageKind::kReport:
        if (slots_[child.slot].job.service && message.fd)
            child.report = std::move(message.fd);
        return;
    case MessageKind::kUnlinked:
        events_.child_unlinked(child, message.id, message.value);
        return;
    default:
        return;
    }
}

void Children::ready(Child &child)
{
    Slot &slot = slots_[child.slot];
    SlotRole role = slot.role(child.pid);
    if (role != SlotRole::kStarting && role != SlotRole::kSuccessor)
        return; // it was told to end before it was ready
    child.ready_ms = loop_.now_ms();
    sockets_.close_unadopted(child.slot, child.pid);
    Child *replaced = find(slot.ready(child.pid));
    changes_++;
    events_.child_ready(child, replaced);
}

void Children::keep_socket(Child &child, Message &message)
{
    const Slot &slot = slots_[child.slot];
    if (message.fd && sockets_.keep(child.slot, message.text, std::move(message.fd), child.pid, *slot.job.identity))
        return;
    if (child.refusals.due(loop_.now_ms()))
        child.refusals.log(WM_LOG_WARN, "%s listens at %s, which cannot be kept for its successors", slot.job.label(child.pid).c_str(),
                           message.text.c_str());
}

// ---- ends

void Children::reap(int64_t now_ms)
{
    // Each by its own pid: the host waits for processes of its own. Without WUNTRACED, as a stopped child is
    // not dead.
    for (size_t i = 0; i < children_.size();) {
        int status = 0;
        Child &child = *children_[i];
        pid_t pid = waitpid(child.pid, &status, WNOHANG);
        if (pid == 0 || (pid < 0 && errno == EINTR)) {
            i++;
            continue;
        }
        read(child, kLastMessages); // an error text, and sockets
        ended(child, pid > 0 ? status : 0, now_ms);
    }
    if (getpid() == 1)
        reap_orphans();
}

/// As process 1 of a container the master inherits orphans, and has to wait for them.
void Children::reap_orphans()
{
    auto own = [this](pid_t pid) {
        return std::any_of(children_.begin(), children_.end(), [pid](const auto &child) { return child->pid == pid; });
    };
    for (siginfo_t ended = {}; waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0; ended = {}) {
        if (ended.si_pid == 0 || own(ended.si_pid)) // a child of ours that has ended just now: its SIGCHLD follows
            return;
        waitpid(ended.si_pid, nullptr, WNOHANG);
    }
}

void Children::ended(Child &child, int status, int64_t now_ms)
{
    Slot &slot = slots_[child.slot];
    child.watch.disarm();
    SlotRole role = slot.ended(child.pid, child.ready_ms < 0 ? -1 : now_ms - child.ready_ms, now_ms);
    bool in_order = !child.killed && status == 0;
    bool restarts = role == SlotRole::kStarting || role == SlotRole::kServing;
    if (slot.process() != 0)
        sockets_.give_back(child.slot, child.pid, slot.process());
    events_.child_died(child, role, status);
    std::string again;
    if (restarts && slot.state() != SlotState::kClosed) { // a failed first start closes the slots
        char text[64];
        snprintf(text, sizeof text, "; another starts in %.1f s", static_cast<double>(slot.start_at_ms() - now_ms) / 1000);
        again = slot.start_at_ms() > now_ms ? text : "; another starts";
    }
    log(in_order ? WM_LOG_INFO : WM_LOG_WARN, "%s %s%s%s%s%s", slot.job.label(child.pid).c_str(),
        describe_exit(status, child.asked).c_str(), child.killed ? ", because it did not end in time" : "", again.c_str(),
        child.failure.empty() ? "" : ": ", child.failure.c_str());
    pages_.release(child.page);
    changes_++;
    remove(child);
}

void Children::remove(const Child &child)
{
    std::erase_if(children_, [&child](const std::unique_ptr<Child> &other) { return other.get() == &child; });
}

void Children::shut_down(Child &child, MessageKind how, int32_t timeout_ms, uint64_t spread_ms, int64_t limit_ms)
{
    slots_[child.slot].release(child.pid);
    child.kill_at_ms = std::min(child.kill_at_ms, loop_.now_ms() + limit_ms);
    child.channel.send(how, timeout_ms, spread_ms, {}, -1, false);
}

void Children::kill_late(int64_t now_ms)
{
    for (auto &child : children_) {
        if (child->kill_at_ms > now_ms)
            continue;
        if (child->silent && child->failure.empty())
            child->failure = "it had closed its channel to the master process";
        child->kill_at_ms = Loop::kNever;
        child->killed = true;
        kill(child->pid, SIGKILL);
    }
}

void Children::kill_all()
{
    for (auto &child : children_) {
        child->kill_at_ms = Loop::kNever;
        child->killed = true;
        kill(child->pid, SIGKILL);
    }
}

void Children::close_slots()
{
    for (Slot &slot : slots_)
        slot.close();
}

void Children::broadcast(MessageKind kind, int fd)
{
    for (auto &child : children_)
        if (slots_[child->slot].role(child->pid) != SlotRole::kLeaving || kind == MessageKind::kLog)
            child->channel.send(kind, 0, 0, {}, fd, false);
}

void Children::hand_on_keys()
{
    for (auto &child : children_)
        if (slots_[child->slot].role(child->pid) != SlotRole::kLeaving)
            keys_.hand_on(child->channel, job(*child).worker, child->keys);
}

void Children::hand_on_access_logs()
{
    for (auto &child : children_)
        access_files_.hand_on(child->channel, job(*child).worker);
}

int64_t Children::due_ms() const
{
    int64_t due = Loop::kNever;
    for (const auto &child : children_)
        due = std::min(due, child->silent ? std::min(child->kill_at_ms, loop_.now_ms() + kSilentMs) : child->kill_at_ms);
    for (const Slot &slot : slots_)
        if (slot.state() == SlotState::kEmpty)
            due = std::min(due, slot.start_at_ms());
    return due;
}

Child *Children::find(pid_t pid) const
{
    auto found = std::find_if(children_.begin(), children_.end(), [pid](const auto &child) { return child->pid == pid; });
    return found == children_.end() ? nullptr : found->get();
}

bool Children::all_ready() const
{
    return std::all_of(slots_.begin(), slots_.end(), [](const Slot &slot) { return slot.is_serving(); });
}

bool Children::any_ready() const
{
    return std::any_of(slots_.begin(), slots_.end(), [](const Slot &slot) { return slot.is_serving(); });
}

size_t Children::leaving() const
{
    return static_cast<size_t>(std::count_if(children_.begin(), children_.end(), [this](const auto &child) {
        return slots_[child->slot].role(child->pid) == SlotRole::kLeaving;
    }));
}

bool Children::any_joins() const
{
    return std::any_of(slots_.begin(), slots_.end(), [](const Slot &slot) { return slot.job.joins(); });
}

bool Children::any_of_workers() const
{
    return std::any_of(children_.begin(), children_.end(), [this](const auto &child) { return job(*child).worker; });
}

} // namespace wm
