/**
 * @file
 * Issues the tickets of --auth ticket, and has those of pages used up: the page's process asks all of them, and the one that has issued the
 * ticket takes it. So a ticket works in every process, once, and none shares memory with another. The app's thread.
 */
#ifndef WM_SERVE_TICKET_DESK_H
#define WM_SERVE_TICKET_DESK_H

#include "shared/json_scan.h"
#include "wm-serve/event_log.h"
#include "wm-serve/page_auth.h"
#include "wm-serve/push_options.h"
#include "wm-serve/push_result.h"
#include "wm-serve/ticket_store.h"
#include "wm/types.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wm::serve {

/// The most characters that a ticket has.
inline constexpr size_t kMaxTicketText = (kMaxTicketBytes * 4 + 2) / 3;

class TicketDesk {
public:
    /// Who a page is, or why it is refused. The views hold during the call.
    using Answer = void (*)(wm_conn conn, const PageIdentity &page, void *user);

    /// The options are borrowed. They have been checked.
    void setup(wm_hub *hub, const PushOptions &options, Answer answer, void *user);
    /// From here on this process takes tickets that it has issued. Returns an error, or nothing.
    std::string open();

    /// Issues a ticket for the uid of a line, as `ticket`: kTicket, or a failure. Throws std::bad_alloc.
    PushResult issue(const PushLine &line, std::string &ticket);
    /// Has the ticket of a page used up. The answer is called once, in this call or later, but not for a page that has left.
    void redeem(wm_conn conn, std::string_view text);

private:
    struct Asked;

    void take_result(const Asked &asked, int32_t status, int64_t takers) noexcept;
    PageIdentity refuse(wm_conn conn, const char *why);
    PageIdentity put_off(wm_conn conn, int32_t status);

    wm_hub *hub_ = nullptr;
    const PushOptions *options_ = nullptr;
    Answer answer_ = nullptr;
    void *user_ = nullptr;
    TicketStore store_;
    ThrottledWarning refused_;
    ThrottledWarning unknown_;
};

} // namespace wm::serve

#endif
