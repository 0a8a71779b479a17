/**
 * @file
 * Which file a descriptor or a path leads to: device and inode, so that two of them can be compared. Any
 * thread.
 */
#ifndef WM_CORE_FILE_IDENTITY_H
#define WM_CORE_FILE_IDENTITY_H

#include <string>
#include <sys/stat.h>

namespace wm {

class FileIdentity {
public:
    /// Of no file: equal to none.
    FileIdentity() = default;
    explicit FileIdentity(const struct stat &status) : known_(true), device_(status.st_dev), inode_(status.st_ino) {}

    // Each is the identity of no file, with errno, if there is none to be seen.
    static FileIdentity of(int fd);
    /// Of a link itself.
    static FileIdentity of(const std::string &path);
    /// Of what a link leads to.
    static FileIdentity of_target(const std::string &path);

    bool known() const { return known_; }
    friend bool operator==(const FileIdentity &one, const FileIdentity &other)
    {
        return one.known_ && other.known_ && one.device_ == other.device_ && one.inode_ == other.inode_;
    }

private:
    bool known_ = false;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

} // namespace wm

#endif
