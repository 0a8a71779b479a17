/**
 * @file
 * Counts the faults of a run by kind. Any count above zero makes the generator exit with 1.
 *
 * One thread; one per run.
 */
#ifndef WM_LOAD_TALLY_H
#define WM_LOAD_TALLY_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace wm::load {

/// The kinds of faults.
enum class Fault : uint8_t {
    kLost,       ///< no answer or push arrived before the timeout
    kDuplicate,  ///< arrived again
    kOutOfOrder, ///< arrived before one that was sent earlier
    kWrongBytes, ///< arrived with wrong bytes
    kWrongPlace, ///< arrived at the wrong connection or uid
    kRefused,    ///< wrong answer ("fail" for "ok", another status)
    kBroken,     ///< a connection ended, or broke its protocol, in the middle of the run
    kUnclosed,   ///< the server did not close a connection after the client had
    kCount
};

/// Its name in the report.
const char *fault_name(Fault fault);

class Tally {
public:
    /// Counts a fault; the first few of a run are printed on standard error as they happen.
    void add(Fault fault, const std::string &detail, uint64_t times = 1);

    uint64_t count(Fault fault) const { return counts_[static_cast<size_t>(fault)]; }
    bool clean() const;

private:
    static constexpr unsigned kMaxPrinted = 8;

    std::array<uint64_t, static_cast<size_t>(Fault::kCount)> counts_{};
    unsigned printed_ = 0;
};

} // namespace wm::load

#endif
