#include "wm-serve/ticket_desk.h"

#include "wm-serve/close_code.h"
#include "wm-serve/rate_limit.h"
#include "wm/conn.h"
#include "wm/error.h"
#include "wm/hub.h"

#include <ctime>
#include <new>
#include <sys/random.h>

namespace wm::serve {

namespace {

/// What processes ask each other about: the bytes of a ticket. The one that has issued it takes the message, and uses the ticket up.
constexpr std::string_view kTopic = "wm-serve ticket";

int64_t now_ms()
{
    return monotonic_us() / 1000;
}

} // namespace

/// The page of a ticket that is asked about.
struct TicketDesk::Asked {
    TicketDesk *desk;
    wm_conn conn;
    TicketScratch scratch;
    Ticket ticket; ///< in the scratch
};

void TicketDesk::setup(wm_hub *hub, const PushOptions &options, Answer answer, void *user)
{
    hub_ = hub;
    options_ = &options;
    answer_ = answer;
    user_ = user;
    store_ = TicketStore(options.ticket_ttl_ms);
}

std::string TicketDesk::open()
{
    if (!options_->uses_tickets())
        return "";
    auto take = [](wm_hub *, const void *, size_t, const void *data, size_t len, void *self) {
        return static_cast<TicketDesk *>(self)->store_.take({static_cast<const char *>(data), len}, now_ms()) ? 0 : WM_ESTATE;
    };
    return wm_hub_on_message(hub_, kTopic.data(), kTopic.size(), take, this, nullptr) == 0 ? "" : wm_last_error();
}

PushResult TicketDesk::issue(const PushLine &line, std::string &ticket)
{
    using Kind = PushResult::Kind;
    static_assert(TicketStore::kMaxTickets == 100000); // as the text says
    if (!options_->uses_tickets())
        return {Kind::kBad, line.json_reply, false, 0, "this server has no tickets: it was started without --auth ticket"};
    TicketRandom random;
    if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size()))
        return {Kind::kUnknown, line.json_reply, false, 0, "there are no random numbers"};
    ticket = store_.issue(line.uid, random, now_ms(), std::time(nullptr) + options_->ticket_ttl_ms / 1000);
    if (ticket.empty())
        return {Kind::kUnknown, line.json_reply, false, 0,
                "100000 tickets of this process wait to be used, and it keeps no more: try again when some are used or over"};
    return {Kind::kTicket, line.json_reply, false, static_cast<uint32_t>(options_->ticket_ttl_ms / 1000)};
}

void TicketDesk::redeem(wm_conn conn, std::string_view text)
{
    auto *asked = new (std::nothrow) Asked{this, conn, {}, {}};
    if (!asked) {
        wm_conn_destroy(conn);
        return;
    }
    asked->ticket = read_ticket(text, asked->scratch);
    std::string_view bytes = asked->ticket.bytes;
    if (bytes.empty()) {
        delete asked;
        answer_(conn, refuse(conn, "it is malformed"), user_);
        return;
    }
    auto done = [](wm_hub *, int32_t status, int64_t takers, void *user) {
        auto &known = *static_cast<Asked *>(user);
        known.desk->take_result(known, status, takers);
    };
    auto destroy = [](void *user) { delete static_cast<Asked *>(user); };
    int64_t takers = 0;
    int status = wm_hub_publish(hub_, kTopic.data(), kTopic.size(), bytes.data(), bytes.size(), &takers, done, asked, destroy);
    if (status == WM_PENDING)
        return;
    take_result(*asked, status, takers);
    if (status < 0)
        delete asked; // of no other result would it be left to us
}

/// One process at most takes a ticket. 0 is exact: no process has it. Anything else leaves open what one knows that has not answered.
void TicketDesk::take_result(const Asked &asked, int32_t status, int64_t takers) noexcept
{
    if (!wm_conn_worker(asked.conn))
        return; // the page has left, and its ticket is used up
    try {
        PageIdentity page;
        if (status >= 0 && takers > 0)
            page.uid = asked.ticket.uid;
        else if (status != 0)
            page = put_off(asked.conn, status);
        else
            page = refuse(asked.conn, asked.ticket.end_s <= std::time(nullptr) ? "it has expired" : "it is unknown, or was used");
        answer_(asked.conn, page, user_);
    } catch (const std::bad_alloc &) {
        wm_conn_destroy(asked.conn);
    }
}

PageIdentity TicketDesk::refuse(wm_conn conn, const char *why)
{
    if (refused_.due()) // whatever is in it, the ticket is not for the log
        refused_.log("refused the ticket of the page of " + peer_name(conn) + ": " + why);
    return {{}, PageIdentity::kNever, kNotAuthorized, "ticket refused"};
}

PageIdentity TicketDesk::put_off(wm_conn conn, int32_t status)
{
    PushResult unknown = result_of(PushLine::Kind::kOnline, status < 0 ? status : WM_ETIMEDOUT, 0);
    if (unknown_.due())
        unknown_.log("cannot tell whether the ticket of the page of " + peer_name(conn) + " is right: " + push_detail(unknown));
    return {{}, PageIdentity::kNever, kTryAgainLater, "try again"};
}

} // namespace wm::serve
