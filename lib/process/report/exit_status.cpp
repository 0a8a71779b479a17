#include "process/report/exit_status.h"

#include <csignal>
#include <cstring>
#include <sys/wait.h>

namespace wm {

namespace {

std::string numbered(int number)
{
    return "signal " + std::to_string(number);
}

/// "signal 9 (SIGKILL)", or the number alone where there is no name.
std::string signal_in_words(int number)
{
    std::string name = signal_name(number), plain = numbered(number);
    return name == plain ? plain : plain + " (" + name + ")";
}

} // namespace

std::string signal_name(int number)
{
    if (const char *abbreviation = sigabbrev_np(number))
        return std::string("SIG") + abbreviation;
    if (number == SIGRTMIN)
        return "SIGRTMIN";
    // The C library sets SIGRTMIN at run time: signals below it are its own and have no names.
    if (number > SIGRTMIN && number <= SIGRTMAX)
        return "SIGRTMIN+" + std::to_string(number - SIGRTMIN);
    return numbered(number);
}

std::string describe_exit(int wait_status, bool asked)
{
    if (WIFEXITED(wait_status))
        return "exited with status " + std::to_string(WEXITSTATUS(wait_status)) + (asked ? ", as asked" : "");
    if (WIFSIGNALED(wait_status)) {
        const char *core = WCOREDUMP(wait_status) ? ", core dumped" : "";
        return "killed by " + signal_in_words(WTERMSIG(wait_status)) + core;
    }
    if (WIFSTOPPED(wait_status))
        return "stopped by " + signal_in_words(WSTOPSIG(wait_status));
    if (WIFCONTINUED(wait_status))
        return "continued";
    return "wait status " + std::to_string(wait_status);
}

} // namespace wm
