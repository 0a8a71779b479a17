#include "process/command/control_client.h"

#include "core/error.h"
#include "net/address.h"
#include "process/answer.h"
#include "process/packet.h"
#include "process/process_state.h"
#include "process/running_list.h"

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <poll.h>
#include <sys/socket.h>

namespace wm {

namespace {

constexpr int kAnswerMs = 5000; // until the first answer
constexpr int kMarginMs = 3000; // beyond the timeout that the master has given
constexpr int kEndMs = 2000;    // from the end of its connections to the end of a master
constexpr size_t kMaxPacket = 64 << 10;

/// One request, and its answers.
class Conversation {
public:
    Conversation(const Instance &instance, pid_t master) : instance_(instance), master_(master) {}

    int run(const CommandLine &line)
    {
        bool reads = line.verb == Verb::kStatus || line.verb == Verb::kConnections;
        quiet_ = line.quiet && !reads;
        if (!connect() || !ask(line))
            return kExitFailed;
        int code = kExitFailed;
        while (next_answer(&code)) {
        }
        if (write_error_ == 0 || !reads) // other commands are done, even if their output was not written
            return code;
        print_error("cannot write to standard output: ", strerror(write_error_));
        return kExitFailed;
    }

    /// Why it ended before the last answer, not yet printed; empty: it did not.
    const std::string &broken() const { return broken_; }

private:
    static std::string request_of(const CommandLine &line)
    {
        std::string request = verb_name(line.verb);
        if (line.graceful)
            request += "\n-g";
        if (line.json)
            request += "\n--json";
        if (!line.worker.empty())
            request += "\n--worker=" + line.worker;
        if (!line.sort.empty())
            request += "\n--sort=" + line.sort;
        if (!line.uid.empty())
            request += "\n--uid=" + line.uid;
        return request;
    }

    void print_error(const char *what, const char *why) const { fprintf(stderr, "%s: %s%s\n", instance_.name().c_str(), what, why); }

