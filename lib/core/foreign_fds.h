/**
 * @file
 * Descriptors that are not the library's, in an epoll set of their own, which is one descriptor of the loop's. Their
 * owners may close them at any time without a word. The loop's thread.
 *
 * Each is registered with EPOLLONESHOT, and armed again by EPOLL_CTL_MOD before its owner is called. The kernel finds
 * a registration by number and open file, so that this call is also the exact test of whether the number still means
 * that file, which no comparison of inodes is (all eventfds share one). A file that lives on behind another
 * descriptor, or in a child process, when its number is closed or used again cannot be taken out of the set: it is
 * reported once, fails the test, and stays disarmed. The set is apart from the loop's because there a number used
 * again may be a connection's, which the test would then overwrite.
 */
#ifndef WM_CORE_FOREIGN_FDS_H
#define WM_CORE_FOREIGN_FDS_H

#include "core/watch.h"

#include <cstdint>
#include <vector>

namespace wm {

class Loop;

class ForeignFds {
public:
    struct Handler {
        void *owner;
        /// `ready` is what of Watch::kRead and kWrite is ready: both after an error or a hangup. Returns false to end the turn.
        bool (*ready)(void *owner, int fd, uint32_t ready);
        /// The number is closed, or another file's: it is not looked at again until it is removed.
        void (*lost)(void *owner, int fd);
    };

    ForeignFds() = default;
    ForeignFds(const ForeignFds &) = delete;
    ForeignFds &operator=(const ForeignFds &) = delete;
    ~ForeignFds() { close(); }

    /// 0, or a WM_E... code with its detail.
    int open(Loop &loop, const Handler &handler);
    void close();
    bool is_open() const { return epoll_fd_ >= 0; }

    /// Registers a descriptor; false with errno.
    bool add(int fd, uint32_t interest);
    /// Changes what a registered one waits for; 0 keeps it registered. False when the number is no longer that file's.
    bool change(int fd, uint32_t interest);
    void remove(int fd);

    /// Whether epoll can watch it: 0 or an errno.
    static int probe(int fd);

private:
    static constexpr int kBatch = 64;

    struct Place {
        uint32_t serial = 0; ///< of the registration; 0: none
        uint32_t interest = 0;
        uint32_t hangups = 0; ///< reports of an error or hangup since the owner has changed it
    };

    static void readable(ForeignFds *self, uint32_t);
    void dispatch();
    bool control(int operation, int fd, uint32_t interest);
    void count_hangup(int fd);

    Loop *loop_ = nullptr;
    Handler handler_ = {};
    int epoll_fd_ = -1;
    uint32_t last_serial_ = 0;
    WatchOf<ForeignFds> watch_;
    std::vector<Place> places_; ///< by number
};

} // namespace wm

#endif
