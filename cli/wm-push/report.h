/**
 * @file
 * Counts what became of each push, prints it in their order, and knows the exit
 * code. Answers go to stdout, everything else to stderr. One thread.
 */
#ifndef WM_PUSH_REPORT_H
#define WM_PUSH_REPORT_H

#include "wm-push/exit_code.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace wm {

enum class PushResult {
    kOk,   ///< a page took it
    kFail, ///< the server said fail
    kBad,  ///< not sent: its body is wrong
    kLost, ///< not answered
};

class Report {
public:
    /// for_lines: every push has its line of output, that which was not sent too.
    Report(bool quiet, bool json, bool for_lines) : quiet_(quiet), json_(json), for_lines_(for_lines) {}

    /// Notes the next push; the reason is of kBad and kLost.
    void add(PushResult result, std::string_view reason = {});
    /// Says what is wrong on stderr, at once.
    void complain(std::string_view text);
    /// What ended the run: complains, and decides the exit code.
    void end_with(const Failure &failure);

    /// Whether there is something to print.
    bool has_output() const { return !output_.empty(); }
    /// Prints what has been noted. A reader of stdout who has gone is no error:
    /// the pushes are what matters.
    void flush();
    /// With --json, for lines: the line that sums up.
    void summarize();

    ExitCode exit_code() const;
    uint64_t pushed() const { return ok_ + fail_ + bad_ + lost_; }
    uint64_t ok() const { return ok_; }
    uint64_t fail() const { return fail_; }
    uint64_t failed() const { return fail_ + bad_ + lost_; }

private:
    void write_json(PushResult result, std::string_view reason);

    bool quiet_;
    bool json_;
    bool for_lines_;
    bool stdout_gone_ = false;
    uint64_t ok_ = 0;
    uint64_t fail_ = 0;
    uint64_t bad_ = 0;
    uint64_t lost_ = 0;
    ExitCode end_ = kExitOk;
    std::string output_;
};

} // namespace wm

#endif
