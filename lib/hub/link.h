/**
 * @file
 * A stream to another process: batches of bytes, each behind its length (u32, big-endian, with its own four bytes: the `frame` protocol).
 * Owned by the exchange; the app's thread.
 */
#ifndef WM_HUB_LINK_H
#define WM_HUB_LINK_H

#include "core/buffer.h"
#include "core/fd.h"
#include "core/loop.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace wm {

class Link;

class LinkEvents {
public:
    /// False: this process is a child of a fork inside it, and leaves the link to its parent.
    virtual bool arrived(Link &link, const char *batch, size_t size) = 0;
    /// The stream has ended, or broken, and nothing follows.
    virtual void ended(Link &link) = 0;

protected:
    ~LinkEvents() = default;
};

class Link {
public:
    static constexpr size_t kMaxBatch = size_t{8} << 20; ///< bytes; a longer one is no batch, and ends the stream

    /// number: of no other link of this process. to: the node of the other side.
    Link(Loop &loop, LinkEvents &events, Fd fd, uint64_t number, uint64_t to)
        : id(number), node(to), loop_(loop), events_(events), fd_(std::move(fd)), queue_(queued_)
    {}
    Link(const Link &) = delete;
    Link &operator=(const Link &) = delete;
    ~Link() { close(); }

    /// Waits for input. False with errno.
    bool open();
    /// Without another event.
    void close();
    bool is_open() const { return static_cast<bool>(fd_); }
    int fd() const { return fd_.get(); }

    /// Writes now what the kernel takes, and queues the rest. What cannot be queued breaks the stream, which is told with the next event
    /// of the loop: never inside this call.
    void send(const char *batch, size_t size);
    /// Reads what has come, up to a share of a turn. Whether there may be more.
    bool read();

    const uint64_t id;
    const uint64_t node;

private:
    static void ready(Link *self, uint32_t what);
    bool make_room();
    bool take_batches();
    void write_queue();
    bool end();
    void shut();

    Loop &loop_;
    LinkEvents &events_;
    Fd fd_;
    WatchOf<Link> watch_;
    size_t queued_ = 0;
    SendQueue queue_; ///< what the kernel has not taken
    std::unique_ptr<char[]> input_;
    size_t capacity_ = 0;
    size_t used_ = 0;
    bool broken_ = false;
};

} // namespace wm

#endif
