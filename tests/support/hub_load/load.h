/**
 * @file
 * The load: pages, back ends and the judge on one app, in one thread with one clock, and when the pushes leave.
 */
#ifndef WM_TESTS_HUB_LOAD_LOAD_H
#define WM_TESTS_HUB_LOAD_LOAD_H

#include "back_end.h"
#include "judge.h"
#include "options.h"
#include "page.h"
#include "report.h"
#include "wm/wm.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace hub_load {

inline constexpr size_t kMaxFresh = 256; ///< connections for one push at a time

class Load {
public:
    explicit Load(const Options &options);
    ~Load();
    Load(const Load &) = delete;
    Load &operator=(const Load &) = delete;

    /// Runs to the end, prints the result; returns the exit code.
    int run();

    const Options &options() const { return options_; }
    /// With the time of now.
    Judge &judge();
    /// The same, for the end of a connection: the kill that has caused it is told before it is done, but may not have been read yet.
    Judge &judge_of_an_end();
    /// Milliseconds since the start.
    int64_t now() const;
    bool loading() const { return phase_ == Phase::kLoading; }
    /// A uid at random, now and then one without pages.
    uint32_t any_uid();
    wm_client *new_client(const std::string &address);
    /// Ends the program with 2 for a result below 0.
    void must(int result, const char *what) const;
    /// The server does not speak its protocol: ends the program with 2.
    [[noreturn]] void fail(const std::string &text) const;

private:
    enum class Phase : uint8_t { kOpening, kLoading, kSettling, kGrace, kOver };

    void enter(Phase phase);
    void tick();
    void begin_load();
    void end_load();
    bool settled() const;
    void finish();
    void send_due();
    BackEnd &next_steady();
    void begin_fresh();
    void watch_input();
    void read_input();
    void take_input_line(const std::string &line);

    Options options_;
    Report report_;
    Judge judge_;
    wm_app *app_;
    int64_t started_ms_;
    uint64_t random_;
    Phase phase_ = Phase::kOpening;
    int64_t phase_ms_ = 0; ///< when it began
    int64_t loaded_ms_ = 0;
    double due_steady_ = 0;
    double due_fresh_ = 0;
    int64_t last_send_ms_ = 0;
    int64_t next_broadcast_ms_ = 0;
    size_t connected_ = 0; ///< pages that have begun to connect
    size_t next_steady_ = 0;
    std::string input_;
    wm_watch input_watch_ = 0;
    std::vector<std::unique_ptr<Page>> pages_;
    std::vector<std::unique_ptr<BackEnd>> steady_;
    std::vector<std::unique_ptr<BackEnd>> fresh_;
};

} // namespace hub_load

#endif
