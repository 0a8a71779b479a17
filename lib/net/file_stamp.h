/**
 * @file
 * Whether a file has changed since it was read: by its place, size and time. Any thread.
 */
#ifndef WM_NET_FILE_STAMP_H
#define WM_NET_FILE_STAMP_H

#include <cstdint>
#include <sys/stat.h>

namespace wm {

class FileStamp {
public:
    /// Of no file.
    FileStamp() = default;
    /// Of what the path leads to.
    explicit FileStamp(const char *path)
    {
        struct stat status;
        if (stat(path, &status) != 0)
            return;
        known_ = true;
        device_ = status.st_dev;
        inode_ = status.st_ino;
        size_ = status.st_size;
        changed_ns_ = int64_t{status.st_ctim.tv_sec} * 1000000000 + status.st_ctim.tv_nsec;
    }

    bool known() const { return known_; }
    bool operator==(const FileStamp &) const = default;

private:
    bool known_ = false;
    dev_t device_ = 0;
    ino_t inode_ = 0;
    off_t size_ = 0;
    int64_t changed_ns_ = 0;
};

} // namespace wm

#endif
