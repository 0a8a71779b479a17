#include "session/schemes.h"

#include "core/error.h"
#include "core/nearest.h"

#include <iterator>
#include <string>

namespace wm {

namespace {

constexpr Scheme kSchemes[] = {
    {"tcp", CodecRow::kRaw, &kPlainTransport},      {"unix", CodecRow::kRaw, &kPlainTransport},
    {"text", CodecRow::kText, &kPlainTransport},    {"websocket", CodecRow::kHandshake, &kPlainTransport},
    {"ws", CodecRow::kHandshake, &kPlainTransport}, {"http", CodecRow::kHttp, &kPlainTransport},
};

/// Schemes of Workerman that are not supported yet: reported as such, not as typing errors.
constexpr const char *kUnsupported[] = {"ssl", "udp", "frame", "https", "wss"};

/// "tcp, unix, ...".
std::string supported_schemes()
{
    std::string text;
    for (const Scheme &scheme : kSchemes)
        text += std::string(text.empty() ? "" : ", ") + scheme.name;
    return text;
}

} // namespace

const Scheme *find_scheme(const char *address)
{
    std::string name(address);
    name.resize(name.find("://") == std::string::npos ? 0 : name.find("://"));
    name.resize(name.find('+') == std::string::npos ? name.size() : name.find('+'));
    if (name.empty()) {
        fail(WM_EADDRESS, "no scheme in '%s': the right form is websocket://127.0.0.1:1234", address);
        return nullptr;
    }
    const char *names[std::size(kSchemes)];
    for (size_t i = 0; i < std::size(kSchemes); i++) {
        names[i] = kSchemes[i].name;
        if (name == names[i])
            return &kSchemes[i];
    }
    for (const char *unsupported : kUnsupported)
        if (name == unsupported) {
            fail(WM_EADDRESS, "scheme '%s' is not supported yet: %s (there are %s)", unsupported, address, supported_schemes().c_str());
            return nullptr;
        }
    fail(WM_EADDRESS, "unknown scheme '%s' in %s: did you mean %s://?", name.c_str(), address,
         nearest(name.c_str(), names, std::size(names)));
    return nullptr;
}

} // namespace wm
