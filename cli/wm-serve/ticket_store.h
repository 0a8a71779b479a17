/**
 * @file
 * The tickets of --auth ticket: what one is made of, and those that a process has issued and that are neither used nor over. A plain class:
 * random numbers and the time go in. One thread.
 *
 * A ticket is base64url of 16 random bytes, the Unix time of its end and its uid. The store keeps the SHA-256 of these bytes alone: that
 * the random bytes, the time and the uid belong together is one comparison, whose time tells nothing of a ticket, and a core has none.
 */
#ifndef WM_SERVE_TICKET_STORE_H
#define WM_SERVE_TICKET_STORE_H

#include "shared/scan_error.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace wm::serve {

inline constexpr size_t kTicketRandom = 16; ///< bytes
inline constexpr size_t kTicketHead = kTicketRandom + sizeof(int64_t);
inline constexpr size_t kMaxTicketBytes = kTicketHead + kMaxUidBytes;

using TicketRandom = std::array<char, kTicketRandom>;
using TicketScratch = char[kMaxTicketBytes];

/// What a text says that has the form of a ticket. Nothing of it is true before a store has taken it.
struct Ticket {
    std::string_view bytes; ///< all of it, in the scratch; empty: the text has not the form of a ticket
    std::string_view uid;   ///< 1 to 255 bytes, in the scratch
    int64_t end_s = 0;      ///< Unix time
};

Ticket read_ticket(std::string_view text, TicketScratch &scratch);

class TicketStore {
public:
    static constexpr size_t kMaxTickets = 100000; ///< about 150 bytes each

    /// ttl_ms: how long a ticket may be used.
    explicit TicketStore(int64_t ttl_ms = 0, size_t most = kMaxTickets) : ttl_ms_(ttl_ms), most_(most) {}

    /// A new ticket for a uid of 1 to 255 bytes; empty: it keeps as many as it may. now_ms is of a clock that only grows, end_s is what the
    /// ticket says. Throws std::bad_alloc, and has issued none then.
    std::string issue(std::string_view uid, const TicketRandom &random, int64_t now_ms, int64_t end_s);
    /// Uses up the ticket of these bytes. False: it has issued none such, it was used, or its time is over.
    bool take(std::string_view bytes, int64_t now_ms) noexcept;
    /// Those that are kept.
    size_t size() const { return index_.size(); }

private:
    using Digest = std::array<unsigned char, 32>;
    struct Hash {
        size_t operator()(const Digest &digest) const;
    };
    struct Issued {
        Digest digest;
        int64_t due_ms;
    };

    static bool digest_of(std::string_view bytes, Digest &digest);
    void drop_due(int64_t now_ms);

    int64_t ttl_ms_;
    size_t most_;
    std::list<Issued> issued_; ///< the first to be over at its front
    std::unordered_map<Digest, std::list<Issued>::iterator, Hash> index_;
};

} // namespace wm::serve

#endif
