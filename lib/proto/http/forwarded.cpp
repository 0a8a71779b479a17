#include "proto/http/forwarded.h"

#include "proto/ascii.h"
#include "proto/http/fields.h"

namespace wm::http {

namespace {

/// "IP", "IP:PORT", "[IPv6]" or "[IPv6]:PORT"; false: none of these. An obfuscated port ("_x", RFC 7239 §6.3) is not known.
bool parse_node(std::string_view node, IpPort &out)
{
    std::string_view ip = node, port;
    size_t colon = node.rfind(':');
    if (node.starts_with('[')) {
        size_t bracket = node.find(']');
        if (bracket == std::string_view::npos)
            return false;
        ip = node.substr(1, bracket - 1);
        port = node.substr(bracket + 1);
        if (ip.find(':') == std::string_view::npos || (!port.empty() && port[0] != ':'))
            return false;
    } else if (colon != std::string_view::npos && node.find(':') == colon) {
        ip = node.substr(0, colon);
        port = node.substr(colon);
    }
    uint32_t number = 0;
    if (port.size() == 1 || port.size() > 6) // ":" alone
        return false;
    for (char c : port.empty() || port[1] == '_' ? std::string_view() : port.substr(1)) {
        if (!ascii::is(c, ascii::kDigit))
            return false;
        number = number * 10 + static_cast<uint32_t>(c - '0');
    }
    out.port = static_cast<uint16_t>(number);
    return number <= UINT16_MAX && IpAddress::parse(ip, out.ip);
}

/// The walk from the right, made from the left: what each element changes of the outcome for those before it.
class Walk {
public:
    explicit Walk(const TrustedAddresses &trusted) : trusted_(trusted) {}

    void node(std::string_view text, bool https)
    {
        IpPort seen;
        if (!parse_node(text, seen)) {
            found_ = {}; // only its proxy knows its peer
            return;
        }
        bool trusted = trusted_.contains(trusted_.list, seen.ip);
        if (!found_.known || !trusted)
            found_ = {true, https, seen, trusted && found_.malformed};
    }
    void malformed() { found_ = {false, false, {}, true}; }
    Forwarded &found() { return found_; }

private:
    const TrustedAddresses &trusted_;
    Forwarded found_;
};

// ---- X-Forwarded-For

void walk_list(std::string_view list, Walk &walk)
{
    for (std::string_view member; next_member(list, member);)
        if (!member.empty())
            walk.node(member, false);
}

std::string_view last_member(std::string_view list)
{
    size_t comma = list.rfind(',');
    return ascii::trim(comma == std::string_view::npos ? list : list.substr(comma + 1));
}

// ---- Forwarded

/// A token, or a quoted string without its quotes, which it removes from text; false: neither. One with a backslash is no node and no
/// protocol: its value is as it stands.
bool take_value(std::string_view &text, std::string_view &value)
{
    size_t at = 0;
    if (text.starts_with('"')) {
        for (at = 1; at < text.size() && text[at] != '"'; at++)
            at += text[at] == '\\';
        if (at >= text.size())
            return false;
        value = text.substr(1, at - 1);
        text.remove_prefix(at + 1);
        return true;
    }
    while (at < text.size() && ascii::is(text[at], ascii::kToken))
        at++;
    value = text.substr(0, at);
    text.remove_prefix(at);
    return at > 0;
}

void skip_blanks(std::string_view &text)
{
    while (!text.empty() && (text[0] == ' ' || text[0] == '\t'))
        text.remove_prefix(1);
}

/// An element up to its comma, which it removes (RFC 7239 §4). False: it is malformed.
bool take_element(std::string_view &text, Walk &walk)
{
    std::string_view node, proto, name, value;
    bool any = false;
    for (;; text.remove_prefix(1)) {
        skip_blanks(text);
        size_t size = 0;
        while (size < text.size() && ascii::is(text[size], ascii::kToken))
            size++;
        name = text.substr(0, size);
        text.remove_prefix(size);
        if (size > 0) {
            if (!text.starts_with('='))
                return false;
            text.remove_prefix(1);
            if (!take_value(text, value))
                return false;
            std::string_view *slot = ascii::equal_fold(name, "for") ? &node : ascii::equal_fold(name, "proto") ? &proto : nullptr;
            if (slot && slot->data()) // each parameter at most once
                return false;
            if (slot)
                *slot = value;
            any = true;
        }
        skip_blanks(text);
        if (!text.starts_with(';'))
            break;
    }
    if (!text.empty() && text[0] != ',')
        return false;
    if (any)
        walk.node(node, ascii::equal_fold(proto, "https"));
    return true;
}

/// What is malformed, as a quote that a client has left open, may hide where the elements behind it begin: no client is known up to the
/// end of the line.
void walk_forwarded(std::string_view line, Walk &walk)
{
    while (take_element(line, walk)) {
        if (line.empty())
            return;
        line.remove_prefix(1);
    }
    walk.malformed();
}

} // namespace

Forwarded read_forwarded(std::string_view fields, ForwardedBy by, const TrustedAddresses &trusted)
{
    Walk walk(trusted);
    std::string_view name, value, proto;
    for (size_t cursor = 0; field_at(fields, cursor, name, value);) {
        if (by == ForwardedBy::kForwarded) {
            if (ascii::equal_fold(name, "Forwarded"))
                walk_forwarded(value, walk);
        } else if (ascii::equal_fold(name, "X-Forwarded-For")) {
            walk_list(value, walk);
        } else if (ascii::equal_fold(name, "X-Forwarded-Proto")) {
            proto = last_member(value);
        }
    }
    if (by == ForwardedBy::kForwardedFor)
        walk.found().https = ascii::equal_fold(proto, "https");
    return walk.found();
}

} // namespace wm::http
