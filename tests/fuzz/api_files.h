/**
 * @file
 * The files of random API programs: a directory of the process, for answers and uploads, which its end removes.
 */
#ifndef FUZZ_API_FILES_H
#define FUZZ_API_FILES_H

#include "api_world.h"

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace fuzz {

class Files {
public:
    static const std::string &directory() { return files().path_; }
    /// A descriptor of it, which lives as long as the process.
    static int descriptor() { return files().fd_; }

private:
    Files()
    {
        char path[] = "/tmp/wm-fuzz-XXXXXX";
        check(mkdtemp(path), "no directory for files");
        path_ = path;
        std::filesystem::create_directory(path_ + "/sub");
        std::filesystem::create_symlink("page.html", path_ + "/link");
        std::ofstream(path_ + "/page.html") << std::string(200, 'p');
        std::ofstream(path_ + "/page.html.gz") << std::string(20, 'z');
        std::ofstream(path_ + "/large") << std::string(100000, 'l');
        fd_ = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        check(fd_ >= 0, "no directory for files");
        atexit([] { std::filesystem::remove_all(directory()); });
    }
    static Files &files()
    {
        static Files *files = new Files; // lives as long as the process
        return *files;
    }

    std::string path_;
    int fd_ = -1;
};

} // namespace fuzz

#endif
