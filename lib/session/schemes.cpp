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

/// What users expect and there is not yet: reported as such, not as typing errors.
constexpr const char *kUnsupported[] = {"ssl", "udp", "frame", "https", "wss", "tls"};

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
    std::string scheme = scheme_of(address);
    if (scheme.empty()) {
        fail(WM_EADDRESS, "no scheme in '%s': the right form is websocket://127.0.0.1:1234", address);
        return nullptr;
    }
    const char *names[std::size(kSchemes)];
    for (size_t i = 0; i < std::size(kSchemes); i++) {
        names[i] = kSchemes[i].name;
        if (scheme == names[i])
            return &kSchemes[i];
    }
    std::string there_are = "there are " + supported_schemes();
    for (const char *unsupported : kUnsupported)
        if (scheme == unsupported) {
            fail(WM_EADDRESS, "scheme '%s' is not supported yet: %s (%s)", unsupported, address, there_are.c_str());
            return nullptr;
        }
    const char *near = nearest(scheme, names, std::size(names));
    std::string hint = near ? "did you mean " + std::string(near) + "://?" : there_are;
    fail(WM_EADDRESS, "unknown scheme '%s' in %s: %s", scheme.c_str(), address, hint.c_str());
    return nullptr;
}

} // namespace wm
