/**
 * @file
 * Counts and prints the results of the pushes in order, and derives the exit code. Answers go to stdout, everything else to stderr. One
 * thread.
 */
#ifndef WM_PUSH_REPORT_H
#define WM_PUSH_REPORT_H

#include "wm-push/exit_code.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace wm {

enum class PushResult {
    kOk,      ///< queued for at least one page, or what was asked for is done
    kFail,    ///< the server answered fail
    kUnknown, ///< it did, because it does not know
    kBad,     ///< not sent: its body is invalid
    kLost,    ///< not answered
};

/// What is known of one push.
struct Outcome {
    PushResult result = PushResult::kOk;
    std::string reason{};                  ///< of every other; empty: the server did not say
    std::string uid{};                     ///< whose push it is; empty: there is only one target
    std::optional<uint64_t> connections{}; ///< of kOk, if the server said how many
    bool partial = false;                  ///< the number is a lower bound
    bool is_offline = false;               ///< the reason of kFail is the usual one
};

class Report {
public:
    /// quiet: print no answers; with json, still why a push was not answered. for_lines: print a line for every push, also for those that
    /// were not sent.
    Report(bool quiet, bool json, bool for_lines) : quiet_(quiet), json_(json), for_lines_(for_lines) {}

    /// Adds the result of the next push.
    void add(const Outcome &outcome);
    /// Prints an error on stderr at once.
    void print_error(std::string_view text);
    /// Prints why pushes were lost, while the run goes on.
    void warn_lost(std::string_view text);
    /// Ends the run: prints the failure; its code becomes the exit code.
    void fail(const Failure &failure);

    /// Whether flush() has something to print.
    bool has_output() const { return !output_.empty(); }
    /// Prints the results added so far. A closed pipe is not an error; any other failure is one of the exit code. The pushes go on.
    void flush();
    /// With --json and -l: adds the summary line.
    void summarize();

    ExitCode exit_code() const;
    uint64_t pushed() const { return ok_ + failed(); }
    uint64_t ok() const { return ok_; }
    uint64_t fails() const { return fail_ + unknown_; }
    uint64_t lost() const { return lost_; }
    uint64_t failed() const { return fail_ + unknown_ + bad_ + lost_; }

private:
    void explain(const Outcome &outcome);
    void write_json(const Outcome &outcome);

    bool quiet_;
    bool json_;
    bool for_lines_;
    bool stdout_gone_ = false;
    bool output_failed_ = false; ///< not a reader who left, but a full disk
    uint64_t ok_ = 0;
    uint64_t fail_ = 0;
    uint64_t unknown_ = 0;
    uint64_t bad_ = 0;
    uint64_t lost_ = 0;
    ExitCode end_ = kExitOk;
    std::string reason_;    ///< of end_, or of what was lost
    std::string explained_; ///< the last failure that was explained
    std::string output_;
};

} // namespace wm

#endif
