/**
 * @file
 * What went wrong in a run, by kind. Any count above zero makes the generator exit with 1.
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

/// The kinds of faults that are told apart.
enum class Fault : uint8_t {
    kLost,       ///< sent, and no answer or push came before the run gave up
    kDuplicate,  ///< arrived again
    kOutOfOrder, ///< arrived before one that was sent earlier
    kWrongBytes, ///< arrived with other bytes than were sent
    kWrongPlace, ///< arrived at another connection or uid than it was for
    kRefused,    ///< answered, but not with what it should have been ("fail" for "ok", another status)
    kBroken,     ///< a connection ended, or broke its protocol, in the middle of the run
    kUnclosed,   ///< a connection that the server did not close after the client had
    kCount
};

/// Its name in the report.
const char *fault_name(Fault fault);

class Tally {
public:
    /// Counts a fault; the first few of a run are told on standard error as they happen.
    void add(Fault fault, const std::string &detail, uint64_t times = 1);

    uint64_t count(Fault fault) const { return counts_[static_cast<size_t>(fault)]; }
    bool clean() const;

private:
    static constexpr unsigned kTold = 8;

    std::array<uint64_t, static_cast<size_t>(Fault::kCount)> counts_{};
    unsigned told_ = 0;
};

} // namespace wm::load

#endif
