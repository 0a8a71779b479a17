/**
 * @file
 * What a process shows of itself: one page of shared memory. Written by that process alone, at the end of a turn; read by another at any
 * time, without a system call of either.
 *
 * Numbers are relaxed atomics, each right by itself. Texts and the row count change under `version`, odd while they do.
 */
#ifndef WM_CORE_STATUS_PAGE_H
#define WM_CORE_STATUS_PAGE_H

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace wm {

/// What a row's worker does.
enum class RowState : uint32_t { kNone, kListening, kListenFailed, kPaused };

/// What a child is at.
enum class PageState : uint32_t { kFree, kStarting, kServing, kDraining, kStopping };

struct StatusRow {
    static constexpr size_t kName = 32;
    static constexpr size_t kAddress = 120; // text+unix:// and the longest path (unix(7))

    std::atomic<RowState> state;
    std::atomic<uint32_t> connections;
    std::atomic<uint64_t> requests;
    char name[kName];       ///< cut, always with a NUL
    char address[kAddress]; ///< cut, always with a NUL
};

struct StatusPage {
    static constexpr size_t kSize = 4096;
    static constexpr size_t kRows = 24;

    std::atomic<uint32_t> version;
    std::atomic<PageState> state;
    std::atomic<int64_t> dispatching_since_ms; ///< CLOCK_MONOTONIC; 0: it waits for events
    std::atomic<uint32_t> connections;
    std::atomic<uint32_t> timers;
    std::atomic<uint64_t> send_fail;
    std::atomic<uint64_t> requests;
    // Requests by the second, for a rate that is right at every call: of the second that is running and the one before it.
    std::atomic<int64_t> second; ///< CLOCK_MONOTONIC, whole seconds
    std::atomic<uint32_t> in_second;
    std::atomic<uint32_t> in_second_before;
    std::atomic<uint32_t> rows;    ///< in use below
    std::atomic<uint32_t> workers; ///< there are; more than kRows have no row
    StatusRow row[kRows];
};

static_assert(sizeof(StatusPage) <= StatusPage::kSize, "a page a process");
static_assert(std::atomic<uint64_t>::is_always_lock_free, "the page is shared between processes");

} // namespace wm

#endif
