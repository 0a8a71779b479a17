/**
 * @file
 * The address of a push server's inner port: HOST[:PORT], [IPv6][:PORT], unix:PATH or /PATH. A value; any thread.
 */
#ifndef WM_PUSH_SERVER_ADDRESS_H
#define WM_PUSH_SERVER_ADDRESS_H

#include <string>
#include <string_view>

struct sockaddr_un;

namespace wm {

struct ServerAddress {
    std::string host; ///< without brackets; empty for a unix socket
    std::string port; ///< 1 to 65535, in decimal
    std::string path; ///< of a unix socket; @NAME: an abstract name
    std::string text; ///< as given, with the port, printable: for messages

    bool is_unix() const { return !path.empty(); }
};

/// Parses an address. It may have one of the schemes that wm-serve prints (text://, unix://, text+unix://), or tcp://. On false, `error`
/// has the reason.
bool parse_server_address(std::string_view text, ServerAddress &out, std::string &error);

/// Fills in the socket address of a unix path. Returns its length for connect.
unsigned make_unix_address(const ServerAddress &address, sockaddr_un &out);

} // namespace wm

#endif
