/**
 * @file
 * A line of a back end on its way through the hub: one call for each uid that it names, and one result when all have theirs. The ports of
 * back ends derive from it what waits for a result. One thread.
 */
#ifndef WM_SERVE_PUSH_CALL_H
#define WM_SERVE_PUSH_CALL_H

#include "shared/json_scan.h"
#include "wm-serve/push_result.h"
#include "wm/error.h"
#include "wm/hub.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wm::serve {

class PagePort;

class PushCall {
public:
    PushCall() = default;
    PushCall(const PushCall &) = delete;
    PushCall &operator=(const PushCall &) = delete;
    virtual ~PushCall() { drop_kept(); }

    bool explain = false; ///< set by the port: a failure is to say why
    std::string ticket;   ///< of a line whose result is kTicket

    /// Makes the calls for a line. kPending: done() is called later, and until then this object must stay. Throws std::bad_alloc before
    /// the first call only.
    PushResult run(wm_hub *hub, const PagePort &pages, const PushLine &line, std::string_view whole);
    /// A push of the whole line to one uid, in a plain answer: as run(), without a word of why it failed.
    PushResult push(wm_hub *hub, std::string_view uid, std::string_view whole)
    {
        int64_t connections = 0;
        int status =
            wm_hub_send(hub, uid.data(), uid.size(), whole.data(), whole.size(), WM_SEND_FIRST, &connections, pushed, this, nullptr);
        if (status == 0 && connections > 0) [[likely]]
            return {PushResult::Kind::kOk, false, false, static_cast<uint32_t>(connections)};
        return status == WM_PENDING ? PushResult{PushResult::Kind::kPending} : result_of(PushLine::Kind::kPush, status, connections);
    }

    /// The result of a line that was pending. Once, on the app's thread.
    virtual void done(PushResult result) = 0;

    /// What a result of this line is in JSON; for a list of uids it has that of each.
    std::string json(PushResult result) const;
    /// How many uids wait for the answer, at least 1, and more for a message that is kept: what the line holds grows with it.
    size_t weight() const { return (parts_.empty() ? 1 : parts_.size()) + kept_.size() / kKeptWeight; }

private:
    /// One hub call, and the uid that it is about.
    struct Part {
        PushCall *call;
        std::string uid;
        PushResult result;
    };

    static constexpr size_t kMaxAhead = size_t{1} << 20; ///< bytes to other processes without an answer, of one line
    static constexpr size_t kMaxKept = size_t{16} << 20; ///< bytes of all lines; from there on one asks for all its uids at once
    static constexpr size_t kKeptWeight = 256;           ///< bytes that count as a uid

    void begin(const PushLine &line);
    void choose_ahead(std::string_view data);
    void drop_kept();
    template <class Ask> void ask_ahead(Ask ask);
    int send(Part &part, std::string_view data, int64_t &connections) const;
    int send_to_group(Part &part, const PushLine &line, std::string_view data, int64_t &connections) const;
    int broadcast(Part &part, std::string_view data, int64_t &connections) const;
    void go_on();
    int ask(Part &part, const PushLine &line, std::string_view data, int64_t &connections) const;
    void take(Part &part, int32_t status, int64_t connections) noexcept;
    void look_at_offline(Part &part) noexcept;
    void take_online(Part &part, int32_t status, int64_t connections) noexcept;
    PushResult sum() const;

    static void pushed(wm_hub *hub, int32_t status, int64_t connections, void *call);
    static void answered(wm_hub *hub, int32_t status, int64_t connections, void *part);
    static void counted(wm_hub *hub, int32_t status, int64_t connections, void *part);

    wm_hub *hub_ = nullptr;
    const PagePort *pages_ = nullptr;
    PushLine::Kind verb_ = PushLine::Kind::kPush;
    bool json_ = false;
    int32_t flags_ = 0;  ///< of what is sent
    std::string key_;    ///< of what is sent; empty: none
    bool list_ = false;  ///< the line has a list of uids
    size_t waiting_ = 0; ///< parts without a result
    size_t next_ = 0;    ///< part whose call is to be made
    size_t ahead_ = 0;   ///< calls that may wait for their results at a time
    std::vector<Part> parts_;
    std::string kept_; ///< the message, for calls that are made later
};

/// Takes the lines of the inner port and the bodies of POST /push.
class PushTarget {
public:
    virtual ~PushTarget() = default;
    virtual PushResult push(std::string_view line, PushCall &call) = 0;
};

} // namespace wm::serve

#endif
