/**
 * @file
 * Files in directories that other users may change: what this process does there is not led elsewhere by a link of
 * theirs at the file's name, and as root not by one on the way there. Any thread.
 */
#ifndef WM_CORE_FILE_AT_H
#define WM_CORE_FILE_AT_H

#include "core/fd.h"
#include "core/file_identity.h"

#include <string>
#include <sys/stat.h>
#include <sys/types.h>

namespace wm {

/// As open(2), but follows only links of root and of this user: a link of another user is ELOOP. A process that is not root follows any
/// to a directory: it can do nothing there that its user may not, and a release directory is often the link of another user. Not open,
/// with errno.
Fd open_path(const std::string &path, int flags, mode_t mode = 0);

/// As mkdir -p along such links; what is missing above gets mode 0755. False with errno.
bool make_directories(const std::string &path, mode_t mode);

/// A file by its directory, which it holds open, and its name, where no link is followed. Each call that fails leaves errno.
class FileAt {
public:
    /// Not open, with errno, if there is no such directory or open_path() does not reach it.
    explicit FileAt(const std::string &path);
    explicit operator bool() const { return static_cast<bool>(directory_); }

    Fd open(int flags, mode_t mode = 0) const;
    bool status(struct stat &out) const;
    FileIdentity identity() const;
    bool make_directory(mode_t mode) const;
    bool remove() const;
    /// Removes it if it is that file.
    bool remove(const FileIdentity &ours) const;
    /// To a name in the same directory, whose file it replaces.
    bool rename(const std::string &to) const;
    /// Sets its times to now.
    void touch() const;
    int directory() const { return directory_.get(); }
    const std::string &name() const { return name_; }

private:
    Fd directory_;
    std::string name_;
};

} // namespace wm

#endif
