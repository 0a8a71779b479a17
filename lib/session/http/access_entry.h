/**
 * @file
 * What the access log keeps of a request from its arrival until its answer has left: copies, as the request's slices end earlier. Owned by
 * the connection; the app's thread.
 */
#ifndef WM_SESSION_HTTP_ACCESS_ENTRY_H
#define WM_SESSION_HTTP_ACCESS_ENTRY_H

#include "session/http/access_line.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace wm {

class AccessEntry {
public:
    struct Free {
        void operator()(AccessEntry *entry) const { free(entry); }
    };
    using Owned = std::unique_ptr<AccessEntry, Free>;

    /// Copies what a line has room for; nullptr when out of memory. began_us: when the head ended, in the time of now_us().
    static Owned make(const AccessRequest &request, int64_t began_us);
    static int64_t now_us();

    AccessRequest request() const;
    /// Bytes of memory that it takes.
    size_t size() const { return size_; }

    const int64_t began_us;
    uint64_t of = 0; ///< the request's id; 0: of one that is refused at once
    AccessEntry *next = nullptr;
    uint64_t bytes = 0; ///< of the answer's body so far
    int status = 0;     ///< 0: there is no answer yet
    bool begun = false; ///< the answer has left, or a part of it

private:
    static constexpr size_t kFields = 7;
    using Sizes = std::array<uint16_t, kFields>;

    AccessEntry(const AccessRequest &request, const Sizes &sizes, size_t size, int64_t began_us);
    char *text() { return reinterpret_cast<char *>(this + 1); }
    const char *text() const { return reinterpret_cast<const char *>(this + 1); }

    uint32_t size_;
    Sizes sizes_;
};

class AccessLog;

/// Of an http connection with a log. Owned by its HttpSession.
struct AccessSession {
    AccessLog &log;
    AccessEntry *first = nullptr; ///< of its requests, in their order; one is missing where memory was
    AccessEntry *last = nullptr;
    uint32_t logged = 0;        ///< bytes of the entries
    uint32_t head_ended_ms = 0; ///< when the head of the request that arrives has ended; 0: with its body
    uint8_t ip_size = 0;
    char ip[kMaxAccessIp + 1] = {}; ///< of the peer: kept, as the kernel forgets it with a reset

    explicit AccessSession(AccessLog &of) : log(of) {}
    AccessSession(const AccessSession &) = delete;
    AccessSession &operator=(const AccessSession &) = delete;

    std::string_view peer() const { return {ip, ip_size}; }
    void append(AccessEntry *entry);
    /// The entry of that request; nullptr: none.
    AccessEntry *find(uint64_t request) const;
    /// Removes that of the oldest request; nullptr: it has none.
    AccessEntry::Owned take(uint64_t request);
};

} // namespace wm

#endif
