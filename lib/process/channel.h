/**
 * @file
 * The channel between the master and one child: packets with a kind, two numbers, a text and at most one
 * descriptor.
 *
 * End of file at the child means that the master has died, so it is the life pipe too. Each end belongs to
 * its process.
 */
#ifndef WM_PROCESS_CHANNEL_H
#define WM_PROCESS_CHANNEL_H

#include "core/fd.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace wm {

/// Numbers stay as they are: with exec, a child may be of a newer library than its master.
enum class MessageKind : uint32_t {
    // From a child to the master.
    kReady = 1, ///< it serves
    kFailed,    ///< it cannot start: text is the reason
    kAdopted,   ///< it accepts from the kept socket with that id
    kListen,    ///< it has bound a socket: text is its address, with the descriptor
    kUnlisten,  ///< the host has closed the socket with that id
    kLogFull,   ///< the log has reached log_max_size
    kListed,    ///< its connections are in the file of the kList with that id
    kReplace,   ///< its host wants another process in its place: text is the reason
    kJoins,     ///< its host is done with on_start: it wants to be joined with others before it accepts
    kUnlinked,  ///< its link of number `value` to the process of node `id` has ended
    kUnready,   ///< a service: text is why it is not ready; empty: it is
    kReport,    ///< a service: what `status` shows of it, in the file that comes with it

    // From the master to a child.
    kStop = 100, ///< within `value` ms
    kDrain,      ///< closes connections when they are quiet: websockets spread over `id` ms, all within `value` ms
    kLeave,      ///< as kDrain, for a stop: websockets are closed with 1001
    kReload,     ///< calls on_reload only
    kList,       ///< write the connections into the file that comes with it
    kLog,        ///< a new log file
    kOutput,     ///< a new file for standard output and standard error
    kReplaced,   ///< as kDrain, for what it has asked itself: without on_reload
    kKeys,       ///< new certificates and keys of the worker at place `id`, in the file that comes with it
    kJoin,       ///< a process exists, of node `id`: with a link to it, of number `value`, or without one, and 0
    kJoinHub,    ///< the same, of the service that asks all others
    kPeers,      ///< so many processes (`value`) are to be joined before it accepts
    kForget,     ///< the process of node `id` has ended
    kAccessLog,  ///< a new file for the access log whose path is text
    kServices,   ///< text is why a service is not ready; empty: all are
};

struct Message {
    MessageKind kind = {};
    int32_t value = 0;
    uint64_t id = 0;
    std::string text;
    Fd fd;
};

class Channel {
public:
    enum class Got { kMessage, kNothing, kEnd };

    Channel() = default;
    explicit Channel(Fd fd) : fd_(std::move(fd)) {}

    /// Two ends; false with errno.
    static bool pair(Channel &one, Channel &other);

    /// Waits for room, or, with `wait` false, drops the message when there is none. False when it did not
    /// leave.
    bool send(MessageKind kind, int32_t value, uint64_t id, std::string_view text, int fd, bool wait) const;
    /// Never waits.
    Got receive(Message &out) const;

    int fd() const { return fd_.get(); }
    bool is_open() const { return static_cast<bool>(fd_); }
    void close() { fd_.reset(); }
    int release() { return fd_.release(); }

private:
    Fd fd_;
};

} // namespace wm

#endif
