// Address::parse takes any text without harm; what it accepts shows as it was given, is accepted again from there, and names the same.
#include "conn/reactor.h"
#include "net/address.h"
#include "session/custom/protocols.h"
#include "session/schemes.h"
#include "wm/error.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/un.h>

namespace {

void check(bool holds, const char *what, const std::string &text)
{
    if (holds)
        return;
    std::fprintf(stderr, "%s: '%s'\n", what, text.c_str());
    std::abort();
}

bool same(const wm::Address &a, const wm::Address &b)
{
    return a.unix_socket == b.unix_socket && a.scheme == b.scheme && a.host == b.host && a.path == b.path;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    std::string text = std::string(reinterpret_cast<const char *>(data), size).c_str(); // up to its first NUL, as the API reads it
    static wm::Reactor reactor(0, 0);
    static const wm::Protocols protocols(reactor);
    (void)wm::find_scheme(text.c_str(), wm::Role::kServer, protocols);
    (void)wm::find_scheme(text.c_str(), wm::Role::kClient, protocols);
    wm::Address address;
    int result = address.parse(text.c_str());
    check(result == 0 || result == WM_EADDRESS, "a result that is not documented", text);
    if (result != 0)
        return 0;
    check(address.display(0) == text, "shown otherwise than given", text);
    wm::SocketAddress resolved;
    if (address.unix_socket) {
        check(address.path.size() < sizeof(sockaddr_un::sun_path), "a path that does not fit", text);
        check(wm::resolve(address, resolved) == 0, "a path without an address", text);
    }
    // With the port that was bound it is the same address, and names that port.
    std::string shown = address.display(4321);
    wm::Address again;
    check(again.parse(shown.c_str()) == 0, "what is shown is refused", shown);
    check(same(address, again), "what is shown names another address", shown);
    check(address.unix_socket || again.port == (address.port != 0 ? address.port : 4321), "what is shown has another port", shown);
    return 0;
}
