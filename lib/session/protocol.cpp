#include "session/protocol.h"

#include "core/error.h"
#include "core/nearest.h"

#include <iterator>
#include <string>

namespace wm {

namespace {

struct Scheme {
    const char *name;
    Protocol protocol;
};

constexpr Scheme kSchemes[] = {
    {"tcp", Protocol::kRaw},      {"unix", Protocol::kRaw},  {"text", Protocol::kText}, {"websocket", Protocol::kWebsocket},
    {"ws", Protocol::kWebsocket}, {"http", Protocol::kHttp},
};

/// Schemes of Workerman that are not served yet: said as such, not as a spelling mistake.
constexpr const char *kLater[] = {"ssl", "udp", "frame", "https", "wss"};

} // namespace

int find_protocol(const char *address, Protocol &out)
{
    std::string scheme(address);
    scheme.resize(scheme.find("://") == std::string::npos ? 0 : scheme.find("://"));
    scheme.resize(scheme.find('+') == std::string::npos ? scheme.size() : scheme.find('+'));
    if (scheme.empty())
        return fail(WM_EADDRESS, "no scheme in '%s': the right form is websocket://127.0.0.1:1234", address);
    const char *names[std::size(kSchemes)];
    for (size_t i = 0; i < std::size(kSchemes); i++) {
        names[i] = kSchemes[i].name;
        if (scheme == kSchemes[i].name) {
            out = kSchemes[i].protocol;
            return 0;
        }
    }
    for (const char *later : kLater)
        if (scheme == later)
            return fail(WM_EADDRESS, "scheme '%s' is not there yet: %s (there are tcp, text, websocket, http and unix)", later, address);
    const char *near = nearest(scheme.c_str(), names, std::size(names));
    return fail(WM_EADDRESS, "unknown scheme '%s' in %s: did you mean %s://?", scheme.c_str(), address, near);
}

} // namespace wm
