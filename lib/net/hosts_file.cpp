#include "net/hosts_file.h"

#include "core/fd.h"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>

namespace wm {

namespace {

std::string lowered(std::string_view text)
{
    std::string out(text);
    for (char &c : out)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    return out;
}

/// Takes the next word off the line; empty: there is none.
std::string_view next_word(std::string_view &line)
{
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
    std::string_view word = line.substr(0, line.find_first_of(" \t\r"));
    line.remove_prefix(word.size());
    return word;
}

} // namespace

std::vector<SocketAddress> HostsFile::find(std::string_view name)
{
    FileStamp now(path_.c_str());
    if (now != stamp_) {
        stamp_ = now;
        names_.clear();
        read();
    }
    auto found = names_.find(lowered(name));
    return found == names_.end() ? std::vector<SocketAddress>() : found->second;
}

void HostsFile::read()
{
    Fd file(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    char part[16 * 1024];
    ssize_t got;
    while (file && text.size() < kMaxSize && (got = ::read(file.get(), part, sizeof part)) > 0)
        text.append(part, static_cast<size_t>(got));
    std::string_view rest = text;
    while (!rest.empty()) {
        std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        read_line(line.substr(0, line.find('#')));
    }
}

void HostsFile::read_line(std::string_view line)
{
    SocketAddress address;
    if (!parse_ip(std::string(next_word(line)).c_str(), 0, address))
        return;
    for (std::string_view name = next_word(line); !name.empty(); name = next_word(line))
        names_[lowered(name)].push_back(address);
}

} // namespace wm
