/**
 * @file
 * The output of `connections`: records that the children wrote, to a table or to one JSON document, filtered and sorted. Pure.
 */
#ifndef WM_PROCESS_REPORT_CONNECTION_REPORT_H
#define WM_PROCESS_REPORT_CONNECTION_REPORT_H

#include "process/connection_file.h"

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace wm {

inline constexpr int64_t kAnswerMs = 500; ///< a child that takes longer has not answered

/// What one child has answered.
struct ConnectionAnswer {
    pid_t pid = 0;
    std::string worker;
    bool answered = false;
    int64_t busy_ms = 0; ///< not answered: for how long its callback has been running; 0: unknown
    bool stopped = false;
    std::vector<ConnectionRecord> records;
};

struct ConnectionQuery {
    std::string worker; ///< empty: all. A record has the first 31 bytes of a name, which are what is compared
    std::string sort;   ///< as CommandLine::sort; empty: by process, then in its order
};

/// One line a connection; a child that has not answered is a line that says so. Sorted, the biggest numbers come first and texts from a to
/// z; what is equal stays in its order, and a child that has not answered, which has a pid and a worker only, is last by other columns.
std::string connections_text(const std::vector<ConnectionAnswer> &answers, const ConnectionQuery &query);
std::string connections_json(const std::vector<ConnectionAnswer> &answers, const ConnectionQuery &query);

} // namespace wm

#endif
