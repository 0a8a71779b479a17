#include "process/command/control_client.h"

#include "core/error.h"
#include "process/answer.h"
#include "process/packet.h"

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace wm {

namespace {

constexpr int kAnswerMs = 5000; // until the first answer
constexpr int kMarginMs = 3000; // beyond what the master has asked patience for
constexpr size_t kMaxPacket = 64 << 10;

/// One request, and its answers.
class Conversation {
public:
    Conversation(const Instance &instance, pid_t master) : instance_(instance), master_(master) {}

    int run(const CommandLine &line)
    {
        quiet_ = line.quiet && line.verb != Verb::kStatus && line.verb != Verb::kConnections;
        if (!connect())
            return kExitFailed;
        std::string request = request_of(line);
        if (!send_packet(socket_.get(), request, -1, true)) {
            say("cannot ask the master process: ", strerror(errno));
            return kExitFailed;
        }
        int code = kExitFailed;
        while (next_answer(&code)) {
        }
        return code;
    }

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
        return request;
    }

    void say(const char *what, const char *why) const { fprintf(stderr, "%s: %s%s\n", instance_.name().c_str(), what, why); }

    bool connect()
    {
        struct sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        memcpy(address.sun_path, instance_.socket_path().c_str(), instance_.socket_path().size() + 1);
        socket_.reset(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
        if (socket_ && ::connect(socket_.get(), reinterpret_cast<const struct sockaddr *>(&address), sizeof address) == 0)
            return true;
        std::string text = "cannot reach the master process " + std::to_string(master_) + " at " + instance_.socket_path() + ": ";
        say(text.c_str(), strerror(errno));
        return false;
    }

    /// False: that was the last.
    bool next_answer(int *code)
    {
        struct pollfd wait = {socket_.get(), POLLIN, 0};
        int ready = poll(&wait, 1, patience_ms_);
        if (ready < 0 && errno == EINTR)
            return true;
        if (ready == 0) {
            std::string text = "the master process " + std::to_string(master_) + " does not answer";
            say(text.c_str(), " (kill -KILL ends it, and its children with it)");
            return false;
        }
        static char packet[kMaxPacket];
        size_t len = 0;
        Fd file;
        if (receive_packet(socket_.get(), packet, sizeof packet, &len, file, true) != PacketResult::kPacket || len == 0) {
            say("the master process has ended without an answer", "");
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
        case Answer::kPatience: {
            long long ms = atoll(text.c_str()) + kMarginMs;
            patience_ms_ = ms < INT_MAX ? static_cast<int>(ms) : -1;
            break;
        }
        case Answer::kEnd:
            *code = atoi(text.c_str());
            fflush(stdout);
            return false;
        }
        fflush(stdout);
        return true;
    }

    static void copy(const Fd &file)
    {
        char part[16384];
        off_t at = 0;
        ssize_t got;
        while ((got = pread(file.get(), part, sizeof part, at)) > 0) {
            fwrite(part, 1, static_cast<size_t>(got), stdout);
            at += got;
        }
    }

    const Instance &instance_;
    pid_t master_;
    Fd socket_;
    int patience_ms_ = kAnswerMs;
    bool quiet_ = false;
};

/// The master has said that it ends: it is over when the lock is free, or another's who was waiting for that.
bool await_end(const Instance &instance, pid_t master)
{
    for (int i = 0; i < kAnswerMs; i++) {
        pid_t running = instance.running();
        if (running >= 0 && running != master)
            return true;
        usleep(1000);
    }
    return false;
}

int refresh_status(const Instance &instance, pid_t master, const CommandLine &line)
{
    bool terminal = isatty(STDOUT_FILENO);
    for (;;) {
        if (terminal)
            fputs("\033[H\033[2J", stdout);
        int code = Conversation(instance, master).run(line);
        if (code != kExitDone || ferror(stdout))
            return code;
        struct timespec second = {1, 0};
        nanosleep(&second, nullptr);
    }
}

} // namespace

int ask_master(const Instance &instance, const CommandLine &line)
{
    std::string wrong = instance.check_run_dir();
    if (!wrong.empty()) {
        fprintf(stderr, "%s: %s\n", instance.name().c_str(), wrong.c_str());
        return kExitFailed;
    }
    pid_t master = instance.running();
    if (master == 0) {
        fprintf(stderr, "%s: not running\n", instance.name().c_str());
        return kExitNotRunning;
    }
    if (master < 0) {
        fprintf(stderr, "%s: %s\n", instance.name().c_str(), last_error());
        return kExitFailed;
    }
    if (line.verb == Verb::kStatus && line.daemon)
        return refresh_status(instance, master, line);
    int code = Conversation(instance, master).run(line);
    bool stops = line.verb == Verb::kStop;
    if (stops && code == kExitDone && !await_end(instance, master)) {
        fprintf(stderr, "%s: the master process %d has stopped its children, but does not end\n", instance.name().c_str(),
                static_cast<int>(master));
        return kExitFailed;
    }
    return code;
}

} // namespace wm