    bool connect()
    {
        SocketAddress address;
        if (make_unix_address(instance_.socket_path(), address) != 0)
            return print_error("", last_error()), false;
        socket_.reset(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
        if (socket_ && ::connect(socket_.get(), address.get(), address.len) == 0)
            return is_of_master();
        std::string text = "cannot reach the master process " + std::to_string(master_) + " at " + instance_.socket_path() + ": ";
        if (errno == ENOENT || errno == ECONNREFUSED)
            broken_ = text + strerror(errno);
        else
            print_error(text.c_str(), strerror(errno));
        return false;
    }

    /// Instances with different pid files may share a directory and a name, and so a socket: the peer has to
    /// be the right master.
    bool is_of_master()
    {
        struct ucred peer = {};
        socklen_t len = sizeof peer;
        if (getsockopt(socket_.get(), SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || peer.pid == master_ || !shares_pid_namespace(peer.pid))
            return true; // pids cannot be compared with those of another container
        broken_ = "the control socket " + instance_.socket_path() + " is that of process " + std::to_string(peer.pid) +
                  ", not of the master process " + std::to_string(master_);
        return false;
    }

    /// A master that has closed the connection may have sent the reason before: next_answer() reads it.
    bool ask(const CommandLine &line)
    {
        if (send_packet(socket_.get(), request_of(line), -1, true) || errno == EPIPE || errno == ECONNRESET)
            return true;
        print_error("cannot ask the master process: ", strerror(errno));
        return false;
    }

    /// False after the last answer.
    bool next_answer(int *code)
    {
        struct pollfd wait = {socket_.get(), POLLIN, 0};
        int ready = poll(&wait, 1, timeout_ms_);
        if (ready < 0 && errno == EINTR)
            return true;
        if (ready == 0) {
            std::string text = "the master process " + std::to_string(master_);
            print_error(text.c_str(), is_stopped(master_)
                                          ? " is stopped, as by Ctrl+Z: fg or kill -CONT has it go on, and do what it was asked"
                                          : " does not answer (kill -KILL ends it, and its children with it)");
            return false;
        }
        static char packet[kMaxPacket];
        size_t len = 0;
        Fd file;
        if (receive_packet(socket_.get(), packet, sizeof packet, &len, file, true) != PacketResult::kPacket || len == 0) {
            broken_ = "the master process has ended without an answer";
            return false;
        }
        return take(static_cast<Answer>(packet[0]), std::string(packet + 1, len - 1), file, code);
    }

    bool take(Answer kind, const std::string &text, const Fd &file, int *code)
    {
        switch (kind) {
        case Answer::kOutput:
            if (!quiet_)
                printf("%s\n", text.c_str());
            break;
        case Answer::kError:
            fprintf(stderr, "%s\n", text.c_str());
            break;
        case Answer::kFile:
            copy(file);
            break;
        case Answer::kTimeout: {
            long long ms = atoll(text.c_str()) + kMarginMs;
            timeout_ms_ = ms < INT_MAX ? static_cast<int>(ms) : -1;
            break;
        }
        case Answer::kEnd:
            *code = atoi(text.c_str());
            return false;
        }
        if (fflush(stdout) != 0)
            note_write_error();
        return true;
    }

    void copy(const Fd &file)
    {
        char part[16384];
        off_t at = 0;
        ssize_t got;
        while (write_error_ == 0 && (got = pread(file.get(), part, sizeof part, at)) > 0) {
            if (fwrite(part, 1, static_cast<size_t>(got), stdout) != static_cast<size_t>(got))
                note_write_error();
            at += got;
        }
    }

    void note_write_error()
    {
        if (write_error_ == 0)
            write_error_ = errno;
    }

    const Instance &instance_;
    pid_t master_;
    Fd socket_;
    int timeout_ms_ = kAnswerMs;
    bool quiet_ = false;
    int write_error_ = 0; ///< errno of the first
    std::string broken_;
};

/// Waits until the master has released the lock, or another master has taken it.
bool await_end(const Instance &instance, pid_t master, int limit_ms)
{
    for (int i = 0; i < limit_ms; i++) {
        pid_t running = instance.running();
        if (running >= 0 && running != master)
            return true;
        usleep(1000);
    }
    return false;
}

int ask_once(const Instance &instance, const CommandLine &line);

/// The master may have ended meanwhile because of another command. Then a stop is done, and a command that
/// only reads asks again, as a new master may have started.
int handle_broken(const Instance &instance, const CommandLine &line, pid_t master, const std::string &why)
{
    bool ended = await_end(instance, master, kEndMs);
    if (ended && line.verb == Verb::kStop) {
        if (!line.quiet)
            printf("%s: stopped\n", instance.name().c_str());
        fflush(stdout);
        return kExitDone;
    }
    if (ended && line.verb != Verb::kReload)
        return ask_once(instance, line);
    fprintf(stderr, "%s: %s\n", instance.name().c_str(), why.c_str());
    return kExitFailed;
}

int ask_once(const Instance &instance, const CommandLine &line)
{
    Holder holder = instance.holder();
    pid_t master = holder.pid;
    if (master == 0) {
        fprintf(stderr, "%s: not running (looked in %s)\n%s%s", instance.name().c_str(), instance.place().c_str(),
                list_running(instance).c_str(), list_elsewhere(instance).c_str());
        return kExitNotRunning;
    }
    std::string refusal = master < 0 ? last_error() : instance.other_program(holder, false);
    if (!refusal.empty()) {
        fprintf(stderr, "%s: %s\n", instance.name().c_str(), refusal.c_str());
        return kExitFailed;
    }
    Conversation conversation(instance, master);
    int code = conversation.run(line);
    if (!conversation.broken().empty())
        return handle_broken(instance, line, master, conversation.broken());
    if (line.verb == Verb::kStop && code == kExitDone && !await_end(instance, master, kAnswerMs)) {
        fprintf(stderr, "%s: the master process %d has stopped its children, but does not end\n", instance.name().c_str(),
                static_cast<int>(master));
        return kExitFailed;
    }
    return code;
}

int refresh_status(const Instance &instance, const CommandLine &line)
{
    bool terminal = isatty(STDOUT_FILENO);
    for (;;) {
        if (terminal)
            fputs("\033[H\033[2J", stdout);
        int code = ask_once(instance, line);
        if (code != kExitDone)
            return code;
        struct timespec second = {1, 0};
        nanosleep(&second, nullptr);
    }
}

} // namespace

int ask_master(const Instance &instance, const CommandLine &line)
{
    if (instance.check_run_dir() != 0) {
        fprintf(stderr, "%s: %s\n", instance.name().c_str(), last_error());
        return kExitFailed;
    }
    return line.verb == Verb::kStatus && line.daemon ? refresh_status(instance, line) : ask_once(instance, line);
}

} // namespace wm
