/**
 * @file
 * A file of host names, as hosts(5) describes it, read again when it has changed. The thread of its owner.
 */
#ifndef WM_NET_HOSTS_FILE_H
#define WM_NET_HOSTS_FILE_H

#include "net/address.h"
#include "net/file_stamp.h"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace wm {

class HostsFile {
public:
    explicit HostsFile(std::string path) : path_(std::move(path)) {}

    /// The addresses of a name, of which case is ignored, in the order of the file and with port 0; empty: it is not there.
    std::vector<SocketAddress> find(std::string_view name);

private:
    static constexpr size_t kMaxSize = 16 << 20; ///< bytes: what is behind them is not read

    void read();
    void read_line(std::string_view line);

    std::string path_;
    FileStamp stamp_;
    std::unordered_map<std::string, std::vector<SocketAddress>> names_;
};

} // namespace wm

#endif
