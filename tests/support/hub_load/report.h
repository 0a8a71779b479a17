/**
 * @file
 * What a run has found: counts, violations with a few examples of each, and all of it as one line of JSON. One thread.
 */
#ifndef WM_TESTS_HUB_LOAD_REPORT_H
#define WM_TESTS_HUB_LOAD_REPORT_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace hub_load {

/// What a server must never do; the names are in report.cpp.
enum class Wrong : uint8_t {
    kFalseOk,      ///< answered ok, and fewer connections have it than the answer says
    kUnanswered,   ///< no answer, though the connection is still there
    kFalseOffline, ///< answered offline, though a page of the uid was open all the time, or has got it
    kFalseFail,    ///< answered fail for another reason where none is an excuse
    kTwice,        ///< a connection got a push twice
    kMissed,       ///< a connection that was open all the time did not get a broadcast
    kCut,          ///< a connection with unanswered lines ended, with no `end` before it and no kill
    kLost,         ///< a page's connection ended without a close frame, and no process was killed
    kClosed,       ///< a page was closed with another code than 1012
    kStray,        ///< a page got what it should not, or other bytes than those that were sent
    kRefused,      ///< a connection could not be made, and no process was killed
    kNeverOpen,    ///< a page that is not back at the end
    kNotWell,      ///< pushes did not become well behind a fault
    kCount
};

struct Report {
    /// Counts a violation; the first of each kind are kept as examples.
    void wrong(Wrong kind, int64_t now_ms, const char *format, ...) __attribute__((format(printf, 4, 5)));
    uint64_t count(Wrong kind) const { return wrong_[static_cast<size_t>(kind)]; }
    bool violated() const;
    std::string json() const;

    std::map<std::string, uint64_t> counts; ///< what happened, by name
    std::map<std::string, uint64_t> failed; ///< answers that are no ok, by their `why`
    std::map<int32_t, uint64_t> closes;     ///< of pages, by the close code
    std::map<std::string, double> rates;    ///< a second, and times in milliseconds

private:
    static constexpr size_t kExamples = 4;
    static constexpr size_t kKinds = static_cast<size_t>(Wrong::kCount);

    std::array<uint64_t, kKinds> wrong_{};
    std::array<std::vector<std::string>, kKinds> examples_;
};

} // namespace hub_load

#endif
