/**
 * @file
 * Instances in directories of their own, and their files.
 */
#ifndef UNIT_INSTANCE_RIG_H
#define UNIT_INSTANCE_RIG_H

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "core/error.h"
#include "process/instance.h"

// Last: its macros (fail, ...) are names in the C++ headers.
extern "C" {
#include <cmocka.h>
}

using namespace wm;

struct Folder {
    char path[64] = "/tmp/wm-instance-XXXXXX";
    Folder() { assert_non_null(mkdtemp(path)); }
    ~Folder()
    {
        DIR *directory = opendir(path);
        while (const struct dirent *entry = directory ? readdir(directory) : nullptr)
            unlink((path + std::string("/") + entry->d_name).c_str());
        if (directory)
            closedir(directory);
        rmdir(path);
    }
    std::string operator/(const char *name) const { return path + std::string("/") + name; }
};

/// Works in a directory, as a shell that has no PWD there.
struct Inside {
    int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    explicit Inside(const char *path)
    {
        unsetenv("PWD");
        assert_int_equal(chdir(path), 0);
    }
    Inside(const Inside &) = delete;
    Inside &operator=(const Inside &) = delete;
    ~Inside()
    {
        unsetenv("PWD");
        assert_int_equal(fchdir(before), 0);
        close(before);
    }
};

inline void make_file(const std::string &path, const std::string &content = "")
{
    FILE *file = fopen(path.c_str(), "w");
    assert_non_null(file);
    fputs(content.c_str(), file);
    fclose(file);
}

inline std::string content_of(const std::string &path)
{
    char text[8192];
    FILE *file = fopen(path.c_str(), "r");
    assert_non_null(file);
    std::string out(text, fread(text, 1, sizeof text, file));
    fclose(file);
    return out;
}

inline std::string this_executable()
{
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path);
    assert_true(len > 0);
    return std::string(path, static_cast<size_t>(len));
}

inline Instance of_program(const std::string &program, const std::string &name = "", const std::string &run_dir = "/run")
{
    AppOptions options;
    options.run_dir = run_dir;
    Instance instance;
    assert_int_equal(instance.resolve(options, name, {program, "start", "-d"}), 0);
    return instance;
}

inline Instance in(const Folder &folder, const char *name)
{
    return of_program("x", name, folder.path);
}

/// of_program() with option pid_file.
inline Instance with_pid_file(const std::string &pid_file, const std::string &program, const std::string &name, const std::string &run_dir)
{
    AppOptions options;
    options.run_dir = run_dir;
    options.pid_file = pid_file;
    Instance instance;
    assert_int_equal(instance.resolve(options, name, {program, "start", "-d"}), 0);
    return instance;
}

#endif
