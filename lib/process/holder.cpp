#include "process/holder.h"

#include "core/error.h"
#include "core/fd.h"
#include "process/report/text_table.h"
#include "proto/utf8.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace wm {

namespace {

constexpr size_t kMaxArguments = 1024;
constexpr int kWriteMs = 1000; // between the lock and the pid

/// Takes the line in front off; a line without an end is none. The file may be another user's: it is shown as
/// any text of a peer.
std::string take_line(std::string_view &text)
{
    size_t end = text.find('\n');
    if (end == std::string_view::npos)
        return "";
    std::string line = printable(text.substr(0, end));
    text.remove_prefix(end + 1);
    return line;
}

} // namespace

std::string escaped(std::string_view text)
{
    std::string out;
    for (size_t at = 0; at < text.size();) {
        char32_t code = 0;
        size_t len = code_point_at(text, at, code);
        std::string_view character = text.substr(at, len);
        at += len;
        if (character != "\\" && printable(character) == character) {
            out += character;
            continue;
        }
        for (char c : character) {
            char hex[8];
            snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
            out += hex;
        }
    }
    return out;
}

std::string holder_text(pid_t pid, const std::string &program, const std::vector<std::string> &words)
{
    std::string line;
    for (const std::string &word : words) {
        line += (line.empty() ? "" : " ") + escaped(std::string_view(word).substr(0, kMaxArguments));
        if (line.size() > kMaxArguments) {
            line = printable(line.substr(0, kMaxArguments)) + "...";
            break;
        }
    }
    return std::to_string(pid) + "\n" + program + "\n" + line + "\n";
}

Holder read_holder(const std::string &pid_path, bool waits)
{
    Holder holder;
    Fd fd(open(pid_path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd) {
        if (errno != ENOENT && errno != ENOTDIR)
            holder.pid = (fail(WM_EACCES, "cannot read the pid file %s: %s", pid_path.c_str(), strerror(errno)), -1);
        return holder;
    }
    struct flock lock = whole_file(F_RDLCK);
    if (fcntl(fd.get(), F_OFD_GETLK, &lock) != 0) {
        holder.pid = (fail(WM_ESYS, "cannot ask for the lock of %s: %s", pid_path.c_str(), strerror(errno)), -1);
        return holder;
    }
    if (lock.l_type == F_UNLCK)
        return holder;
    std::array<char, kMaxProgram + 2 * kMaxArguments> content;
    std::string_view text;
    for (int i = 0; i < (waits ? kWriteMs : 1); i++) {
        ssize_t got = pread(fd.get(), content.data(), content.size(), 0);
        text = {content.data(), got > 0 ? static_cast<size_t>(got) : 0};
        if (text.find('\n') != std::string_view::npos)
            break;
        usleep(1000);
    }
    holder.pid = atoi(take_line(text).c_str());
    if (holder.pid <= 0)
        holder.pid = (fail(WM_ESYS, "the pid file %s is locked, but holds no number", pid_path.c_str()), -1);
    holder.program = take_line(text);
    holder.arguments = take_line(text);
    return holder;
}

struct flock whole_file(short type)
{
    struct flock lock = {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

} // namespace wm
