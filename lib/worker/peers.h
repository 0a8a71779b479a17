/**
 * @file
 * The other processes of the program that share uids with this one: what the process layer tells of them. The hub implements it, for an
 * app that has one. The app's thread.
 */
#ifndef WM_WORKER_PEERS_H
#define WM_WORKER_PEERS_H

#include "core/fd.h"
#include "core/status_page.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace wm {

class Peers {
public:
    enum class Kind { kService, kProcess };

    virtual ~Peers() = default;

    /// Whether the app may start without a master: 0, or a WM_E... code with its detail.
    virtual int starts_alone() const = 0;
    /// Whether others exist that it is yet to be told of: until then no call is exact.
    virtual void await_others(bool awaits) = 0;
    /// A process exists, from before it has its first connection. With a link to it, which replaces another one, and a number that no
    /// other link of this process has; or without.
    virtual void join(uint64_t node, Kind kind, uint64_t number, Fd link) = 0;
    /// A process has ended.
    virtual void forget(uint64_t node) = 0;
    /// This process has no connections any more, and gets none. True once the others know that, or have had the time for it; until then to
    /// be asked again after each turn.
    virtual bool leave() = 0;
    /// How many of them have answered over their links.
    virtual size_t joined() const = 0;

    // For a caller that waits without the loop: what to poll for input, and what to do then.
    virtual void add_fds(std::vector<int> &fds) const = 0;
    virtual void receive() = 0;

    /// For `status`.
    virtual void measure(PeerFigures &figures) const = 0;

    /// When run() has something to do, by the loop's clock.
    virtual int64_t due_ms() const = 0;
    virtual void run() = 0;
};

} // namespace wm

#endif
