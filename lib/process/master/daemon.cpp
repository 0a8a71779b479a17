#include "process/master/daemon.h"

#include "process/program.h"

#include "core/error.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>

namespace wm {

namespace {

constexpr const char *kVariable = "WM_DAEMON"; // over an exec: the daemon's pid and the descriptor of the pipe's write end

volatile sig_atomic_t interrupted = 0;

/// Reads the daemon's pid and then the result of its start. SIGINT and SIGTERM to the launcher are passed on
/// to the daemon. End of file before a result is a failure.
class Await {
public:
    explicit Await(int pipe) : pipe_(pipe)
    {
        sigset_t held;
        sigemptyset(&held);
        sigaddset(&held, SIGINT);
        sigaddset(&held, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &held, &open_);
    }
    Await(const Await &) = delete;
    Await &operator=(const Await &) = delete;
    ~Await() { pthread_sigmask(SIG_SETMASK, &open_, nullptr); }

    int code()
    {
        unsigned char code = 1;
        bool said = read_whole(&daemon_, sizeof daemon_) && read_whole(&code, sizeof code);
        return said ? code : 1;
    }

private:
    bool read_whole(void *out, size_t size)
    {
        // Signals are handled inside ppoll() only, so none is lost between the test of the flag and the wait.
        struct pollfd wait = {pipe_, POLLIN, 0};
        do {
            if (interrupted && daemon_ > 0) {
                kill(daemon_, SIGTERM);
                interrupted = 0;
            }
        } while (ppoll(&wait, 1, nullptr, &open_) < 0 && errno == EINTR);
        return read(pipe_, out, size) == static_cast<ssize_t>(size);
    }

    int pipe_;
    pid_t daemon_ = 0;
    sigset_t open_; ///< the mask before
};

int await(int pipe, pid_t middle)
{
    struct sigaction action = {}, before_int, before_term;
    action.sa_handler = [](int) { interrupted = 1; };
    sigaction(SIGINT, &action, &before_int);
    sigaction(SIGTERM, &action, &before_term);
    int code = Await(pipe).code();
    while (waitpid(middle, nullptr, 0) < 0 && errno == EINTR) {
    }
    sigaction(SIGINT, &before_int, nullptr);
    sigaction(SIGTERM, &before_term, nullptr);
    return code;
}

} // namespace

Daemon::Role Daemon::fork_away(const std::vector<std::string> &arguments, int *exit_code)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) {
        fprintf(stderr, "cannot go into the background: %s\n", strerror(errno));
        *exit_code = 1;
        return Role::kLauncher;
    }
    Fd read_end(fds[0]);
    pipe_.reset(fds[1]);
    const char *listen = getenv("LISTEN_PID");
    bool activated = listen && atoi(listen) == getpid();
    if (arguments.empty())
        fflush(nullptr); // both processes would write what is buffered
    pid_t middle = fork();
    if (middle != 0) {
        pipe_.reset();
        if (middle < 0)
            fprintf(stderr, "cannot go into the background: %s\n", strerror(errno));
        *exit_code = middle < 0 ? 1 : await(read_end.get(), middle);
        return Role::kLauncher;
    }
    read_end.reset();
    setsid();
    pid_t last = fork();
    if (last < 0)
        fprintf(stderr, "cannot go into the background: %s\n", strerror(errno));
    if (last != 0)
        _exit(0); // the launcher reads the result from the pipe
    pid_t self = getpid();
    ssize_t written = write(pipe_.get(), &self, sizeof self);
    (void)written;
    // LISTEN_PID names the process that the sockets of socket activation are for: now the daemon.
    std::string listen_pid = std::to_string(self);
    if (arguments.empty()) {
        if (activated)
            setenv("LISTEN_PID", listen_pid.c_str(), 1);
        return Role::kDaemon;
    }
    std::vector<std::string> variables = {std::string(kVariable) + "=" + std::to_string(self) + " " + std::to_string(pipe_.get())};
    if (activated)
        variables.push_back("LISTEN_PID=" + listen_pid);
    exec_self(arguments, variables, {pipe_.get()});
    fprintf(stderr, "cannot start the program again: %s\n", strerror(errno));
    _exit(1);
}

int Daemon::inherited_pipe()
{
    const char *text = getenv(kVariable);
    int self = 0, fd = -1;
    return text && sscanf(text, "%d %d", &self, &fd) == 2 && self == getpid() ? fd : -1;
}

bool Daemon::inherited()
{
    int fd = inherited_pipe();
    unsetenv(kVariable);
    if (fd <= 2 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return false;
    pipe_.reset(fd);
    return true;
}

void Daemon::report_start(int exit_code)
{
    if (!pipe_)
        return;
    unsigned char code = static_cast<unsigned char>(exit_code);
    ssize_t written = write(pipe_.get(), &code, sizeof code);
    (void)written; // the launcher may have been killed
    pipe_.reset();
}

} // namespace wm
