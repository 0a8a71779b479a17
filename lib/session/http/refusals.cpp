// The part of HttpRequests that answers in the place of the host: refusals, and 503 for an answer that is late.
#include "session/http/requests.h"

#include "conn/reactor.h"
#include "core/error.h"
#include "core/log.h"
#include "session/http/final_answer.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace wm {

namespace {

/// The fields that a refusal with that status has to have. Without memory for long ones there are none.
class RefusalFields {
public:
    RefusalFields(const Connection &conn, int status, std::string_view first) : buffer_(kRoom + conn.owner->options.methods.size())
    {
        if (!buffer_.data())
            return;
        add(first);
        if (status == 405) // RFC 9110 §15.5.6
            add("Allow: ").add(conn.owner->options.methods).add("\r\n");
        if (status == 426) // RFC 9110 §15.5.22, RFC 6455 §4.4
            add("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
    }
    std::string_view text() { return {buffer_.data(), size_}; }

private:
    static constexpr size_t kRoom = 64 + kPlain.size();

    RefusalFields &add(std::string_view text)
    {
        memcpy(buffer_.data() + size_, text.empty() ? "" : text.data(), text.size());
        size_ += text.size();
        return *this;
    }

    HeadBuffer buffer_;
    size_t size_ = 0;
};

/// The error of a refusal.
int32_t error_of(int32_t reason)
{
    if (reason == WM_REASON_LIMIT)
        return WM_EFULL;
    return reason == WM_REASON_TIMEOUT ? WM_ETIMEDOUT : WM_EPROTOCOL;
}

/// " (1048576 bytes)" behind a text that ends with the name of a limit: a client does not know the options.
int write_limit(char *out, size_t size, std::string_view text, const Connection &conn)
{
    const EndpointOptions &options = conn.owner->options;
    const struct {
        std::string_view name;
        int64_t value;
        const char *unit;
    } limits[] = {{"max_message", conn.options().max_message, "bytes"},
                  {"max_body", options.max_body, "bytes"},
                  {"max_header_bytes", options.max_header_bytes, "bytes"},
                  {"max_headers", options.max_headers, "lines"},
                  {"max_parts", options.max_parts, "parts"},
                  {"max_part_header_bytes", options.max_part_header_bytes, "bytes"},
                  {"max_upload", options.max_upload, "bytes"}};
    for (const auto &limit : limits)
        if (text.ends_with(limit.name))
            return snprintf(out, size, " (%lld %s)", static_cast<long long>(limit.value), limit.unit);
    return 0;
}

/// An error's text as a body of one line.
class Line {
public:
    Line(std::string_view text, const Connection &conn) : size_(std::min(text.size(), sizeof text_ - kLimitRoom))
    {
        memcpy(text_, text.data(), size_);
        size_ += static_cast<size_t>(write_limit(text_ + size_, kLimitRoom, text, conn));
        text_[size_++] = '\n';
    }
    std::string_view text() const { return {text_, size_}; }

private:
    static constexpr size_t kLimitRoom = 40;

    size_t size_;
    char text_[256];
};

} // namespace

void HttpRequests::note_refused(const HttpRequest &request, int code)
{
    if (request.answered || request.handshake || code == WM_ECLOSED) // a connection that ends needs no answer
        return;
    refused_.id = request.id;
    refused_.code = code;
    snprintf(refused_.text, sizeof refused_.text, "%s", last_error());
}

void HttpRequests::log_refused()
{
    Id parts = unpack_id(std::exchange(refused_.id, 0));
    const HttpRequest *request = find(parts.slot, parts.generation);
    // A host that has kept the request may try again once there is room; what is invalid stays so.
    bool tries_again = request && request->slice_epoch == HttpRequest::kKept && refused_.code != WM_EINVAL;
    if (!request || request->answered || tries_again || !refused_throttle_.due(reactor_.loop.now_ms()))
        return;
    const Endpoint &owner = *request->conn.owner;
    refused_throttle_.log(WM_LOG_WARN, "worker %s (%s): a request is unanswered, because its answer was refused: %s: %s",
                          owner.options.name.c_str(), owner.display.c_str(), wm_error_name(refused_.code), refused_.text);
}

void HttpRequests::answer_late(Connection &conn)
{
    if (late_throttle_.due(reactor_.loop.now_ms()))
        late_throttle_.log(WM_LOG_WARN, "worker %s (%s): a request was not answered within request_timeout_ms, so it gets 503",
                           conn.owner->options.name.c_str(), conn.owner->display.c_str());
    if (answer(*oldest_unanswered(conn), {.status = 503, .fields = kPlain, .body = "not answered in time\n", .exempt = true}) < 0)
        reactor_.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
}

void HttpRequests::refuse(Connection &conn, int status, const char *text, int32_t reason, bool head_only, std::string_view seen)
{
    if (conn.state > ConnState::kOpen)
        return;
    conn.set(kNoInput);
    if (conn.has(kBodyInPieces)) {
        refuse_body(conn, status, text, reason);
        return;
    }
    if (conn.state == ConnState::kHandshake || http_session(conn).count == 0) {
        refuse_now(conn, status, text, reason, head_only, make_refused_entry(conn, seen));
        return;
    }
    AccessEntry::Owned entry = make_refused_entry(conn, seen);
    // Earlier requests are unanswered: queue the refusal as the last answer.
    http::Request nobody = {};
    nobody.minor = 1;
    nobody.head = head_only;
    if (HttpRequest *request = add(conn, nobody)) {
        keep_entry(*request, std::move(entry));
        refuse_behind(conn, status, text, reason);
    }
}

/// Answers the last request, unless the host has, in its turn.
void HttpRequests::refuse_behind(Connection &conn, int status, const char *text, int32_t reason)
{
    uint64_t id = http_session(conn).last->id;
    reactor_.dispatch.error(conn, error_of(reason), text);
    Id parts = unpack_id(id);
    HttpRequest *request = table_.find(parts.slot, parts.generation);
    if (!request || request->answered || conn.state > ConnState::kOpen)
        return;
    conn.phase_deadline = 0; // no longer wait for the late head
    http_session(conn).continue_due = false;
    request->close_after = true;
    RefusalFields fields(conn, status, kPlain);
    Line line(text, conn);
    if (answer(*request, {.status = status, .fields = fields.text(), .body = line.text(), .exempt = true}) < 0)
        reactor_.lifecycle.destroy(conn, WM_REASON_ERROR, ENOMEM);
    reactor_.lifecycle.update_read(conn);
}

void HttpRequests::refuse_now(Connection &conn, int status, const char *text, int32_t reason, bool head_only, AccessEntry::Owned entry)
{
    // Formatted on the stack, so a refusal needs no memory, but for a long list of methods.
    Line line(text, conn);
    RefusalFields fields(conn, status, {});
    FinalAnswer out(date(), status, fields.text(), line.text());
    reactor_.lifecycle.close_with_error(conn, reason, error_of(reason), 0, text);
    std::string_view body = head_only ? std::string_view() : line.text();
    if (out.ok() && reactor_.outbox.write(conn, out.head(), body, 0, true) >= 0 && entry)
        write_entry(conn, *entry, status, body.size());
}

} // namespace wm
