/**
 * @file
 * The keys of session tickets (RFC 5077 §4, RFC 8446 §4.6.1). A client resumes with any process that has the key under
 * which its ticket was made. Plain bytes, so that a process can hand them to others;
 * who held them overwrites them (OPENSSL_cleanse). Any thread.
 */
#ifndef WM_NET_TLS_TICKET_KEYS_H
#define WM_NET_TLS_TICKET_KEYS_H

#include <cstdint>
#include <type_traits>

namespace wm {

struct TicketKey {
    uint8_t name[16]; ///< stands in the ticket
    uint8_t cipher[32];
    uint8_t mac[32];
};

struct TicketKeys {
    /// A key is in use for so long, and for as long again as `previous`: the lifetime of a ticket.
    static constexpr int64_t kRotateMs = int64_t{12} * 60 * 60 * 1000;

    TicketKey current;  ///< makes tickets
    TicketKey previous; ///< takes them; zero: none

    /// Makes the first keys.
    void make();
    /// Makes a new key: what was the current one is the previous one.
    void rotate();
};

static_assert(std::is_trivially_copyable_v<TicketKeys> && sizeof(TicketKeys) == 160, "handed on as bytes");

} // namespace wm

#endif
