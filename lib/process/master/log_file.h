/**
 * @file
 * A file for output: the log, renamed at log_max_size, or the standard output of the children. The master
 * opens it, with its rights, and hands the descriptor to its children.
 */
#ifndef WM_PROCESS_MASTER_LOG_FILE_H
#define WM_PROCESS_MASTER_LOG_FILE_H

#include "core/fd.h"

#include <cstdint>
#include <string>

namespace wm {

class LogFile {
public:
    /// Opens it for appending, and makes its directory. Like the others: 0, or a WM_E... code with its
    /// detail.
    int open(const std::string &path);
    /// Opens the path anew, as after a rotation by others; the old file stays when that fails.
    int reopen();
    /// When it is over that size, renames it to PATH.1, which replaces an older one, and opens it anew. Each
    /// process that writes to it reports once that it is full, some of them late: a new file stays. Not for a
    /// link: its target, such as that of /dev/stderr, belongs to its creator.
    int rotate(int64_t max_size);
    /// In a child, to which the descriptor has been given.
    void forget() { fd_.release(); }

    int fd() const { return fd_.get(); }
    bool is_open() const { return static_cast<bool>(fd_); }
    /// Its path is a link.
    bool is_link() const;
    const std::string &path() const { return path_; }
    /// Whether it can be written to now.
    int probe() const;

private:
    std::string path_;
    Fd fd_;
};

} // namespace wm

#endif
