#include "proto/websocket/extensions.h"

#include "proto/ascii.h"
#include "proto/http/fields.h"

#include <algorithm>
#include <cstring>

namespace wm::websocket {

namespace {

constexpr std::string_view kField = "Sec-WebSocket-Extensions";
constexpr std::string_view kDeflate = "permessage-deflate";

/// The parameters of one permessage-deflate, of an offer or an answer. Bits: 0: the parameter is not there.
struct DeflateParameters {
    static constexpr uint8_t kNoValue = 1; ///< of bits: the parameter has no value

    bool server_resets = false;
    bool client_resets = false;
    uint8_t server_bits = 0;
    uint8_t client_bits = 0;
};

/// 8 to 15, in decimal without leading zeros (RFC 7692 §7.1.2); else 0.
uint8_t window_bits(const ExtensionParameter &parameter)
{
    const char *octets = parameter.octets;
    if (parameter.value_size == 1 && (octets[0] == '8' || octets[0] == '9'))
        return static_cast<uint8_t>(octets[0] - '0');
    if (parameter.value_size == 2 && octets[0] == '1' && octets[1] >= '0' && octets[1] <= '5')
        return static_cast<uint8_t>(octets[1] - '0' + 10);
    return 0;
}

bool take_flag(const ExtensionParameter &parameter, bool &out)
{
    bool first = !out;
    out = true;
    return first && !parameter.has_value;
}

bool take_bits(const ExtensionParameter &parameter, bool needs_value, uint8_t &out)
{
    if (out != 0 || (needs_value && !parameter.has_value))
        return false;
    out = parameter.has_value ? window_bits(parameter) : DeflateParameters::kNoValue;
    return out != 0;
}

bool take_parameter(const ExtensionParameter &parameter, bool of_answer, DeflateParameters &out)
{
    if (ascii::equal_fold(parameter.name, "server_no_context_takeover"))
        return take_flag(parameter, out.server_resets);
    if (ascii::equal_fold(parameter.name, "client_no_context_takeover"))
        return take_flag(parameter, out.client_resets);
    if (ascii::equal_fold(parameter.name, "server_max_window_bits"))
        return take_bits(parameter, true, out.server_bits);
    if (ascii::equal_fold(parameter.name, "client_max_window_bits"))
        return take_bits(parameter, of_answer, out.client_bits);
    return false;
}

/// Whether all of them are known, there once, and right (RFC 7692 §7.1). Reads to the end of the extension in any case.
bool read_parameters(ExtensionList &list, bool of_answer, DeflateParameters &out)
{
    bool right = true;
    ExtensionParameter parameter;
    while (list.next_parameter(parameter))
        right = take_parameter(parameter, of_answer, out) && right;
    return right;
}

/// What a server makes of an offer.
DeflateTerms accept(const DeflateParameters &offer, const DeflateWish &wish)
{
    DeflateTerms terms;
    terms.server_resets = wish.resets || offer.server_resets;
    terms.client_resets = wish.resets || offer.client_resets;
    terms.server_bits = offer.server_bits != 0 ? std::min(offer.server_bits, wish.window_bits) : wish.window_bits;
    terms.names_server_bits = offer.server_bits != 0 || terms.server_bits < kMostWindowBits;
    terms.client_bits = offer.client_bits > DeflateParameters::kNoValue ? offer.client_bits : uint8_t{kMostWindowBits};
    // A client that has not offered client_max_window_bits may not understand it (RFC 7692 §7.1.2.2). A window that is reset serves
    // all connections in turn: a small one would save nothing.
    if (offer.client_bits != 0 && !wish.resets)
        terms.client_bits = std::min(terms.client_bits, wish.window_bits);
    return terms;
}

char *put(char *out, std::string_view text)
{
    memcpy(out, text.data(), text.size());
    return out + text.size();
}

char *put_bits(char *out, std::string_view name, uint8_t bits)
{
    out = put(out, name);
    if (bits >= 10)
        *out++ = '1';
    *out++ = static_cast<char>('0' + bits % 10);
    return out;
}

} // namespace

// ---- the list

bool ExtensionList::fail()
{
    malformed_ = true;
    rest_ = {};
    return false;
}

void ExtensionList::skip_space()
{
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t'))
        rest_.remove_prefix(1);
}

bool ExtensionList::take_token(std::string_view &out)
{
    skip_space();
    size_t size = 0;
    while (size < rest_.size() && ascii::is(rest_[size], ascii::kToken))
        size++;
    if (size == 0)
        return fail();
    out = rest_.substr(0, size);
    rest_.remove_prefix(size);
    skip_space();
    return true;
}

bool ExtensionList::next(std::string_view &name)
{
    ExtensionParameter skipped;
    while (inside_ && next_parameter(skipped)) {
    }
    skip_space();
    while (!rest_.empty() && rest_.front() == ',') {
        rest_.remove_prefix(1);
        skip_space();
    }
    if (rest_.empty() || malformed_)
        return false;
    inside_ = take_token(name);
    return inside_;
}

bool ExtensionList::next_parameter(ExtensionParameter &out)
{
    if (!inside_ || malformed_)
        return false;
    if (rest_.empty() || rest_.front() == ',') {
        inside_ = false;
        return false;
    }
    if (rest_.front() != ';')
        return fail();
    rest_.remove_prefix(1);
    if (!take_token(out.name))
        return false;
    out.value_size = 0;
    out.has_value = !rest_.empty() && rest_.front() == '=';
    return !out.has_value || take_value(out);
}

bool ExtensionList::take_value(ExtensionParameter &out)
{
    rest_.remove_prefix(1);
    skip_space();
    if (!rest_.empty() && rest_.front() == '"')
        return take_quoted(out);
    std::string_view token;
    if (!take_token(token))
        return false;
    out.value_size = token.size();
    memcpy(out.octets, token.data(), std::min(token.size(), ExtensionParameter::kKept));
    return true;
}

/// Without its quotes and backslashes the value is a token, too (RFC 6455 §9.1).
bool ExtensionList::take_quoted(ExtensionParameter &out)
{
    for (size_t at = 1; at < rest_.size(); at++) {
        if (rest_[at] == '"') {
            rest_.remove_prefix(at + 1);
            skip_space();
            return out.value_size > 0 || fail();
        }
        if (rest_[at] == '\\' && ++at == rest_.size())
            break;
        if (!ascii::is(rest_[at], ascii::kToken))
            break;
        if (out.value_size < ExtensionParameter::kKept)
            out.octets[out.value_size] = rest_[at];
        out.value_size++;
    }
    return fail();
}

// ---- the agreement

bool choose_deflate(std::string_view fields, const DeflateWish &wish, DeflateTerms &out)
{
    size_t cursor = 0, offers = 0;
    std::string_view field, value, name;
    out = {};
    while (http::field_at(fields, cursor, field, value)) {
        if (!ascii::equal_fold(field, kField))
            continue;
        ExtensionList list(value);
        while (list.next(name)) {
            DeflateParameters offer;
            bool right = ascii::equal_fold(name, kDeflate) && ++offers <= kMaxOffers && read_parameters(list, false, offer);
            if (right && !list.malformed() && !out.agreed())
                out = accept(offer, wish);
        }
        if (list.malformed())
            return false;
    }
    return true;
}

size_t write_deflate_answer(char *out, const DeflateTerms &terms)
{
    char *at = put(put(put(out, kField), ": "), kDeflate);
    if (terms.server_resets)
        at = put(at, "; server_no_context_takeover");
    if (terms.client_resets)
        at = put(at, "; client_no_context_takeover");
    if (terms.names_server_bits)
        at = put_bits(at, "; server_max_window_bits=", terms.server_bits);
    if (terms.client_bits < kMostWindowBits)
        at = put_bits(at, "; client_max_window_bits=", terms.client_bits);
    return static_cast<size_t>(put(at, "\r\n") - out);
}

std::string deflate_offer(const DeflateWish &wish)
{
    std::string bits = wish.window_bits < kMostWindowBits ? "=" + std::to_string(wish.window_bits) : "";
    std::string line = std::string(kField) + ": " + std::string(kDeflate);
    if (wish.resets)
        line += "; server_no_context_takeover; client_no_context_takeover";
    else if (!bits.empty())
        line += "; server_max_window_bits" + bits;
    return line + "; client_max_window_bits" + bits + "\r\n";
}

namespace {

/// nullptr, or what the answer to an offer has got wrong.
const char *check_answer(const DeflateParameters &answer, const DeflateWish &wish, DeflateTerms &out)
{
    if (wish.resets && !answer.server_resets)
        return "the server's answer lacks server_no_context_takeover, which was asked for (RFC 7692 §7.1.1.1)";
    if (!wish.resets && wish.window_bits < kMostWindowBits && (answer.server_bits == 0 || answer.server_bits > wish.window_bits))
        return "the server's answer lacks server_max_window_bits, or it is larger than what was asked for (RFC 7692 §7.1.2.1)";
    if (answer.client_bits > wish.window_bits)
        return "the server's client_max_window_bits is larger than what was asked for (RFC 7692 §7.1.2.2)";
    out.server_bits = answer.server_bits != 0 ? answer.server_bits : uint8_t{kMostWindowBits};
    out.client_bits = answer.client_bits != 0 ? answer.client_bits : wish.window_bits;
    out.server_resets = answer.server_resets;
    out.client_resets = answer.client_resets || wish.resets;
    return nullptr;
}

} // namespace

const char *check_deflate_answer(std::string_view fields, const DeflateWish *wish, DeflateTerms &out)
{
    size_t cursor = 0;
    std::string_view field, value, name;
    DeflateParameters answer;
    bool there = false;
    out = {};
    while (http::field_at(fields, cursor, field, value)) {
        if (!ascii::equal_fold(field, kField))
            continue;
        if (!wish)
            return "the server chose an extension, and none was asked for (RFC 6455 §4.1)";
        ExtensionList list(value);
        while (list.next(name)) {
            if (!ascii::equal_fold(name, kDeflate))
                return "the server chose an extension that was not asked for (RFC 6455 §4.1)";
            if (there)
                return "the server chose permessage-deflate twice (RFC 7692 §5)";
            there = true;
            if (!read_parameters(list, true, answer) && !list.malformed())
                return "the server's permessage-deflate has a parameter that is unknown, there twice, or has a bad value (RFC 7692 §7.1)";
        }
        if (list.malformed())
            return "the server's Sec-WebSocket-Extensions is malformed (RFC 6455 §9.1)";
    }
    return there ? check_answer(answer, *wish, out) : nullptr;
}

} // namespace wm::websocket
