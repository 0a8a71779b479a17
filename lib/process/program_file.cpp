#include "process/program_file.h"

#include "core/error.h"
#include "core/file_at.h"
#include "process/file_place.h"
#include "process/report/text_table.h"
#include "proto/utf8.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace wm {

namespace {

constexpr size_t kMaxArguments = 1024;

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

std::string program_text(const std::string &program, const std::vector<std::string> &words)
{
    std::string line;
    for (const std::string &word : words) {
        line += (line.empty() ? "" : " ") + escaped(std::string_view(word).substr(0, kMaxArguments));
        if (line.size() > kMaxArguments) {
            line = printable(line.substr(0, kMaxArguments)) + "...";
            break;
        }
    }
    return program + "\n" + line + "\n";
}

std::string read_program(const std::string &path)
{
    Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)); // a fifo would block
    std::array<char, kMaxProgram + 1> content;
    ssize_t got = fd ? read(fd.get(), content.data(), content.size()) : -1;
    std::string_view text(content.data(), got > 0 ? static_cast<size_t>(got) : 0);
    size_t end = text.find('\n');
    return end == std::string_view::npos ? "" : printable(text.substr(0, end)); // the file may be another user's
}

/// By another name and rename(2): a reader finds all of it or nothing, and a link at the path is replaced.
int ProgramFile::write(const std::string &text)
{
    FileAt made(path_ + ".new");
    if (made)
        made.remove(); // of a master that was killed
    Fd fd = made ? made.open(O_WRONLY | O_CREAT | O_EXCL, 0644) : Fd();
    if (!fd || fchmod(fd.get(), 0644) != 0 || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        !made.rename(FileAt(path_).name())) {
        int code = fail(code_of_errno(errno), "cannot write the program file %s: %s", path_.c_str(), strerror(errno));
        if (fd)
            made.remove(FileIdentity::of(fd.get()));
        return code;
    }
    written_ = FileIdentity::of(fd.get());
    return 0;
}

bool ProgramFile::is_ours() const
{
    return place_of(path_, written_) == Place::kOurs;
}

void ProgramFile::remove() const
{
    if (FileAt file(path_); file)
        file.remove(written_);
}

} // namespace wm
