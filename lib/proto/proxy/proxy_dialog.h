/**
 * @file
 * Reads what a proxy answers, and says what comes next, until the tunnel stands. Strict; one connection's state, pure
 * (see step.h).
 */
#ifndef WM_PROTO_PROXY_PROXY_DIALOG_H
#define WM_PROTO_PROXY_PROXY_DIALOG_H

#include "proto/http/response_parser.h"
#include "proto/proxy/proxy_request.h"
#include "proto/step.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wm::proxy {

class Dialog {
public:
    /// The request has to live as long.
    explicit Dialog(const Request &request) : request_(request) {}

    /// Continues in data[0, len). kContinue: size bytes are consumed, and next() is to be sent. kMessage: the tunnel
    /// stands, size bytes are consumed, and what follows is the target's. kFail: text() and error() say why.
    Step step(const char *data, size_t len, size_t max_header_bytes, size_t max_headers);

    /// Empty: nothing is to be sent.
    std::string_view next() const { return next_; }
    const std::string &text() const { return text_; }
    /// A WM_E... code.
    int error() const { return error_; }

private:
    enum class Stage : uint8_t { kMethod, kLogin, kReply };

    Step fail(int error, std::string text);
    Step http(const char *data, size_t len, size_t max_header_bytes, size_t max_headers);
    Step method(const char *data, size_t len);
    Step login(const char *data, size_t len);
    Step reply(const char *data, size_t len);

    const Request &request_;
    http::ResponseParser head_;
    Stage stage_ = Stage::kMethod;
    int error_ = 0;
    std::string_view next_;
    std::string text_;
};

} // namespace wm::proxy

#endif
