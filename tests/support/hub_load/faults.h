/**
 * @file
 * Faults of machines and of what joins them, as the judge is told of them: which answers they excuse, and when the pushes were well again.
 *
 * A fault does not end a connection: what a killed machine ends is told as a kill of its processes, too.
 *
 * One thread.
 */
#ifndef WM_TESTS_HUB_LOAD_FAULTS_H
#define WM_TESTS_HUB_LOAD_FAULTS_H

#include "report.h"

#include <cstdint>
#include <string>
#include <vector>

namespace hub_load {

class Faults {
public:
    static constexpr int64_t kBlindMs = 3000; ///< for so long behind a fault, "offline" may be said of a page that another machine has
    static constexpr int64_t kYoungMs = 1000; ///< and of one that is open for less, at any time
    static constexpr int64_t kWellMs = 1000;  ///< of pushes that are well, at the end of the load

    explicit Faults(Report &report) : report_(report) {}

    void begins(int64_t now_ms, const std::string &text);
    void ends(int64_t now_ms);
    /// Whether there was one in this time, or ended less than kBlindMs before it.
    bool excuses(int64_t from_ms, int64_t to_ms) const;

    void sent(int64_t now_ms) { last_sent_ms_ = now_ms; }
    /// A push was answered otherwise than it would be without faults.
    void unwell(int64_t sent_ms, int64_t answered_ms);
    /// The load is over.
    void finish(int64_t now_ms);

private:
    struct Span {
        int64_t began_ms;
        int64_t ended_ms;
        std::string text;
        int64_t last_unwell_ms; ///< of the pushes that were sent behind it
    };

    Report &report_;
    std::vector<Span> spans_;
    int64_t last_sent_ms_ = 0;
};

} // namespace hub_load

#endif
