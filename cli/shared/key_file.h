/**
 * @file
 * Files that hold a secret or a key: small, read whole, and a secret's not open to every user of the machine. Any thread.
 */
#ifndef WM_CLI_KEY_FILE_H
#define WM_CLI_KEY_FILE_H

#include <cstddef>
#include <string>

namespace wm {

inline constexpr size_t kMaxKeyFileBytes = 64 << 10;

struct KeyFile {
    std::string text;
    unsigned mode = 0; ///< permissions, as chmod takes them
};

/// Reads a regular file of 1 to kMaxKeyFileBytes bytes. Returns an error without the path, or nothing.
std::string read_key_file(const std::string &path, KeyFile &out);

/// The error of a file with a secret that users who are neither its owner nor of its group can open, or nothing.
std::string mode_error(const KeyFile &file, const std::string &path);

/// Drops the line end of a text editor: one LF, or CR LF.
void drop_line_end(std::string &text);

} // namespace wm

#endif
