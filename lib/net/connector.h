/**
 * @file
 * Connects to the first of several addresses that answers: in their order, the next one when one fails, or beside it when it has not
 * answered for a while (RFC 8305 §5). Never blocks; the owner sets the limit of time. The loop's thread.
 */
#ifndef WM_NET_CONNECTOR_H
#define WM_NET_CONNECTOR_H

#include "core/loop.h"
#include "core/watch.h"
#include "net/address.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace wm {

struct ConnectOptions {
    bool nodelay = true;
    bool keepalive = true;
    SocketAddress source = {}; ///< what the socket is bound to; len 0: the kernel chooses
};

class Connector {
public:
    /// Called from the loop or from run(), never from start(): due_ms() may have changed, or finished() is true.
    using Changed = void (*)(void *owner);

    Connector(Loop &loop, Changed changed, void *owner);
    Connector(const Connector &) = delete;
    Connector &operator=(const Connector &) = delete;
    ~Connector() { stop(); }

    /// Begins with the first of the addresses, of which there is at least one.
    void start(std::vector<SocketAddress> addresses, const ConnectOptions &options);
    /// Those that the kernel has connected, and stop() gives up, end with a reset.
    void reset_on_close();
    /// Gives up what has not connected.
    void stop();

    /// When run() is to be called; Loop::kNever: not at all.
    int64_t due_ms() const { return due_ms_; }
    void run();

    /// Whether an address has answered, or every one has failed.
    bool finished() const { return fd_ >= 0 || (next_ == addresses_.size() && !any()); }
    /// The connected descriptor, which is the caller's from then on; -1: every address has failed.
    int take(SocketAddress &peer);
    /// The errno of the last failure, and "ADDRESS: why" of all, or of the first few.
    int number() const { return number_; }
    const std::string &causes() const { return causes_; }
    /// "ADDRESS, ADDRESS" of those that have not answered.
    std::string waits_for() const;

private:
    static constexpr size_t kAtOnce = 4;      ///< attempts beside each other
    static constexpr size_t kCauses = 4;      ///< of them the text has so many
    static constexpr int64_t kDelayMs = 250;  ///< before the next address (RFC 8305 §8)
    static constexpr int64_t kBacklogMs = 50; ///< before a unix socket with a full backlog is asked again

    struct Attempt {
        Connector *connector = nullptr;
        WatchOf<Attempt> watch;
        int fd = -1;
        size_t address = 0;
    };

    static void ready(Attempt *self, uint32_t);
    void outcome(Attempt &attempt);
    void next();
    bool begin(Attempt &attempt, size_t address);
    int prepare(int fd, const SocketAddress &address) const;
    void close(Attempt &attempt);
    void note(size_t address, int number);
    bool any() const;

    Loop &loop_;
    Changed changed_;
    void *owner_;
    std::vector<SocketAddress> addresses_;
    ConnectOptions options_;
    Attempt attempts_[kAtOnce];
    size_t next_ = 0; ///< of addresses_
    int64_t due_ms_ = Loop::kNever;
    int fd_ = -1;
    size_t connected_ = 0; ///< of addresses_
    int number_ = 0;
    size_t noted_ = 0;
    std::string causes_;
};

} // namespace wm

#endif
