/**
 * @file
 * The program file of a master, for commands that must not reach another program, and for operators: the path of
 * the program on the first line, the words of its command line on the second. It belongs to a pid file and means
 * nothing unless that one is locked.
 */
#ifndef WM_PROCESS_PROGRAM_FILE_H
#define WM_PROCESS_PROGRAM_FILE_H

#include "core/file_identity.h"

#include <climits>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wm {

inline constexpr size_t kMaxProgram = size_t{4} * PATH_MAX; ///< each byte as \xHH

/// Printable, on one line, and different for different texts: all else, and the backslash, is \xHH.
std::string escaped(std::string_view text);

/// The content of a program file; `program` is escaped, of kMaxProgram bytes at most. Long command lines are cut.
std::string program_text(const std::string &program, const std::vector<std::string> &words);

/// The program, as escaped() shows it; empty if the file is missing or cannot be read.
std::string read_program(const std::string &path);

class ProgramFile {
public:
    ProgramFile() = default;
    explicit ProgramFile(const std::string &path) : path_(path) {}

    const std::string &path() const { return path_; }
    /// Replaces the file as a whole. 0, or a WM_E... code with its detail.
    int write(const std::string &text);
    /// Whether what is there now was written by write().
    bool is_ours() const;
    /// Removes it, unless another master has replaced it.
    void remove() const;

private:
    std::string path_;
    FileIdentity written_;
};

} // namespace wm

#endif
