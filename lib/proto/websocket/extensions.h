/**
 * @file
 * The list of a Sec-WebSocket-Extensions field (RFC 6455 §9.1), and the agreement on permessage-deflate (RFC 7692 §7.1), of which a
 * server chooses one offer and a client checks the answer. Pure, any thread.
 */
#ifndef WM_PROTO_WEBSOCKET_EXTENSIONS_H
#define WM_PROTO_WEBSOCKET_EXTENSIONS_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wm::websocket {

inline constexpr int kLeastWindowBits = 8; ///< of a window that a peer may name (RFC 7692 §7.1.2)
inline constexpr int kMostWindowBits = 15;

/// A parameter of an extension. Its name points into the field.
struct ExtensionParameter {
    static constexpr size_t kKept = 4; ///< octets of a value; no value that has a meaning here is as long

    std::string_view name;
    bool has_value;
    char octets[kKept]; ///< the beginning of the value, without quotes and backslashes
    size_t value_size;  ///< of the whole value
};

/// Walks the value of one field. Empty members of the list are skipped (RFC 9110 §5.6.1).
class ExtensionList {
public:
    explicit ExtensionList(std::string_view value) : rest_(value) {}

    /// The name of the next extension, behind all parameters of the last one. False: no more, or malformed().
    bool next(std::string_view &name);
    /// The next parameter of that extension. False: no more of it, or malformed().
    bool next_parameter(ExtensionParameter &out);
    /// Whether the list breaks the grammar. Then the handshake has failed (RFC 6455 §9.1).
    bool malformed() const { return malformed_; }

private:
    bool fail();
    bool take_token(std::string_view &out);
    bool take_value(ExtensionParameter &out);
    bool take_quoted(ExtensionParameter &out);
    void skip_space();

    std::string_view rest_;
    bool inside_ = false; ///< parameters of the extension may follow
    bool malformed_ = false;
};

/// What this end asks for, of the options.
struct DeflateWish {
    bool resets;         ///< each message is compressed by itself, in both directions
    uint8_t window_bits; ///< the most that a window of this end takes, 9 to 15
};

/// What both ends have agreed on. A window has 2 to the power of its bits octets.
struct DeflateTerms {
    uint8_t server_bits = 0; ///< of the window in which the server compresses; 0: there is no permessage-deflate
    uint8_t client_bits = 0;
    bool server_resets = false;     ///< server_no_context_takeover
    bool client_resets = false;     ///< client_no_context_takeover
    bool names_server_bits = false; ///< the answer has server_max_window_bits

    bool agreed() const { return server_bits != 0; }
};

inline constexpr size_t kMaxOffers = 32;           ///< extensions of a request that are looked at
inline constexpr size_t kMaxExtensionAnswer = 192; ///< bytes of write_deflate_answer()

/// Chooses the first offer of a request's header lines that a server can accept; none: out is not agreed(). False: a line breaks the
/// grammar.
bool choose_deflate(std::string_view fields, const DeflateWish &wish, DeflateTerms &out);
/// Writes the header line that accepts the offer, with its CRLF, to kMaxExtensionAnswer bytes; returns its length.
size_t write_deflate_answer(char *out, const DeflateTerms &terms);

/// The header line of a client that asks for it, with its CRLF.
std::string deflate_offer(const DeflateWish &wish);
/// Checks the answer to that line, or to none (nullptr). Returns nullptr, or the rule that it breaks (static text).
const char *check_deflate_answer(std::string_view fields, const DeflateWish *wish, DeflateTerms &out);

} // namespace wm::websocket

#endif
