/**
 * @file
 * The status of a process in one page of shared memory. That process alone writes it, at the end of a turn;
 * any other may read it at any time. Neither needs a system call.
 *
 * Numbers are relaxed atomics, each consistent by itself. `version` guards texts and the row count: it is odd
 * while they change.
 */
#ifndef WM_CORE_STATUS_PAGE_H
#define WM_CORE_STATUS_PAGE_H

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace wm {

/// The state of a row's worker, or from kConnected on of its client.
enum class RowState : uint32_t { kNone, kListening, kListenFailed, kPaused, kConnected, kConnecting, kDisconnected };

/// The state of a child.
enum class PageState : uint32_t { kFree, kStarting, kServing, kDraining, kStopping };

struct StatusRow {
    static constexpr size_t kName = 32;
    static constexpr size_t kAddress = 120; // text+unix:// and the longest path (unix(7))

    std::atomic<RowState> state;
    std::atomic<uint32_t> connections;
    std::atomic<uint64_t> requests;
    std::atomic<uint64_t> shed;        ///< connections that a limit has refused, or ended while they were silent
    std::atomic<uint64_t> dropped;     ///< messages, for peers that read too slowly
    std::atomic<uint64_t> replaced;    ///< likewise, by newer ones of their key
    std::atomic<uint64_t> slow_closed; ///< connections whose peers read too slowly
    char name[kName];                  ///< truncated, always with a NUL
    char address[kAddress];            ///< truncated, always with a NUL
};

/// How a process is joined with others of its program, for the hub.
struct PeerFigures {
    std::atomic<uint32_t> processes;   ///< others that are known
    std::atomic<uint32_t> joined;      ///< of them, those that can be asked
    std::atomic<uint32_t> outstanding; ///< requests that wait for answers
    std::atomic<uint64_t> requests;    ///< so far, of this process and of others
    std::atomic<uint64_t> suspects;    ///< times that one has stopped reading
    std::atomic<uint64_t> resyncs;     ///< links made
};

struct StatusPage {
    static constexpr size_t kSize = 4096;
    static constexpr size_t kRows = 19;

    std::atomic<uint32_t> version;
    std::atomic<PageState> state;
    std::atomic<int64_t> dispatching_since_ms; ///< CLOCK_MONOTONIC; 0: waiting for events
    std::atomic<uint32_t> connections;
    std::atomic<uint32_t> timers;
    std::atomic<uint64_t> send_fail;
    std::atomic<uint64_t> requests;
    // Requests of the current second and of the one before it, from which a reader computes a rate at any
    // time.
    std::atomic<int64_t> second; ///< CLOCK_MONOTONIC, whole seconds
    std::atomic<uint32_t> in_second;
    std::atomic<uint32_t> in_second_before;
    PeerFigures peers;
    std::atomic<uint32_t> rows;    ///< rows in use
    std::atomic<uint32_t> workers; ///< all workers and clients; those beyond kRows have no row
    StatusRow row[kRows];
};

// The page is full: a column takes its bytes from kRows, or from the texts of a row.
static_assert(sizeof(StatusPage) <= StatusPage::kSize, "a page a process");
static_assert(std::atomic<uint64_t>::is_always_lock_free, "the page is shared between processes");

} // namespace wm

#endif
