/**
 * @file
 * The process that holds a pid file. The file has its id in decimal and a newline, for kill(1) and programs; what
 * it runs is in its program file.
 */
#ifndef WM_PROCESS_HOLDER_H
#define WM_PROCESS_HOLDER_H

#include <fcntl.h>
#include <string>
#include <sys/types.h>

namespace wm {

struct Holder {
    pid_t pid = 0;       ///< 0: nothing holds the file; -1: unknown, with the detail in last_error()
    std::string program; ///< as escaped() shows it; empty: unknown
};

/// Asks for the lock of a pid file, and reads both files if it is locked. `waits`: for a master that has just
/// locked it and has not written it yet.
Holder read_holder(const std::string &pid_path, const std::string &program_path, bool waits);

/// A lock on the whole file; it belongs to the open file description (fcntl(2)), so a child that inherits the
/// descriptor shares it.
struct flock whole_file(short type);

} // namespace wm

#endif
