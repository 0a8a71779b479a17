/**
 * @file
 * A file of a form that is written as it comes, and is gone with its request unless the host has taken it. One thread.
 *
 * It has no name where the file system can do that (O_TMPFILE), else one of this process's making: nothing that a client sends is part
 * of a path.
 */
#ifndef WM_SESSION_HTTP_UPLOAD_FILE_H
#define WM_SESSION_HTTP_UPLOAD_FILE_H

#include "core/fd.h"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace wm {

class UploadFile {
public:
    /// A new file in a directory, for its owner alone. nullptr with errno.
    static std::unique_ptr<UploadFile> make(const std::string &directory);
    /// The same with a name, wm-upload.XXXXXXXXXXXXXXXX.
    static std::unique_ptr<UploadFile> make_named(const std::string &directory);
    /// Takes the descriptor.
    explicit UploadFile(Fd fd) : fd_(std::move(fd)) {}
    UploadFile(const UploadFile &) = delete;
    UploadFile &operator=(const UploadFile &) = delete;
    /// Removes it, if it still has its name.
    ~UploadFile();

    /// Behind what was written before. False with errno: the file is of no use any more.
    bool write(std::string_view data);
    /// All is written: reading the descriptor begins at the first octet. False with errno.
    bool rewind();

    int fd() const { return fd_.get(); }
    const char *path() const { return path_.get(); } ///< nullptr: it has no name
    uint64_t size() const { return size_; }

    std::unique_ptr<UploadFile> next; ///< of the same request

private:
    struct Free {
        void operator()(char *text) const { free(text); }
    };

    Fd fd_;
    std::unique_ptr<char, Free> path_;
    uint64_t size_ = 0;
};

/// Gives an open file one more name. `from` is a name that it has; nullptr: it has none. False with errno.
bool link_file(int fd, const char *from, const char *to);

} // namespace wm

#endif
