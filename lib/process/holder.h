/**
 * @file
 * The process that holds a pid file, and what the file says of it: its id on the first line, which is all that
 * others need, the path of its program on the second, the words of its command line on the third.
 */
#ifndef WM_PROCESS_HOLDER_H
#define WM_PROCESS_HOLDER_H

#include <climits>
#include <cstddef>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace wm {

inline constexpr size_t kMaxProgram = size_t{4} * PATH_MAX; ///< each byte as \xHH

struct Holder {
    pid_t pid = 0;         ///< 0: nothing holds the file; -1: unknown, with the detail in last_error()
    std::string program;   ///< as escaped() shows it; empty: the file does not say
    std::string arguments; ///< of its command line, with spaces between the words
};

/// Printable, on one line, and different for different texts: all else, and the backslash, is \xHH.
std::string escaped(std::string_view text);

/// The content of a pid file; `program` is escaped, of kMaxProgram bytes at most. Long command lines are cut.
std::string holder_text(pid_t pid, const std::string &program, const std::vector<std::string> &words);

/// Asks for the lock of a pid file, and reads the file if it is locked. `waits`: for a master that has just
/// locked it and has not written it yet.
Holder read_holder(const std::string &pid_path, bool waits);

/// A lock on the whole file; it belongs to the open file description (fcntl(2)), so a child that inherits the
/// descriptor shares it.
struct flock whole_file(short type);

} // namespace wm

#endif
