#include "session/schemes.h"

#include "core/error.h"
#include "core/nearest.h"
#include "net/address.h"
#include "session/custom/protocols.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>
#include <vector>

namespace wm {

namespace {

constexpr Scheme kSchemes[] = {
    {"tcp", CodecRow::kRaw, CodecRow::kRaw},
    {"ssl", CodecRow::kRaw, CodecRow::kRaw, true},
    {"unix", CodecRow::kRaw, CodecRow::kRaw},
    {"udp", CodecRow::kDatagram, CodecRow::kDatagram, false, true},
    {"text", CodecRow::kText, CodecRow::kText},
    {"frame", CodecRow::kFrame, CodecRow::kFrame},
    {"websocket", CodecRow::kHandshake, Scheme::kNone},
    {"ws", CodecRow::kHandshake, CodecRow::kWebsocketRequest},
    {"wss", CodecRow::kHandshake, CodecRow::kWebsocketRequest, true},
    {"http", CodecRow::kHttp, Scheme::kNone},
    {"https", CodecRow::kHttp, Scheme::kNone, true},
};

/// Names that other programs have for a scheme of ours.
constexpr struct {
    const char *other;
    const char *ours;
} kOthers[] = {{"tls", "ssl"}};

constexpr const char *kOwnFirst = "; a protocol of the program's own needs wm_protocol_new first";

std::vector<const char *> names_of(Role role, const Protocols &protocols)
{
    std::vector<const char *> names;
    for (const Scheme &scheme : kSchemes)
        if (scheme.row(role) != Scheme::kNone)
            names.push_back(scheme.name);
    for (const auto &protocol : protocols.all())
        names.push_back(protocol->scheme().name);
    return names;
}

/// "there are tcp, unix, ...".
std::string listed(const std::vector<const char *> &names)
{
    std::string text = "there are ";
    for (const char *name : names)
        text += std::string(name == names.front() ? "" : ", ") + name;
    return text;
}

void refuse_for_client(const Scheme &scheme, const char *address, const std::string &there_are)
{
    std::string name = scheme.name, rest = strstr(address, "://");
    if (name == "websocket")
        fail(WM_EADDRESS, "the scheme of a websocket client is ws: ws%s", rest.c_str());
    else if (name == "http" || name == "https")
        fail(WM_EADDRESS, "there is no HTTP client yet: %s (%s)", address, there_are.c_str());
    else
        fail(WM_EADDRESS, "scheme '%s' is for servers only: %s (%s)", scheme.name, address, there_are.c_str());
}

} // namespace

bool is_own_scheme(std::string_view name)
{
    auto has_name = [name](const Scheme &scheme) { return name == scheme.name; };
    return name == kNoScheme.name || std::any_of(std::begin(kSchemes), std::end(kSchemes), has_name) ||
           std::any_of(std::begin(kOthers), std::end(kOthers), [name](const auto &row) { return name == row.other; });
}

const Scheme *find_scheme(const char *address, Role role, const Protocols &protocols)
{
    std::string scheme = scheme_of(address);
    if (scheme.empty()) {
        fail_without_scheme(address, role == Role::kServer ? "websocket" : "ws");
        return nullptr;
    }
    if (Protocol *protocol = protocols.find(scheme))
        return protocol->use() == 0 ? &protocol->scheme() : nullptr;
    std::vector<const char *> names = names_of(role, protocols);
    for (const Scheme &row : kSchemes) {
        if (scheme != row.name)
            continue;
        if (row.row(role) != Scheme::kNone)
            return &row;
        refuse_for_client(row, address, listed(names));
        return nullptr;
    }
    for (const auto &name : kOthers)
        if (scheme == name.other) {
            fail(WM_EADDRESS, "unknown scheme '%s' in %s: here it is %s://", name.other, address, name.ours);
            return nullptr;
        }
    const char *near = nearest(scheme, names.data(), names.size());
    std::string hint = near ? "did you mean " + std::string(near) + "://?" : listed(names) + kOwnFirst;
    fail(WM_EADDRESS, "unknown scheme '%s' in %s: %s", scheme.c_str(), address, hint.c_str());
    return nullptr;
}

} // namespace wm
