/**
 * @file
 * What a NATS server sends to a client that has not asked for headers (https://docs.nats.io/reference/reference-protocols/nats-protocol):
 * lines, and behind that of MSG a payload. Strict; one connection's state, pure (see step.h).
 */
#ifndef WM_PROTO_NATS_PARSER_H
#define WM_PROTO_NATS_PARSER_H

#include "proto/step.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wm::nats {

enum class Verb : uint8_t { kInfo, kMsg, kPing, kPong, kOk, kErr };

/// Views into the bytes of the step.
struct Message {
    Verb verb = Verb::kOk;
    std::string_view text;    ///< kInfo: its JSON. kErr: what stands between the quotes
    uint64_t sid = 0;         ///< kMsg: of the subscription
    std::string_view payload; ///< kMsg
};

class Parser {
public:
    enum class Error : uint8_t {
        kNone,
        kVerb,        ///< the line begins with nothing that a server says
        kLongLine,    ///< over kMaxLine, or kMaxInfo
        kLineEnd,     ///< LF without CR
        kFields,      ///< MSG without its subject, sid and size, or another line with more than it has
        kLongPayload, ///< announced over max_payload
        kPayloadEnd,  ///< no CR LF behind the payload
    };

    /// The next message of data[0, len). kMessage: `out`, of which payload() is whole in data. max_payload: bytes.
    Step step(const char *data, size_t len, size_t max_payload, Message &out);

    /// Of a kFail.
    Error error() const { return error_; }
    /// In words, behind "the server has sent ".
    static const char *describe(Error error);

    /// For another connection.
    void reset() { *this = Parser(); }

private:
    Step fail(Error error);
    Step line(const char *data, size_t len);
    bool take_line(std::string_view text, size_t max_payload, Message &out);
    bool take_msg(std::string_view fields, size_t max_payload, Message &out);
    Step payload(const char *data, size_t len, Message &out);

    size_t searched_ = 0; ///< bytes from data[0] that hold no LF
    size_t head_ = 0;     ///< bytes of the line of MSG, whose payload is not whole yet; 0: no such line has been read
    size_t payload_ = 0;  ///< bytes
    uint64_t sid_ = 0;
    Error error_ = Error::kNone;
};

} // namespace wm::nats

#endif
